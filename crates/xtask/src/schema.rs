//! `cargo xtask schema`: the JSON Schema of the rule's parameters, from the code.

use anyhow::Result;

use crate::project::{Project, print};

const SCHEMA: &str = "cdk/schema/rule-parameters.schema.json";

/// Writes the schema with which the deployment validates parameters.
pub(crate) fn run(project: &Project) -> Result<()> {
    project.cargo("build --release --workspace --example parameters_schema").run()?;
    let example = project.release("examples/parameters_schema");
    let schema = project.program(example, "").output()?.stdout;
    let is_current = project.shell().read_binary_file(SCHEMA).is_ok_and(|old| old == schema);
    project.shell().write_file(SCHEMA, schema)?;
    print(&format!("{}: {SCHEMA}", if is_current { "unchanged" } else { "written" }))
}
