//! Judges plans for the tests.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp};
use trailseal_template::{
    JudgedTrail, Place, Preview, Source, SourceFile, SuppliedValues, read_plan,
};

use crate::verdicts::word_of;

pub(crate) const PROFILES: [&str; 3] = ["cis", "effective", "strict"];

/// A plan and what is given with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) plan: String,
    pub(crate) source: Option<PathBuf>,
    pub(crate) account: String,
    pub(crate) allowed: String,
}

pub(crate) fn place(account: &str) -> Place {
    Place {
        account: AccountId::parse(account).unwrap_or_else(|_| AccountId::not_known()),
        region: Region::not_known(),
        scope: String::new(),
    }
}

/// What a plan plans, with the files of a folder as its source.
pub(crate) fn preview(case: &Case) -> Result<Preview, String> {
    let Some(folder) = &case.source else {
        return read_plan("plan.json", &case.plan, &place(&case.account), None);
    };
    let mut read = |inside: &str| files(&folder.join(inside), inside);
    let mut source = Source { read: &mut read, modules: None };
    read_plan("plan.json", &case.plan, &place(&case.account), Some(&mut source))
}

/// What a plan plans, with files that a test states: folder, name and text.
pub(crate) fn preview_with(plan: &str, all: &[(&str, &str, &str)]) -> Result<Preview, String> {
    preview_at(plan, all, &place("111122223333"))
}

/// The same, with an account and a Region that the user states.
pub(crate) fn preview_at(
    plan: &str,
    all: &[(&str, &str, &str)],
    place: &Place,
) -> Result<Preview, String> {
    preview_from(plan, all, place, None)
}

/// The same, with the manifest of the modules.
pub(crate) fn preview_from(
    plan: &str,
    all: &[(&str, &str, &str)],
    place: &Place,
    modules: Option<String>,
) -> Result<Preview, String> {
    let mut read = |inside: &str| {
        let of = all.iter().filter(|(folder, ..)| *folder == inside);
        Ok(of
            .map(|(_, name, text)| SourceFile {
                name: (*name).to_owned(),
                shown: format!("{inside}/{name}").trim_start_matches('/').to_owned(),
                text: (*text).to_owned(),
            })
            .collect())
    };
    let mut source = Source { read: &mut read, modules };
    read_plan("plan.json", plan, place, Some(&mut source))
}

fn files(folder: &Path, inside: &str) -> Result<Vec<SourceFile>, String> {
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    Ok(files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let shown = format!("{inside}/{name}").trim_start_matches('/').to_owned();
            SourceFile { shown, text: fs::read_to_string(&path).unwrap(), name }
        })
        .collect())
}

/// The answer about the first trail, with these parameters.
pub(crate) fn judged_with(preview: &Preview, parameters: &[(&str, &str)]) -> &'static str {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), Value::from(*value));
    let parameters = Parameters::parse(&parameters.iter().map(pair).collect()).unwrap();
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    word(&preview.trails[0].judge(&context, &SuppliedValues::default()))
}

pub(crate) fn judged(preview: &Preview, profile: &str, allowed: &str) -> Vec<JudgedTrail> {
    let mut all = Map::new();
    all.insert("profile".to_owned(), Value::from(profile));
    if !allowed.is_empty() {
        all.insert("allowedKeyAccounts".to_owned(), Value::from(allowed));
    }
    let parameters = Parameters::parse(&all).unwrap();
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    preview.trails.iter().map(|trail| trail.judge(&context, &SuppliedValues::default())).collect()
}

pub(crate) fn word(judged: &JudgedTrail) -> &'static str {
    word_of(&judged.judgement.verdict)
}

/// The answers about the first trail, in each profile.
pub(crate) fn words(preview: &Result<Preview, String>, allowed: &str) -> [String; 3] {
    let Ok(preview) = preview else { return PROFILES.map(|_| "refused".to_owned()) };
    PROFILES.map(|profile| {
        let judged = judged(preview, profile, allowed);
        judged.first().map_or("nothing", word).to_owned()
    })
}

pub(crate) fn answers(case: &Case) -> [String; 3] {
    words(&preview(case), &case.allowed)
}
