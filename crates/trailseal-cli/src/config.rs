//! The file of `--config`: parameters, outputs and exemptions for `check` and `audit`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use toml::{Table, Value as Toml};
use trailseal_rule::{Exemption, Parameters, parameters_schema};

use crate::output::{Output, clean};
use crate::parameters::nearest;
use crate::report::{FileDigest, Report};

/// The size of the largest file that is read, in bytes.
const BYTES_MAX: u64 = 1 << 20;

const SECTIONS: [&str; 3] = ["parameters", "output", "exemptions"];
const MEMBERS: [&str; 4] = ["trail", "until", "reason", "approver"];

/// The content of the file; empty without one.
#[derive(Debug, Default)]
pub(crate) struct Config {
    file: Option<FileDigest>,
    parameters: Map<String, Value>,
    outputs: Vec<Output>,
    exemptions: Vec<Approved>,
}

/// An exemption, with why and by whom it was approved.
#[derive(Debug)]
struct Approved {
    exemption: Exemption,
    reason: String,
    approver: String,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// All its faults, each with the file and the place in it.
    pub(crate) fn read(path: &Path) -> Result<Self, Vec<String>> {
        let file = path.display().to_string();
        let in_file = |fault: String| format!("--config `{}`: {fault}", clean(&file));
        let bytes = bytes(path).map_err(|error| vec![in_file(error.to_string())])?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| vec![in_file("is not UTF-8; expected TOML".to_owned())])?;
        let mut config = Self::parse(text)
            .map_err(|faults| faults.into_iter().map(in_file).collect::<Vec<_>>())?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        config.file = Some(FileDigest { file, sha256: Some(sha256) });
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, Vec<String>> {
        let table: Table = text.parse().map_err(|error| vec![not_toml(text, &error)])?;
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
                        match Approved::parse(&place, exemption) {
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
        if faults.is_empty() { Ok(config) } else { Err(faults) }
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
        parameters.exempt_trails.extend(self.exemptions.iter().map(|one| one.exemption.clone()));
    }

    /// Adds to the report where its last exemptions come from, and who approved them.
    pub(crate) fn describe_exemptions(&self, report: &mut Report) {
        let file = self.file.as_ref().map(|file| file.file.as_str()).unwrap_or_default();
        let reported = report.exemptions.iter_mut().rev();
        for (exemption, approved) in reported.zip(self.exemptions.iter().rev()) {
            file.clone_into(&mut exemption.source);
            exemption.reason = Some(approved.reason.clone());
            exemption.approver = Some(approved.approver.clone());
        }
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

impl Approved {
    fn parse(place: &str, value: &Toml) -> Result<Self, Vec<String>> {
        let Toml::Table(members) = value else {
            return Err(vec![format!("{place}: expected a table")]);
        };
        let unknown = members.keys().filter(|name| !MEMBERS.contains(&name.as_str()));
        let mut faults: Vec<String> =
            unknown.map(|name| unknown_name(&format!("{place}: "), name, &MEMBERS)).collect();
        let mut text = |name: &str| {
            let text = members.get(name).and_then(Toml::as_str).unwrap_or_default().trim();
            if text.is_empty() {
                faults.push(format!("{place}.{name}: expected text"));
            }
            text.to_owned()
        };
        let (trail, reason, approver) = (text("trail"), text("reason"), text("approver"));
        // TOML has dates of its own.
        let until = members.get("until").map(|until| {
            let date = || until.as_datetime().map(ToString::to_string);
            until.as_str().map(str::to_owned).or_else(date).unwrap_or_default()
        });
        let has_pattern =
            !trail.contains('@') && Exemption::parse(&trail, "cloudtrail", "trail").is_some();
        if !has_pattern && !trail.is_empty() {
            faults.push(format!(
                "{place}.trail is `{}`; expected a trail ARN, `*` as wildcard within a part",
                clean(&trail)
            ));
        }
        let until = until.map(|until| format!("@{until}")).unwrap_or_default();
        let exemption = Exemption::parse(&format!("{trail}{until}"), "cloudtrail", "trail");
        if has_pattern && exemption.is_none() {
            let until = clean(until.trim_start_matches('@'));
            faults.push(format!("{place}.until is `{until}`; expected a date, YYYY-MM-DD"));
        }
        match exemption {
            Some(exemption) if faults.is_empty() => Ok(Self { exemption, reason, approver }),
            Some(_) | None => Err(faults),
        }
    }
}

/// The JSON Schema of the file, for editors.
pub(crate) fn config_schema() -> Value {
    let mut parameters = parameters_schema();
    if let Some(parameters) = parameters.as_object_mut() {
        parameters.remove("$schema");
        parameters.remove("$id");
    }
    let text = |words: &str| json!({ "type": "string", "pattern": r"\S", "description": words });
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
                "description": "Trails that are not judged, in addition to those of exemptTrails.",
                "items": {
                    "type": "object",
                    "required": ["trail", "reason", "approver"],
                    "additionalProperties": false,
                    "properties": {
                        "trail": text("A trail ARN, `*` as wildcard within a part."),
                        "until": {
                            "type": "string",
                            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                            "description": "The last day (UTC), YYYY-MM-DD; forever if absent."
                        },
                        "reason": text("Why the trail is exempt."),
                        "approver": text("Who approved it.")
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests;
