//! Plans against a small AWS in memory: every combination of the finite states, what people read,
//! and what a merged policy must be.

#![cfg(test)]

mod aws;
mod cases;

mod journal;
mod laws;
mod merging;
mod refusals;
mod way_back;
mod words;
