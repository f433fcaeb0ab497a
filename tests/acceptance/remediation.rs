//! Remediation over a product of states. Every plan keeps all trails delivering at every moment,
//! ends COMPLIANT under the same parameters, and can be backed out, or the back-out is refused.

mod worlds;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use trailseal_aws::{Aws, Connection, Identity};
use trailseal_lab::{Lab, State};
use trailseal_plan::{Force, Progress, Record, fold};
use trailseal_remediation::{
    AwsReader, Failure, JournalWriter, Mode, Notice, Request, WaitPolicy, apply, begin,
    plan_back_out, remediate_one,
};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp, Verdict};

use self::worlds::{ACCOUNT, REGION, Scenario, TRAIL, scenarios};

/// Short, because the lab shows changes at once.
const WAIT_POLICY: WaitPolicy = WaitPolicy {
    propagation: Duration::from_millis(200),
    read_back: Duration::from_millis(200),
    pause: Duration::from_millis(5),
    wait: Duration::ZERO,
    between_trail_changes: Duration::ZERO,
};

fn aws(lab: &Lab) -> Aws {
    let credentials = lab.credentials(ACCOUNT);
    let connection = Connection::at(Some(lab.url()).into(), trailseal_aws::RetryPolicy::default());
    Aws::new(
        connection,
        Identity {
            account: AccountId::parse(ACCOUNT).unwrap(),
            region: Region::parse(REGION).unwrap(),
            credentials: Credentials::new(
                credentials.access_key_id,
                credentials.secret_access_key,
                Some(credentials.session_token),
                None,
                "lab",
            ),
            external_id: None,
        },
    )
}

#[derive(Default)]
struct InMemoryJournal {
    records: Vec<Record>,
}

impl JournalWriter for InMemoryJournal {
    fn write(&mut self, record: &Record) -> std::io::Result<()> {
        self.records.push(record.clone());
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Refused,
    SealedAndBackedOut,
    SealedAndNotBackedOut,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plan_keeps_delivery_seals_and_backs_out() {
    let lab = Lab::start(State::default()).await.unwrap();
    let aws = aws(&lab);
    let mut ending: BTreeMap<Ending, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        lab.set_state(scenario.state());
        match play(&lab, &aws, &scenario).await {
            Ok(one) => *ending.entry(one).or_default() += 1,
            Err(what) => wrong.push(format!("{scenario:?}: {what}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, such as\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    // Every ending occurs.
    for one in [Ending::Refused, Ending::SealedAndBackedOut, Ending::SealedAndNotBackedOut] {
        assert!(ending.get(&one).is_some_and(|number| *number > 20), "{ending:?}");
    }
}

/// The bucket has an S3 Bucket Key, but AWS Config does not record it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_update_names_the_bucket_key() {
    let lab = Lab::start(State::default()).await.unwrap();
    let aws = aws(&lab);
    let reader = AwsReader { aws: &aws, session: aws.own(), delegation: None, key_role: None };
    let tell = &mut |_: Notice<'_>| {};
    let mut named = 0;
    for scenario in scenarios().into_iter().take(200) {
        let mut state = scenario.state();
        state.buckets.iter_mut().for_each(|bucket| bucket.bucket_key = true);
        lab.set_state(state);
        let request = Request {
            trail: TRAIL.to_owned(),
            target_key: scenario.target_key(),
            consent: scenario.consent(),
            mode: Mode::Apply,
        };
        let parameters = scenario.parameters();
        let mut journal_writer = InMemoryJournal::default();
        let ending =
            remediate_one(reader, &parameters, &request, &mut journal_writer, &WAIT_POLICY, tell)
                .await;
        if let Err(Failure::Stopped(stop)) = ending {
            let why = stop.to_string();
            assert!(why.contains("InsufficientEncryptionPolicyException"), "{why}");
            assert!(why.contains("S3 Bucket Key") && why.contains("kms:Decrypt"), "{why}");
            named += 1;
        }
        drop(lab.take_delivery_moments());
    }
    assert!(named > 0, "UpdateTrail was never refused");
}

async fn play(lab: &Lab, aws: &Aws, scenario: &Scenario) -> Result<Ending, String> {
    let before = lab.state();
    let reader = AwsReader { aws, session: aws.own(), delegation: None, key_role: None };
    let parameters = scenario.parameters();
    let request = Request {
        trail: TRAIL.to_owned(),
        target_key: scenario.target_key(),
        consent: scenario.consent(),
        mode: Mode::Apply,
    };
    let mut journal_writer = InMemoryJournal::default();
    let tell = &mut |_: Notice<'_>| {};
    let broken = lab.broken_deliveries();
    match remediate_one(reader, &parameters, &request, &mut journal_writer, &WAIT_POLICY, tell)
        .await
    {
        Ok(_) => {}
        Err(Failure::Refused(_)) => {
            return if lab.state() == before && lab.take_delivery_moments().is_empty() {
                Ok(Ending::Refused)
            } else {
                Err("refused, but made a change".to_owned())
            };
        }
        Err(failure) => return Err(format!("neither refused nor completed: {failure}")),
    }
    require_delivery(lab, broken)?;
    sealed(reader, &parameters).await?;
    let progress = fold(&journal_writer.records).map_err(|error| error.to_string())?;
    back_out(lab, reader, &parameters, &progress, &mut journal_writer, before).await
}

/// No change stops the delivery of a trail.
fn require_delivery(lab: &Lab, mut broken: BTreeMap<String, String>) -> Result<(), String> {
    for moment in lab.take_delivery_moments() {
        if let Some(trail) = moment.broken.keys().find(|trail| !broken.contains_key(*trail)) {
            return Err(format!("after {} trail {trail} cannot deliver", moment.after));
        }
        broken = moment.broken;
    }
    Ok(())
}

async fn sealed(reader: AwsReader<'_>, parameters: &Parameters) -> Result<(), String> {
    let context = context(parameters);
    let trail = reader.trail(TRAIL).await.map_err(|failure| failure.to_string())?.trail;
    let judged = reader.judge(&context, &trail).await.map_err(|failure| failure.to_string())?;
    if matches!(judged.verdict, Verdict::Sealed(_)) {
        return Ok(());
    }
    Err(format!("not COMPLIANT afterwards: {:?}", judged.verdict))
}

fn context(parameters: &Parameters) -> EvaluationContext<'_> {
    EvaluationContext { parameters, now: Timestamp::from_epoch_millis(1_795_500_000_000) }
}

async fn back_out(
    lab: &Lab,
    reader: AwsReader<'_>,
    parameters: &Parameters,
    progress: &Progress,
    journal_writer: &mut InMemoryJournal,
    before: State,
) -> Result<Ending, String> {
    let sealed = lab.state();
    let broken = lab.broken_deliveries();
    let context = context(parameters);
    let plan = match plan_back_out(reader, &context, progress, Force::No).await {
        Ok(plan) => plan,
        Err(Failure::Refused(refusals)) => {
            return if lab.state() == sealed && refusals.iter().count() > 0 {
                Ok(Ending::SealedAndNotBackedOut)
            } else {
                Err("the back-out was refused, but made a change".to_owned())
            };
        }
        Err(failure) => return Err(failure.to_string()),
    };
    let tell = &mut |_: Notice<'_>| {};
    let phase = begin(&plan, &progress.journal, journal_writer).map_err(|stop| stop.to_string())?;
    let gone = apply(reader, &phase, &progress.journal, journal_writer, &WAIT_POLICY, tell).await;
    gone.map_err(|stop| format!("the back-out stopped: {stop}"))?;
    require_delivery(lab, broken)?;
    let now = lab.state();
    if now == with_what_stays(before, &now) {
        Ok(Ending::SealedAndBackedOut)
    } else {
        Err(format!("the back-out left another state: {now:?}"))
    }
}

/// The former state with what a back-out leaves: a created key, its alias, rotation, and a cancelled
/// deletion.
fn with_what_stays(before: State, now: &State) -> State {
    let mut expected = before;
    let known = expected.keys.len();
    expected.keys.extend(now.keys.iter().skip(known).cloned());
    expected.aliases.clone_from(&now.aliases);
    for (key, now) in expected.keys.iter_mut().zip(&now.keys) {
        if now.rotation.enabled {
            key.rotation = now.rotation;
        }
        if key.state == "PendingDeletion" && now.state == "Disabled" {
            key.state.clone_from(&now.state);
            key.deletion_date = None;
        }
    }
    expected
}
