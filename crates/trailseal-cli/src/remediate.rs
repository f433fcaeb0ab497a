//! `trailseal remediate`: plans how trails get a working key, applies the plan, or backs it out.

mod arguments;
mod back_out;
mod confirm;
mod delegation;
mod files;
mod identity;
mod outcome;
mod seal;
mod shared_key;
mod show;
mod targets;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use serde_json::Map;
use trailseal_aws::Aws;
use trailseal_plan::{Consent, NewKey, Tag, TargetKey};
use trailseal_remediation::{AwsReader, WaitPolicy};
use trailseal_rule::{EvaluationContext, KeyRef, Parameters, Timestamp};

use crate::audit::add_exemptions;
use crate::console::{Console, Exit, Failure};
use crate::output::missing_folder;
use crate::parameters::given_parameters;

use arguments::Form;
pub(crate) use arguments::RemediateArguments;
use delegation::ByOrganizations;
use identity::find_identity;
use outcome::{End, Outcome};
use targets::{Targets, targets};

/// The JSON Schema of what `-o json` writes.
pub(crate) const REMEDIATION_SCHEMA: &str = include_str!("../schema/remediation-1.schema.json");

/// The request, which is the same for every trail.
struct RemediateContext<'a> {
    arguments: &'a RemediateArguments,
    aws: Aws,
    parameters: Parameters,
    /// `None` for a back-out.
    target_key: Option<TargetKey>,
    consent: Consent,
    wait_policy: WaitPolicy,
    now: Timestamp,
}

impl RemediateContext<'_> {
    fn evaluation(&self) -> EvaluationContext<'_> {
        EvaluationContext { parameters: &self.parameters, now: self.now }
    }

    fn reader(&self) -> AwsReader<'_> {
        AwsReader {
            aws: &self.aws,
            session: self.aws.own(),
            delegation: Some(&ByOrganizations),
            key_role: self.parameters.key_account_role_name.as_ref(),
        }
    }
}

pub(crate) fn remediate(
    arguments: &RemediateArguments,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let parameters = given_parameters(&arguments.parameters, "", &Map::new());
    let target_key = target_key(arguments);
    let (parameters, target_key) = match (parameters, target_key) {
        (Ok((_, parameters)), Ok(target_key)) => (parameters, target_key),
        (parameters, target_key) => {
            let faults = parameters.err().into_iter().chain(target_key.err());
            return Err(Failure::NotStarted(faults.flatten().collect()));
        }
    };
    let faults: Vec<String> = missing(arguments).chain(unusable_files(arguments)).collect();
    if !faults.is_empty() {
        return Err(Failure::NotStarted(faults));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::NotStarted(vec![error.to_string()]))?;
    runtime.block_on(async {
        let (profile, region) = (arguments.profile.as_deref(), arguments.regions.first());
        let found = find_identity(profile, region, arguments.verbose > 0).await;
        let identity = found.map_err(|line| Failure::NotStarted(vec![line]))?;
        if !arguments.quiet {
            identity.introduce(console);
        }
        let mut parameters = parameters;
        add_exemptions(&mut parameters, &identity.session).await?;
        let context = RemediateContext {
            arguments,
            aws: Aws::of(identity.session, None),
            parameters,
            target_key,
            consent: Consent {
                replace_key: arguments.replace_key,
                enable_key: arguments.enable_key,
                cancel_key_deletion: arguments.cancel_key_deletion,
            },
            wait_policy: WaitPolicy {
                wait: Duration::from_secs(arguments.wait),
                ..WaitPolicy::default()
            },
            now: console.now,
        };
        run(&context, console).await
    })
}

async fn run(context: &RemediateContext<'_>, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let (outcomes, not_planned) = match &context.arguments.back_out {
        Some(journal) => (vec![back_out::back_out(context, journal, console).await?], Vec::new()),
        None => {
            let Targets { trails, not_planned } = targets(context).await?;
            (seal::seal_all(context, trails, console).await?, not_planned)
        }
    };
    if !not_planned.is_empty() {
        let gap = if outcomes.is_empty() { "" } else { "\n" };
        show::people(context, &format!("{gap}{}", show::not_planned(&not_planned)), console)?;
    } else if outcomes.is_empty() {
        show::people(context, "No trail fails: nothing to do\n", console)?;
    }
    let is_plan = |outcome: &Outcome| matches!(outcome.end, End::Planned | End::Follows(_));
    if !context.arguments.apply && outcomes.iter().any(is_plan) {
        let line = format!("\nNothing was changed. To apply: {}\n", context.arguments.to_apply());
        show::people(context, &line, console)?;
    }
    if context.arguments.output == Form::Json {
        show::json(context, &outcomes, &not_planned, console)?;
    }
    let exits = outcomes.iter().map(Outcome::exit);
    let exits = exits.chain(not_planned.iter().map(|not_planned| not_planned.exit));
    Ok(exits.max().unwrap_or(Exit::Clean))
}

/// What the command line lacks.
fn missing(arguments: &RemediateArguments) -> impl Iterator<Item = String> {
    let is_silent = arguments.apply && !arguments.yes && !io::stdin().is_terminal();
    let has_no_trail = arguments.journal.is_some() && arguments.trails.is_empty();
    let confirmation = is_silent.then_some(
        "--apply asks for a confirmation, which needs a terminal: read the plan without --apply, \
         then add --yes",
    );
    let trail = has_no_trail.then_some("--journal needs a trail: name it");
    confirmation.into_iter().chain(trail).map(str::to_owned)
}

/// The named files that cannot be used, and a new journal's folder that does not exist.
fn unusable_files(arguments: &RemediateArguments) -> Vec<String> {
    let (journal, back_out) = (arguments.journal.as_deref(), arguments.back_out.as_deref());
    let folder = journal.and_then(|file| missing_folder(file, "journal"));
    let report = arguments.report.as_deref().map(|file| ("--report", file, unreadable(file)));
    // The file of --journal may be new.
    let journal = journal.filter(|file| file.exists());
    let journal = journal.map(|file| ("--journal", file, files::unusable(file)));
    let back_out = back_out
        .map(|file| ("--back-out", file, files::unusable(file).or_else(|| unreadable(file))));
    let named = [report, journal, back_out].into_iter().flatten();
    let unusable = named
        .filter_map(|(option, file, why)| Some(format!("{option} `{}`: {}", file.display(), why?)));
    folder.into_iter().chain(unusable).collect()
}

/// Why a file cannot be opened.
fn unreadable(file: &Path) -> Option<String> {
    std::fs::File::open(file).err().map(|error| error.to_string())
}

/// The requested key, or all faults.
fn target_key(arguments: &RemediateArguments) -> Result<Option<TargetKey>, Vec<String>> {
    if arguments.create_key {
        return new_key(arguments).map(|key| Some(TargetKey::New(key)));
    }
    match arguments.key.as_deref() {
        None if arguments.back_out.is_some() => Ok(None),
        None => Err(vec![
            "name the key: --key KEY, or --create-key for a new one; to resume a run, repeat its \
             options"
                .to_owned(),
        ]),
        Some(text) => match KeyRef::parse(text) {
            Some(key) => Ok(Some(TargetKey::Existing(key))),
            None => Err(vec!["--key is blank; expected a key ARN, key ID or alias".to_owned()]),
        },
    }
}

fn new_key(arguments: &RemediateArguments) -> Result<NewKey, Vec<String>> {
    let (mut tags, mut faults) = (Vec::new(), Vec::new());
    if let Some(alias) = arguments.alias.as_ref().filter(|alias| alias.starts_with("alias/aws/")) {
        faults.push(format!("--alias `{alias}`: AWS reserves names that begin with `alias/aws/`"));
    }
    if let Some(alias) = arguments.alias.as_ref().filter(|alias| !alias.starts_with("alias/")) {
        faults.push(format!(
            "--alias `{alias}` is not an alias, which begins with `alias/`; did you mean \
             `alias/{alias}`?"
        ));
    }
    for tag in &arguments.tags {
        match tag.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                tags.push(Tag { key: key.to_owned(), value: value.to_owned() });
            }
            Some(_) | None => faults.push(format!("--tag `{tag}` is not KEY=VALUE")),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(NewKey { alias: arguments.alias.clone(), description: arguments.description.clone(), tags })
}
