//! Cloud assemblies of the AWS CDK (`cdk.out`): their manifest, stacks, nested stacks and stages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trailseal_rule::{AccountId, Region};

use crate::cloudformation::{STACK_TYPE, Stack, Stacks, plain, preview, read_stack};
use crate::model::Place;
use crate::node::{Member, Node};
use crate::parameters::Given;
use crate::preview::Preview;
use crate::values::Values;
use trailseal_rule::json;

/// Stages within stages, and nested stacks within nested stacks, at most.
const DEPTH_MAX: usize = 10;

/// Stacks of an assembly, at most.
const STACKS_MAX: usize = 5_000;

/// Nodes of all templates of an assembly, at most.
const NODES_MAX: usize = 4_000_000;

/// Bytes of all templates of an assembly and of what is said of them, at most.
const BYTES_MAX: usize = 200_000_000;

/// Nodes for which a template counts that is refused.
const NODES_PER_REFUSED_TEMPLATE: usize = 20_000;

/// What CDK writes as the Region of a stack without one; it has the form of a Region.
const UNKNOWN_REGION: &str = "unknown-region";

/// Reads a file of the assembly's folder.
type ReadFile<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// Reads a cloud assembly. `folder` is its name for the report, and `read` reads a file in it.
/// `place` has the account and Region of stacks whose environment the assembly does not state.
///
/// # Errors
///
/// In one line: the manifest cannot be read.
pub fn read_assembly(
    folder: &str,
    read: &mut ReadFile<'_>,
    place: &Place,
    parameters: &BTreeMap<String, Given>,
    values: &Values,
) -> Result<Preview, String> {
    let mut assembly = Assembly {
        folder,
        read,
        place,
        parameters,
        stacks: Vec::new(),
        folders: BTreeSet::new(),
        assets: BTreeMap::new(),
        is_partial: false,
        is_full: false,
        nodes: 0,
        bytes: 0,
        problems: Vec::new(),
    };
    assembly.manifest("", 0)?;
    let Assembly { stacks, is_partial, problems, .. } = assembly;
    let exports = exports(&stacks);
    let mut preview = preview(&Stacks::new(stacks, exports, values));
    preview.problems.extend(problems);
    if is_partial {
        preview.leave_keys_open("the assembly is not complete");
    }
    Ok(preview)
}

struct Assembly<'a, 'b> {
    folder: &'a str,
    read: &'a mut ReadFile<'b>,
    place: &'a Place,
    parameters: &'a BTreeMap<String, Given>,
    stacks: Vec<Stack>,
    /// The folders of the stages that were read.
    folders: BTreeSet<String>,
    /// The files of the assets of one manifest by their name in the bucket of assets. Two assets with
    /// the same content have the same name.
    assets: BTreeMap<String, Asset>,
    /// Whether values of lookups are missing, so that templates have dummy values in their place.
    is_partial: bool,
    /// Whether a limit was reached, so that no more templates are read.
    is_full: bool,
    nodes: usize,
    bytes: usize,
    problems: Vec<String>,
}

/// What deploys a stack.
enum Deployer {
    /// The user, with these parameters.
    User(BTreeMap<String, Given>),
    /// The stack with this index, which nests it under this logical ID.
    Stack(usize, String),
}

/// The files of the assets with one name.
#[derive(Debug, Default)]
struct Asset {
    files: BTreeSet<String>,
    /// Whether all have the same content, once they were compared.
    is_one: Option<bool>,
}

impl Assembly<'_, '_> {
    /// Reads the manifest of the assembly or of a stage in it.
    fn manifest(&mut self, inside: &str, depth: usize) -> Result<(), String> {
        let name = format!("{inside}manifest.json");
        let text = (self.read)(&name).map_err(|what| format!("`{name}` {what}"))?;
        let manifest: Value =
            json::read(&text).map_err(|error| format!("`{name}` is not JSON: {error}"))?;
        let Some(Value::Object(artifacts)) = manifest.get("artifacts") else {
            return Err(format!(
                "`{name}` is not the manifest of a cloud assembly: it has no `artifacts`"
            ));
        };
        let missing = manifest.get("missing").filter(|missing| !missing.is_null());
        if missing.is_some_and(|missing| missing.as_array().is_none_or(|all| !all.is_empty())) {
            self.is_partial = true;
            self.problems.push(format!(
                "`{name}` says that the assembly is not complete: values of lookups are missing"
            ));
        }
        let outer = std::mem::take(&mut self.assets);
        for artifact in artifacts.values() {
            self.add_assets(inside, artifact);
        }
        for (id, artifact) in artifacts {
            let id = &plain(id);
            match artifact.get("type").and_then(Value::as_str) {
                Some("aws:cloudformation:stack") => self.add_stack(inside, id, artifact, depth),
                Some("cdk:cloud-assembly") => self.add_stage(inside, id, artifact, depth),
                _ => {}
            }
        }
        self.assets = outer;
        Ok(())
    }

    /// Reads a stack of a manifest.
    fn add_stack(&mut self, inside: &str, id: &str, artifact: &Value, depth: usize) {
        let Some(file) = property(artifact, "templateFile") else {
            self.problems.push(format!("stack `{id}` has no template"));
            return;
        };
        let environment = artifact.get("environment").and_then(Value::as_str);
        let place = self.place_of(inside, environment);
        let stack_name = property(artifact, "stackName").unwrap_or(id).to_owned();
        // Its loops are expanded with these parameters.
        let mut given = self.parameters.clone();
        let stated = artifact.get("properties").and_then(|of| of.get("parameters"));
        add_stated(&mut given, stated);
        let index = self.stack(inside, file, id, place, Deployer::User(given), depth);
        if let Some(stack) = index.and_then(|index| self.stacks.get_mut(index)) {
            stack.stack_name = Some(stack_name);
        }
    }

    /// Reads a stage of a manifest.
    fn add_stage(&mut self, inside: &str, id: &str, artifact: &Value, depth: usize) {
        let Some(folder) = property(artifact, "directoryName").filter(|folder| {
            let is_new = self.folders.insert(format!("{inside}{folder}"));
            is_new && is_inside(folder) && depth < DEPTH_MAX
        }) else {
            self.problems.push(format!("stage `{id}` could not be read"));
            return;
        };
        if let Err(what) = self.manifest(&format!("{inside}{folder}/"), depth + 1) {
            self.problems.push(format!("stage `{id}`: {what}"));
        }
    }

    /// Remembers the files of assets, of which nested templates are some.
    fn add_assets(&mut self, inside: &str, artifact: &Value) {
        let is_assets = artifact.get("type").and_then(Value::as_str) == Some("cdk:asset-manifest");
        let file = artifact.get("properties").and_then(|of| of.get("file")?.as_str());
        let Some(file) = file.filter(|file| is_assets && is_inside(file)) else { return };
        // Without it, a nested template is not at hand, which becomes a problem.
        let Ok(text) = (self.read)(&format!("{inside}{file}")) else { return };
        let manifest = json::read(&text).unwrap_or_default();
        let files = manifest.get("files").and_then(Value::as_object);
        for asset in files.into_iter().flat_map(|files| files.values()) {
            let path = asset.get("source").and_then(|source| source.get("path")?.as_str());
            let places = asset.get("destinations").and_then(Value::as_object);
            for place in places.into_iter().flat_map(|places| places.values()) {
                if let (Some(key), Some(path)) = (place.get("objectKey"), path)
                    && let Some(key) = key.as_str().filter(|key| !key.is_empty())
                {
                    self.assets.entry(key.to_owned()).or_default().files.insert(path.to_owned());
                }
            }
        }
    }

    /// The account and Region of `aws://ACCOUNT/REGION`, either of which can be unknown.
    /// Stacks of one stage with the same environment have one scope. What it leaves open may still
    /// differ between them, unless one refers to the other.
    fn place_of(&self, stage: &str, environment: Option<&str>) -> Place {
        let parts = environment.and_then(|text| text.strip_prefix("aws://")?.split_once('/'));
        let (account, region) = parts.unwrap_or_default();
        let region = if region == UNKNOWN_REGION { "" } else { region };
        Place {
            account: AccountId::parse(account).unwrap_or_else(|_| self.place.account.clone()),
            region: Region::parse(region).unwrap_or_else(|_| self.place.region.clone()),
            scope: format!("{stage}{}", environment.unwrap_or_default()),
        }
    }

    /// Whether one more template may be read, with this many stacks or stages around it; a problem
    /// if not.
    fn has_room(&mut self, path: &str, depth: usize) -> bool {
        if self.is_full {
            return false;
        }
        if self.stacks.len() >= STACKS_MAX || self.nodes > NODES_MAX || self.bytes > BYTES_MAX {
            self.is_full = true;
            self.problems.push(format!(
                "`{path}` and the templates after it are not read: the assembly is too large (at most \
                 {STACKS_MAX} stacks, {} million values and {} MB)",
                NODES_MAX / 1_000_000,
                BYTES_MAX / 1_000_000
            ));
            return false;
        }
        if depth > DEPTH_MAX {
            self.report(format!("`{path}` is not read: it is nested too deeply"));
            return false;
        }
        true
    }

    fn stack(
        &mut self,
        inside: &str,
        file: &str,
        name: &str,
        place: Place,
        deployer: Deployer,
        depth: usize,
    ) -> Option<usize> {
        let path = format!("{inside}{file}");
        if !self.has_room(&path, depth) {
            return None;
        }
        if !is_inside(file) {
            self.report(format!("`{path}` is not read: it is outside of the folder"));
            return None;
        }
        let shown = format!("{}/{path}", self.folder.trim_end_matches('/'));
        let (given, parent) = match deployer {
            Deployer::User(given) => (given, None),
            Deployer::Stack(index, id) => (BTreeMap::new(), Some((index, id))),
        };
        let read = (self.read)(&path);
        let mut bytes = 0;
        let read = read.and_then(|text| {
            bytes = text.len();
            read_stack(&shown, &text, place.clone(), &given, parent)
        });
        let (stack, problems) = match read {
            Ok(read) => read,
            Err(what) => {
                self.nodes += NODES_PER_REFUSED_TEMPLATE;
                self.bytes += bytes;
                self.report(format!("`{path}` {what}"));
                return None;
            }
        };
        self.nodes += stack.root.size();
        // Aliases and loops repeat texts.
        self.bytes += bytes.max(stack.root.bytes());
        problems.into_iter().for_each(|what| self.report(format!("`{path}`: {what}")));
        let index = self.stacks.len();
        let name = self.unused_name(name);
        let nested = self.nested_templates(inside, &stack.root);
        self.stacks.push(Stack { name: name.clone(), ..stack });
        self.add_nested(inside, (index, &name, &path, &place), nested, depth);
        Some(index)
    }

    /// Reads the nested stacks of a stack.
    fn add_nested(
        &mut self,
        inside: &str,
        (index, name, path, place): (usize, &str, &str, &Place),
        nested: Vec<(String, Option<String>)>,
        depth: usize,
    ) {
        for (id, file) in nested {
            let Some(file) = file else {
                self.report(format!(
                    "`{path}`: the template of nested stack `{id}` is not at hand"
                ));
                continue;
            };
            let deployer = Deployer::Stack(index, id.clone());
            let nested_name = format!("{name}.{id}");
            let child = self.stack(inside, &file, &nested_name, place.clone(), deployer, depth + 1);
            if let (Some(child), Some(stack)) = (child, self.stacks.get_mut(index)) {
                stack.nested.insert(id, child);
            }
        }
    }

    /// Adds a problem, which counts like a text of a template.
    fn report(&mut self, problem: String) {
        self.bytes += problem.len();
        self.problems.push(problem);
    }

    /// The nested stacks of a template, with the files that CDK wrote for them.
    fn nested_templates(&mut self, inside: &str, root: &Node) -> Vec<(String, Option<String>)> {
        let resources = root.get("Resources").map_or(&[][..], Node::members);
        let is_stack =
            |one: &&Member| one.node.get("Type").and_then(Node::text) == Some(STACK_TYPE);
        let nested = resources.iter().filter(is_stack);
        nested.map(|one| (one.name.clone(), self.nested_template(inside, &one.node))).collect()
    }

    /// The file of a nested stack's template: that of its URL, or else the stated one.
    fn nested_template(&mut self, inside: &str, stack: &Node) -> Option<String> {
        let stated = stack.get("Metadata").and_then(|of| of.get("aws:asset:path")?.text());
        let mut url = String::new();
        if let Some(node) = stack.get("Properties").and_then(|of| of.get("TemplateURL")) {
            add_texts(node, &mut url);
        }
        let mut assets = self.assets.iter_mut();
        let Some((_, asset)) = assets.find(|(key, _)| url.ends_with(&format!("/{key}"))) else {
            return stated.map(str::to_owned);
        };
        let (first, others) = (asset.files.first()?, asset.files.iter().skip(1));
        let mut text = |file: &String| {
            let path = is_inside(file).then(|| format!("{inside}{file}"))?;
            (self.read)(&path).ok()
        };
        // One of several files is the asset only if all are the same.
        let is_one = *asset.is_one.get_or_insert_with(|| {
            if asset.files.len() == 1 {
                return true;
            }
            let whole = text(first);
            whole.is_some() && others.into_iter().all(|file| text(file) == whole)
        });
        if !is_one {
            return None;
        }
        match stated {
            Some(stated) => asset.files.get(stated).cloned(),
            None => Some(first.clone()),
        }
    }

    /// The name, with a number if another stack has it: names of resources start with it.
    fn unused_name(&self, name: &str) -> String {
        let (mut unused, mut number) = (name.to_owned(), self.stacks.len());
        while self.stacks.iter().any(|stack| stack.name == unused) {
            unused = format!("{name}-{number}");
            number += 1;
        }
        unused
    }
}

/// A property of an artifact of a manifest.
fn property<'a>(artifact: &'a Value, name: &str) -> Option<&'a str> {
    artifact.get("properties")?.get(name)?.as_str()
}

/// Adds the parameters for which the manifest has a value, unless the user gives them: not every
/// deployment passes it.
fn add_stated(given: &mut BTreeMap<String, Given>, stated: Option<&Value>) {
    for name in stated.and_then(Value::as_object).into_iter().flat_map(|stated| stated.keys()) {
        let why = || format!("the manifest has a value of parameter `{}`", plain(name));
        given.entry(name.clone()).or_insert_with(|| Given::Unknown(why()));
    }
}

/// Whether a path of the manifest stays in the folder of the manifest.
fn is_inside(path: &str) -> bool {
    let is_name = |name: &str| !["", ".", ".."].contains(&name) && !name.contains(['\\', ':']);
    path.split('/').all(is_name)
}

/// Adds all texts of a node, one after the other.
fn add_texts(node: &Node, out: &mut String) {
    out.push_str(node.text().unwrap_or_default());
    node.items().iter().for_each(|item| add_texts(item, out));
    node.members().iter().for_each(|member| add_texts(&member.node, out));
}

/// The exports of all stacks whose names the templates state, without those of several stacks: such
/// stacks are deployed to different accounts or Regions.
fn exports(stacks: &[Stack]) -> BTreeMap<(String, String), (usize, String)> {
    let mut exports = BTreeMap::new();
    let mut several = BTreeSet::new();
    for (index, stack) in stacks.iter().enumerate() {
        for output in stack.root.get("Outputs").map_or(&[][..], Node::members) {
            let name = output.node.get("Export").and_then(|export| export.get("Name")?.text());
            if let Some(name) = name {
                let place = (stack.place.scope.clone(), name.to_owned());
                if exports.insert(place.clone(), (index, output.name.clone())).is_some() {
                    several.insert(place);
                }
            }
        }
    }
    exports.retain(|place, _| !several.contains(place));
    exports
}
