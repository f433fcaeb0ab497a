//! Any bytes are a data file of an inventory report that is read whole, or not at all.
#![no_main]

#[path = "../checks/parquet.rs"]
mod parquet;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    parquet::check(data);
});
