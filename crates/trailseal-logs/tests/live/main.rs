//! The live source against a bucket on loopback.

mod bucket;
mod faults;
mod folders;
mod samples;
mod support;
