//! Any bytes give an event or a one-line error.
#![no_main]

#[path = "../checks/event.rs"]
mod event;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| event::check(bytes));
