//! Any text is a key policy or gives a one-line error.
#![no_main]

#[path = "../checks/key_policy.rs"]
mod key_policy;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| key_policy::check(text));
