//! `trailseal remediate`: shows how trails get a key that works, carries that out, or goes back.

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

use std::time::Duration;

use trailseal_aws::Aws;
use trailseal_plan::{Consent, NewKey, Tag, Wish};
use trailseal_remediation::{Patience, Reach};
use trailseal_rule::{KeyRef, Parameters, Setting, Timestamp};

use crate::command::{Exit, Failure, Surroundings};
use crate::parameters::given_parameters;

use arguments::Form;
pub(crate) use arguments::RemediateArguments;
use delegation::ByOrganizations;
use identity::find_identity;
use outcome::Outcome;

/// The JSON Schema of what `-o json` writes.
pub(crate) const REMEDIATION_SCHEMA: &str = include_str!("../schema/remediation-1.schema.json");

/// What is wished and allowed, for every trail alike.
struct Errand<'a> {
    arguments: &'a RemediateArguments,
    aws: Aws,
    parameters: Parameters,
    /// Nothing where only a journal is gone on with.
    wish: Option<Wish>,
    consent: Consent,
    patience: Patience,
    now: Timestamp,
}

impl Errand<'_> {
    fn setting(&self) -> Setting<'_> {
        Setting { parameters: &self.parameters, now: self.now }
    }

    fn reach(&self) -> Reach<'_> {
        Reach {
            aws: &self.aws,
            session: self.aws.own(),
            delegation: Some(&ByOrganizations),
            key_role: self.parameters.key_account_role_name.as_ref(),
        }
    }
}

pub(crate) fn remediate(
    arguments: &RemediateArguments,
    surroundings: &mut Surroundings<'_>,
) -> Result<Exit, Failure> {
    let parameters = given_parameters(&arguments.parameters);
    let wish = wish(arguments);
    let (parameters, wish) = match (parameters, wish) {
        (Ok((_, parameters)), Ok(wish)) => (parameters, wish),
        (parameters, wish) => {
            let faults = parameters.err().into_iter().chain(wish.err());
            return Err(Failure::Usage(faults.flatten().collect()));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Usage(vec![error.to_string()]))?;
    runtime.block_on(async {
        let found = find_identity(arguments.profile.as_deref(), arguments.regions.first()).await;
        let identity = found.map_err(|line| Failure::Usage(vec![line]))?;
        identity.introduce(surroundings);
        let errand = Errand {
            arguments,
            aws: Aws::of(identity.session, None),
            parameters,
            wish,
            consent: Consent {
                replace_key: arguments.replace_key,
                enable_key: arguments.enable_key,
                cancel_key_deletion: arguments.cancel_key_deletion,
            },
            patience: Patience { wait: Duration::from_secs(arguments.wait), ..Patience::default() },
            now: surroundings.now,
        };
        run(&errand, surroundings).await
    })
}

async fn run(errand: &Errand<'_>, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let outcomes = match &errand.arguments.back_out {
        Some(journal) => vec![back_out::back_out(errand, journal, surroundings).await?],
        None => seal::seal_all(errand, surroundings).await?,
    };
    if errand.arguments.output == Form::Json {
        show::json(errand, &outcomes, surroundings)?;
    }
    let worst = outcomes.iter().map(Outcome::exit).max();
    Ok(worst.unwrap_or(Exit::Clean))
}

/// The key that is wished; all faults at once.
fn wish(arguments: &RemediateArguments) -> Result<Option<Wish>, Vec<String>> {
    if arguments.create_key {
        return new_key(arguments).map(|key| Some(Wish::New(key)));
    }
    match arguments.key.as_deref() {
        None => Ok(None),
        Some(text) => match KeyRef::parse(text) {
            Some(key) => Ok(Some(Wish::Existing(key))),
            None => Err(vec!["--key is blank; expected a key's ARN, id or alias".to_owned()]),
        },
    }
}

fn new_key(arguments: &RemediateArguments) -> Result<NewKey, Vec<String>> {
    let (mut tags, mut faults) = (Vec::new(), Vec::new());
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
