//! Plans of Terraform.

#[cfg(test)]
#[path = "plan/cases.rs"]
mod cases;
#[cfg(test)]
#[path = "plan/document.rs"]
mod document;
#[cfg(test)]
#[path = "plan/expressions.rs"]
mod expressions;
#[cfg(test)]
#[path = "plan/false_keys.rs"]
mod false_keys;
#[cfg(test)]
#[path = "plan/gaps.rs"]
mod gaps;
#[cfg(test)]
#[path = "plan/lists.rs"]
mod lists;
#[cfg(test)]
#[path = "plan/open_parts.rs"]
mod open_parts;
#[cfg(test)]
#[path = "plan/other_source.rs"]
mod other_source;
#[cfg(test)]
#[path = "plan/support.rs"]
mod support;
#[cfg(test)]
#[path = "plan/unknown.rs"]
mod unknown;
