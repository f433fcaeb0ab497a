//! Plans of Terraform.

mod alike;
mod cases;
mod conditions;
mod document;
mod expressions;
mod false_keys;
mod gaps;
mod key_policies;
mod key_types;
mod limits;
mod lists;
mod modules;
mod names;
mod open_parts;
mod other_source;
mod places;
mod reasons;
mod references;
mod support;
mod unknown;
mod whole;
