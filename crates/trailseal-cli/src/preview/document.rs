//! Reads the documents of `trailseal preview`, told apart by their content.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use trailseal_rule::{AccountId, Region};
use trailseal_template::{
    Given, Place, Preview, Source, Values, is_plan, read_assembly, read_plan, read_template,
};

use super::arguments::PreviewArguments;
use super::inside::refuse_outside;
use super::source::SourceFolder;
use super::{digest, read_bytes};
use crate::report::FileDigest;

/// Bytes of a document, at most. CloudFormation takes templates of 1 MB.
const BYTES_MAX: u64 = 256 << 20;

/// Reads documents and remembers which files it has read.
pub(super) struct Reader<'a> {
    place: Place,
    parameters: &'a BTreeMap<String, Given>,
    values: &'a Values,
    source: Option<&'a Path>,
    /// Whether one of the documents is a plan.
    pub(super) has_plan: bool,
    /// Whether one of them is a template or a cloud assembly that was read.
    pub(super) has_template: bool,
    pub(super) inputs: Vec<FileDigest>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        arguments: &'a PreviewArguments,
        parameters: &'a BTreeMap<String, Given>,
        values: &'a Values,
    ) -> Self {
        let place = Place {
            account: arguments.account.clone().unwrap_or_else(AccountId::not_known),
            region: arguments.region.clone().unwrap_or_else(Region::not_known),
            scope: String::new(),
        };
        let source = arguments.source.as_deref();
        let inputs = Vec::new();
        Self { place, parameters, values, source, has_plan: false, has_template: false, inputs }
    }

    /// What a document plans.
    ///
    /// # Errors
    ///
    /// In one line: it cannot be read, or it is not a document that can be judged.
    pub(super) fn read(&mut self, path: &Path) -> Result<Preview, String> {
        if path.is_dir() {
            return self.read_folder(path);
        }
        let text = self.read_file(path)?;
        // A byte order mark, as programs of Windows write it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let name = path.display().to_string();
        if text.trim_start().starts_with('{') && is_plan(text) {
            return self.read_plan(&name, text);
        }
        if let Some(what) = other_document(path, text) {
            return Err(what.to_owned());
        }
        let preview = read_template(&name, text, self.place.clone(), self.parameters, self.values);
        self.has_template |= preview.is_ok();
        preview
    }

    fn read_folder(&mut self, path: &Path) -> Result<Preview, String> {
        if !path.join("manifest.json").is_file() {
            return Err(
                "is a folder without the `manifest.json` of a CDK cloud assembly; name the \
                        templates themselves"
                    .to_owned(),
            );
        }
        let root = fs::canonicalize(path).map_err(|error| format!("cannot be read: {error}"))?;
        let (place, parameters, values) = (self.place.clone(), self.parameters, self.values);
        let mut read = |name: &str| {
            let file = path.join(name);
            refuse_outside(&root, &file)?;
            if !file.is_file() {
                return Err("is not a regular file".to_owned());
            }
            self.read_file(&file)
        };
        let folder = path.display().to_string();
        let preview = read_assembly(&folder, &mut read, &place, parameters, values);
        self.has_template |= preview.is_ok();
        preview
    }

    fn read_plan(&mut self, name: &str, text: &str) -> Result<Preview, String> {
        self.has_plan = true;
        let Some(folder) = self.source else {
            return read_plan(name, text, &self.place, None);
        };
        let mut folder = SourceFolder::new(folder)?;
        let modules = folder.modules()?;
        let mut read = |inside: &str| folder.read(inside);
        let mut source = Source { read: &mut read, modules };
        let preview = read_plan(name, text, &self.place, Some(&mut source));
        let known: Vec<&str> = self.inputs.iter().map(|input| input.file.as_str()).collect();
        let new = folder.inputs.into_iter().filter(|input| !known.contains(&input.file.as_str()));
        let new: Vec<FileDigest> = new.collect();
        self.inputs.extend(new);
        preview
    }

    fn read_file(&mut self, path: &Path) -> Result<String, String> {
        let size = fs::metadata(path).map(|found| found.len());
        if size.is_ok_and(|size| size > BYTES_MAX) {
            return Err("is larger than any template or plan".to_owned());
        }
        let bytes = read_bytes(path)?;
        if bytes.starts_with(b"PK\x03\x04") {
            return Err("is a binary plan of Terraform: give the output of `terraform show -json`"
                .to_owned());
        }
        let input = digest(path, &bytes);
        // A template can be the one of several nested stacks.
        if self.inputs.iter().all(|known| known.file != input.file) {
            self.inputs.push(input);
        }
        String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
    }
}

/// What a document is that is known and cannot be judged.
fn other_document(path: &Path, text: &str) -> Option<&'static str> {
    if path.extension().is_some_and(|ending| ending == "tf") {
        return Some(
            "is Terraform configuration: give the plan, as `terraform show -json` prints it",
        );
    }
    let start = text.trim_start();
    if !start.starts_with('{') {
        return None;
    }
    let has = |name: &str| text.contains(&format!("\"{name}\""));
    if (has("terraform_version") && has("serial") && has("lineage")) || is_state(text) {
        return Some("is Terraform state: give the plan, as `terraform show -json` prints it");
    }
    None
}

/// Whether a text is what `terraform show -json` prints of a state.
fn is_state(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Members {
        #[serde(rename = "format_version")]
        _format: serde::de::IgnoredAny,
        #[serde(rename = "terraform_version")]
        _terraform: serde::de::IgnoredAny,
    }
    serde_json::from_str::<Members>(text).is_ok()
}
