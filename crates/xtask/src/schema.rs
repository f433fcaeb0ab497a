//! `cargo xtask schema`: the JSON Schema of the rule's parameters, from the code.

use std::fs;
use std::io::Write;

use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;

/// Writes the schema that the deployment validates parameters with.
pub(crate) fn run(
    project: &Project,
    arguments: &[String],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if let Some(argument) = arguments.first() {
        return Err(Failure::argument("schema", argument));
    }
    let build = "build --release --workspace --example parameters_schema";
    Step::cargo(project, build, "see the errors above").run()?;
    let example = project.release("examples").join("parameters_schema");
    let schema = Step::new(project, example, "see what it said above").output()?;
    let path = project.cdk().join("schema/rule-parameters.schema.json");
    let former = fs::read_to_string(&path).ok();
    let word = if former.as_deref() == Some(schema.as_str()) { "current" } else { "written" };
    fs::write(&path, schema).map_err(|error| Failure::file("write", &path, &error))?;
    writeln!(out, "{word}: cdk/schema/rule-parameters.schema.json").map_err(Failure::output)
}
