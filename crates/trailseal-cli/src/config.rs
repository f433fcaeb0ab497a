//! The file of `--config`: parameters, outputs and exemptions for `check` and `audit`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use toml::{Table, Value as Toml};
use trailseal_rule::{
    ENTRY_MEMBERS, Exemption, Parameters, entry_schema, parameters_schema, read_entry,
};

use crate::output::{Output, clean};
use crate::parameters::nearest;
use crate::report::FileDigest;

/// The size of the largest file that is read, in bytes.
const BYTES_MAX: u64 = 1 << 20;

const SECTIONS: [&str; 3] = ["parameters", "output", "exemptions"];

/// The content of the file; empty without one.
#[derive(Debug, Default)]
pub(crate) struct Config {
    file: Option<FileDigest>,
    parameters: Map<String, Value>,
    outputs: Vec<Output>,
    exemptions: Vec<Exemption>,
}

impl Config {
    /// Reads the file; with it, all its faults, each with the file and the place in it. The values of
    /// its parameters are not validated.
    pub(crate) fn read(path: &Path) -> (Self, Vec<String>) {
        let file = path.display().to_string();
        let (config, faults) = match bytes(path) {
            Ok(bytes) => {
                let (mut config, faults) = Self::parse(&bytes, &file);
                let digest = Sha256::digest(&bytes);
                let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                config.file = Some(FileDigest { file: file.clone(), sha256: Some(sha256) });
                (config, faults)
            }
            Err(error) => (Self::default(), vec![error.to_string()]),
        };
        let in_file = |fault: String| format!("--config `{}`: {fault}", clean(&file));
        (config, faults.into_iter().map(in_file).collect())
    }

    fn parse(bytes: &[u8], file: &str) -> (Self, Vec<String>) {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return (Self::default(), vec!["is not UTF-8; expected TOML".to_owned()]);
        };
        let table: Table = match text.parse() {
            Ok(table) => table,
            Err(error) => return (Self::default(), vec![not_toml(text, &error)]),
        };
        let (mut config, mut faults) = (Self::default(), Vec::new());
        for (section, value) in table {
            match (section.as_str(), value) {
                ("parameters", Toml::Table(parameters)) => {
                    let values = parameters.into_iter().map(|(name, value)| (name, json!(value)));
                    config.parameters = values.collect();
                }
                ("output", Toml::Array(outputs)) => {
                    for (index, output) in outputs.iter().enumerate() {
                        match Output::parse(output.as_str().unwrap_or_default()) {
                            Ok(output) => config.outputs.push(output),
                            Err(fault) => faults.push(format!("output[{index}] {fault}")),
                        }
                    }
                }
                ("exemptions", Toml::Array(exemptions)) => {
                    for (index, exemption) in exemptions.iter().enumerate() {
                        let place = format!("exemptions[{index}]");
                        match exemption_of(&place, exemption, file) {
                            Ok(exemption) => config.exemptions.push(exemption),
                            Err(more) => faults.extend(more),
                        }
                    }
                }
                ("parameters", _) => faults.push("parameters: expected a table".to_owned()),
                ("output" | "exemptions", _) => faults.push(format!("{section}: expected a list")),
                (unknown, _) => faults.push(unknown_name("", unknown, &SECTIONS)),
            }
        }
        (config, faults)
    }

    pub(crate) fn file(&self) -> Option<FileDigest> {
        self.file.clone()
    }

    pub(crate) fn parameters(&self) -> &Map<String, Value> {
        &self.parameters
    }

    pub(crate) fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    pub(crate) fn has_exemptions(&self) -> bool {
        !self.exemptions.is_empty()
    }

    /// Adds the exemptions after those of `exemptTrails`.
    pub(crate) fn add_exemptions(&self, parameters: &mut Parameters) {
        parameters.exempt_trails.extend(self.exemptions.iter().cloned());
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        let words = format!("is larger than {} MiB", BYTES_MAX >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    Ok(bytes)
}

/// The place and the reason of a fault in TOML.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, clean(error.message()))
}

fn unknown_name(place: &str, name: &str, known: &[&'static str]) -> String {
    let meant = nearest(name, known.iter().copied());
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    format!("{place}`{}` is unknown; expected one of {}{meant}", clean(name), known.join(", "))
}

/// The exemption of an entry.
fn exemption_of(place: &str, entry: &Toml, file: &str) -> Result<Exemption, Vec<String>> {
    let Toml::Table(members) = entry else {
        return Err(vec![format!("{place}: expected a table")]);
    };
    let unknown = members.keys().filter(|name| !ENTRY_MEMBERS.contains(&name.as_str()));
    let faults: Vec<String> =
        unknown.map(|name| unknown_name(&format!("{place}: "), name, &ENTRY_MEMBERS)).collect();
    // TOML has dates of its own.
    let json = |value: &Toml| {
        value.as_datetime().map_or_else(|| json!(value), |date| json!(date.to_string()))
    };
    let members = members.iter().map(|(name, value)| (name.clone(), json(value))).collect();
    match read_entry(place, &members, file) {
        Ok(exemption) if faults.is_empty() => Ok(exemption),
        Ok(_) => Err(faults),
        Err(more) => Err(faults.into_iter().chain(more).collect()),
    }
}

/// The JSON Schema of the file, for editors.
pub(crate) fn config_schema() -> Value {
    let mut parameters = parameters_schema();
    if let Some(parameters) = parameters.as_object_mut() {
        parameters.remove("$schema");
        parameters.remove("$id");
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://trailseal.dev/schema/config-1.schema.json",
        "title": "Configuration file of Trailseal",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "parameters": parameters,
            "output": {
                "type": "array",
                "items": { "type": "string" },
                "description": "FORMAT or FORMAT=FILE, as in --output; a path is relative to the \
                                current folder."
            },
            "exemptions": {
                "type": "array",
                "description": "Trails that are exempt, in addition to those of exemptTrails.",
                "items": entry_schema(),
            }
        }
    })
}

#[cfg(test)]
mod tests;
