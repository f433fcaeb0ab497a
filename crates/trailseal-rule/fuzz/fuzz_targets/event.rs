//! Any bytes are an event or an error of one line; nothing else may happen.
#![no_main]

#[path = "../checks/event.rs"]
mod event;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| event::check(bytes));
