//! Templates and plans, and the trails and facts that are read from them.

#![cfg(test)]

mod assembly;
mod assembly_files;
mod assembly_limits;
mod cases;
mod evidence;
mod forged;
mod functions;
mod fuzz_corpus;
mod hostile;
mod language_extensions;
mod limits;
mod locations;
mod open_parts;
mod outcomes;
mod plan;
mod public_templates;
mod resolved;
mod supplied;
mod transforms;
mod unknown_properties;
mod verdicts;
mod yaml;
