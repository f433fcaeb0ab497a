//! Judgements: the evidence that they need, their findings and their annotations.

#![cfg(test)]
#![expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]

mod annotations;
mod exemption_tags;
mod findings;
mod fixtures;
mod log_file_laws;
mod log_files;
mod needs;
mod policy_fixes;
mod verdicts;
