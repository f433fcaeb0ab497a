//! Any text is a key policy that has answers, or is unreadable with a message of one line.
#![no_main]

#[path = "../checks/key_policy.rs"]
mod key_policy;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| key_policy::check(text));
