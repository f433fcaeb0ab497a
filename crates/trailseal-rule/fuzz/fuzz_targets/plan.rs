//! Any text is a plan whose trails can be judged, or gives a one-line error.
#![no_main]

#[path = "../checks/plan.rs"]
mod plan;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| plan::check(text));
