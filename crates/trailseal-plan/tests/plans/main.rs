//! Plans against a small AWS in memory: every combination of the finite states, texts, and merged
//! policies.

#![cfg(test)]

mod aws;
mod cases;

mod back_outs;
mod journal;
mod laws;
mod merging;
mod refusals;
mod texts;
