//! The source of a configuration: the `.tf` files of its modules.

use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block, Body, Structure};
use serde::Deserialize;

use super::document::Module;
use crate::model::Location;

/// Modules of a configuration whose source is read, at most.
const MODULES_MAX: usize = 1_000;

/// Modules within modules, at most.
const DEPTH_MAX: usize = 20;

/// The source of a configuration, as the user gives it.
pub struct Source<'a> {
    /// Lists the files of a folder by their names, each with its text. The folder is that of the root
    /// module if it is blank, and otherwise one below it.
    pub read: &'a mut dyn FnMut(&str) -> Result<Vec<SourceFile>, String>,
    /// The text of `.terraform/modules/modules.json`, which says where modules of registries are.
    pub modules: Option<String>,
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Source").field("modules", &self.modules).finish_non_exhaustive()
    }
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name in the folder.
    pub name: String,
    /// What the report calls it.
    pub shown: String,
    /// Its content; blank for a file that is not `.tf`.
    pub text: String,
}

/// The sources of all modules, by the path of module calls.
#[derive(Debug, Default)]
pub(super) struct Sources {
    modules: BTreeMap<Vec<String>, Result<ModuleSource, String>>,
}

/// The source of one module.
#[derive(Debug, Default)]
pub(super) struct ModuleSource {
    files: Vec<File>,
    /// By kind and labels: `resource aws_kms_key k`.
    blocks: BTreeMap<String, Placed<Block>>,
    locals: BTreeMap<String, Placed<Attribute>>,
}

#[derive(Debug)]
struct File {
    shown: String,
    /// Where each line starts.
    lines: Vec<usize>,
    text: String,
}

/// A part of a file.
#[derive(Debug)]
pub(super) struct Placed<T> {
    file: usize,
    pub(super) part: T,
}

impl Sources {
    /// Reads the sources of a configuration.
    pub(super) fn read(root: &Module<'_>, source: &mut Source<'_>) -> Self {
        let manifest = source.modules.as_deref().map(folders).unwrap_or_default();
        let mut sources = Self::default();
        sources.module(root, Vec::new(), Ok(String::new()), &manifest, source);
        sources
    }

    fn module(
        &mut self,
        module: &Module<'_>,
        path: Vec<String>,
        folder: Result<String, String>,
        manifest: &BTreeMap<String, String>,
        source: &mut Source<'_>,
    ) {
        if self.modules.len() >= MODULES_MAX || path.len() > DEPTH_MAX {
            return;
        }
        let read =
            folder.clone().and_then(|folder| (source.read)(&folder)).and_then(ModuleSource::new);
        self.modules.insert(path.clone(), read);
        for (name, call) in &module.module_calls.0 {
            let mut below = path.clone();
            below.push(name.clone());
            let folder = match (&folder, call.source.starts_with(['.'])) {
                (Ok(folder), true) => inside(folder, &call.source),
                (_, _) => manifest
                    .get(&below.join("."))
                    .map(|folder| inside("", folder))
                    .unwrap_or_else(|| {
                        Err(format!(
                            "the source of module `{}` is not in the folder",
                            below.join(".")
                        ))
                    }),
            };
            self.module(&call.module, below, folder, manifest, source);
        }
    }

    /// The source of a module.
    ///
    /// # Errors
    ///
    /// Why it is not read.
    pub(super) fn at(&self, path: &[String]) -> Result<&ModuleSource, String> {
        match self.modules.get(path) {
            Some(read) => read.as_ref().map_err(Clone::clone),
            None => Err("the configuration has too many modules".to_owned()),
        }
    }
}

/// The folders of modules by their keys, from the manifest that `terraform init` writes.
fn folders(text: &str) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Manifest {
        modules: Vec<Entry>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Entry {
        key: String,
        dir: String,
    }
    let Ok(Manifest { modules }) = serde_json::from_str(text) else { return BTreeMap::new() };
    modules.into_iter().map(|entry| (entry.key, entry.dir)).collect()
}

/// A folder relative to another one.
///
/// # Errors
///
/// It is outside of the root module's.
fn inside(folder: &str, relative: &str) -> Result<String, String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or("the source of a module is outside of the folder")?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

impl ModuleSource {
    fn new(files: Vec<SourceFile>) -> Result<Self, String> {
        let mut module = Self::default();
        if files.is_empty() {
            return Err("a folder of the source has no `.tf` file".to_owned());
        }
        for SourceFile { name, shown, text } in files {
            let is_override = name == "override.tf" || name.ends_with("_override.tf");
            let others = [".tf.json", ".tofu", ".tofu.json"];
            if is_override || others.iter().any(|ending| name.ends_with(ending)) {
                return Err(format!("`{shown}` can change the source, and is not read"));
            }
            if !name.ends_with(".tf") {
                continue;
            }
            let body: Body = hcl_edit::parser::parse_body(&text).map_err(|error| {
                format!("`{shown}` is not HCL (line {})", error.location().line())
            })?;
            let starts = text.match_indices('\n').map(|(at, _)| at + 1);
            let lines = std::iter::once(0).chain(starts).collect();
            module.files.push(File { shown, lines, text });
            module.add(body)?;
        }
        Ok(module)
    }

    fn add(&mut self, body: Body) -> Result<(), String> {
        let file = self.files.len().saturating_sub(1);
        for structure in body {
            let Structure::Block(block) = structure else { continue };
            let kind = block.ident.as_str().to_owned();
            if kind == "locals" {
                for part in block.body {
                    let Structure::Attribute(part) = part else { continue };
                    let name = part.key.as_str().to_owned();
                    if self.locals.insert(name.clone(), Placed { file, part }).is_some() {
                        return Err(format!("the source declares `local.{name}` twice"));
                    }
                }
                continue;
            }
            if !["resource", "data", "variable", "output", "module", "provider"]
                .contains(&kind.as_str())
            {
                continue;
            }
            let mut name = kind;
            for label in &block.labels {
                name = format!("{name} {}", label.as_str());
            }
            if name.starts_with("provider ") {
                let alias = block.body.get_attribute("alias").and_then(|of| of.value.as_str());
                name = format!("{name} {}", alias.unwrap_or_default());
            }
            if self.blocks.insert(name.clone(), Placed { file, part: block }).is_some() {
                return Err(format!("the source declares `{name}` twice"));
            }
        }
        Ok(())
    }

    /// A block, by its kind and labels.
    pub(super) fn block(&self, name: &str) -> Option<&Placed<Block>> {
        self.blocks.get(name)
    }

    /// The expression of a local value.
    pub(super) fn local(&self, name: &str) -> Option<&Expression> {
        self.locals.get(name).map(|local| &local.part.value)
    }

    /// The place of a block.
    pub(super) fn place_of(&self, block: &Placed<Block>) -> Option<Location> {
        self.location(block.file, block.part.span()?.start)
    }

    /// The place of an attribute of a block.
    pub(super) fn place_in(&self, block: &Placed<Block>, name: &str) -> Option<Location> {
        let attribute = block.part.body.get_attribute(name)?;
        self.location(block.file, attribute.span()?.start)
    }

    fn location(&self, file: usize, at: usize) -> Option<Location> {
        let file = self.files.get(file)?;
        let line = file.lines.partition_point(|start| *start <= at);
        let start = *file.lines.get(line.checked_sub(1)?)?;
        let column = file.text.get(start..at)?.chars().count() + 1;
        Some(Location { file: file.shown.clone(), line, column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_outside_of_the_root_module_is_refused() {
        assert_eq!(inside("", "./key").unwrap(), "key");
        assert_eq!(inside("a/b", "../c/./d").unwrap(), "a/c/d");
        assert_eq!(inside("", ".").unwrap(), "");
        assert!(inside("", "../key").is_err());
        assert!(inside("a", "../../key").is_err());
        assert_eq!(inside("", "/etc").unwrap(), "etc", "an absolute path is below the folder");
    }

    #[test]
    fn a_source_is_shown_without_its_reader() {
        let mut read = |_: &str| Ok(Vec::new());
        let source = Source { read: &mut read, modules: Some("x".to_owned()) };
        assert_eq!(format!("{source:?}"), "Source { modules: Some(\"x\"), .. }");
    }
}
