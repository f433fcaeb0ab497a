//! Plans of Terraform.

mod cases;
mod document;
mod expressions;
mod false_keys;
mod gaps;
mod limits;
mod lists;
mod open_parts;
mod other_source;
mod support;
mod unknown;
