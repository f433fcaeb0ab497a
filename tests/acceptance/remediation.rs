//! Remediation over a product of states: whatever is planned is carried out without a moment at
//! which a trail cannot deliver that could before, ends COMPLIANT under the same parameters, and
//! goes back to where it was, or says beforehand why not.

mod worlds;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use trailseal_aws::{Aws, Connection, Identity};
use trailseal_lab::{Lab, State};
use trailseal_plan::{Force, Progress, fold};
use trailseal_remediation::{
    AwsReader, Failure, InMemoryJournal, Mode, Notice, Request, WaitPolicy, begin, carry_out,
    plan_back_out, remediate_one,
};
use trailseal_rule::{
    AccountId, EvaluationContext, Parameters, Region, Timestamp, TrailArn, Verdict,
};

use self::worlds::{ACCOUNT, REGION, Scenario, TRAIL, scenarios};

/// As fast as a lab on loopback shows what was changed.
const WAIT_POLICY: WaitPolicy = WaitPolicy {
    propagation: Duration::from_millis(200),
    read_back: Duration::from_millis(200),
    pause: Duration::from_millis(5),
    wait: Duration::ZERO,
    between_trail_changes: Duration::ZERO,
};

fn aws(lab: &Lab) -> Aws {
    let credentials = lab.credentials(ACCOUNT);
    let connection = Connection::new(Some(lab.url()), trailseal_aws::RetryPolicy::default());
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

/// What came of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Refused,
    SealedAndGoneBack,
    SealedAndNoWayBack,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plan_loses_nothing_seals_and_goes_back() {
    let lab = Lab::start(State::default()).await.unwrap();
    let aws = aws(&lab);
    let mut came: BTreeMap<Came, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        lab.set_state(scenario.state());
        match play(&lab, &aws, &scenario).await {
            Ok(one) => *came.entry(one).or_default() += 1,
            Err(what) => wrong.push(format!("{scenario:?}: {what}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, such as\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    // None of the ways is left untried.
    for way in [Came::Refused, Came::SealedAndGoneBack, Came::SealedAndNoWayBack] {
        assert!(came.get(&way).is_some_and(|number| *number > 20), "{came:?}");
    }
}

/// The bucket has an S3 Bucket Key, which nothing that is read says.
#[tokio::test(flavor = "multi_thread")]
async fn where_cloudtrail_may_not_decrypt_the_bucket_key_is_named() {
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
        let came =
            remediate_one(reader, &parameters, &request, &mut journal_writer, &WAIT_POLICY, tell)
                .await;
        if let Err(Failure::Stopped(stop)) = came {
            let why = stop.to_string();
            assert!(why.contains("InsufficientEncryptionPolicyException"), "{why}");
            assert!(why.contains("S3 Bucket Key") && why.contains("kms:Decrypt"), "{why}");
            named += 1;
        }
        drop(lab.take_delivery_moments());
    }
    assert!(named > 0, "UpdateTrail was never refused");
}

async fn play(lab: &Lab, aws: &Aws, scenario: &Scenario) -> Result<Came, String> {
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
                Ok(Came::Refused)
            } else {
                Err("it refused, and has changed something".to_owned())
            };
        }
        Err(failure) => return Err(format!("neither refused nor done: {failure}")),
    }
    no_new_silence(lab, broken)?;
    sealed(reader, &parameters).await?;
    let progress = fold(&journal_writer.records).map_err(|error| error.to_string())?;
    go_back(lab, reader, &parameters, &progress, &mut journal_writer, before).await
}

/// Between two changes no trail stops delivering.
fn no_new_silence(lab: &Lab, mut broken: BTreeMap<String, String>) -> Result<(), String> {
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
    let arn = TrailArn::parse(TRAIL).unwrap();
    let judged = reader.judge(&context, &arn).await.map_err(|failure| failure.to_string())?;
    if matches!(judged.verdict, Verdict::Sealed(_)) {
        return Ok(());
    }
    Err(format!("it is not COMPLIANT afterwards: {:?}", judged.verdict))
}

fn context(parameters: &Parameters) -> EvaluationContext<'_> {
    EvaluationContext { parameters, now: Timestamp::from_epoch_millis(1_795_500_000_000) }
}

async fn go_back(
    lab: &Lab,
    reader: AwsReader<'_>,
    parameters: &Parameters,
    progress: &Progress,
    journal_writer: &mut InMemoryJournal,
    before: State,
) -> Result<Came, String> {
    let sealed = lab.state();
    let broken = lab.broken_deliveries();
    let context = context(parameters);
    let plan = match plan_back_out(reader, &context, progress, Force::No).await {
        Ok(plan) => plan,
        Err(Failure::Refused(refusals)) => {
            return if lab.state() == sealed && refusals.iter().count() > 0 {
                Ok(Came::SealedAndNoWayBack)
            } else {
                Err("the back-out refused, and has changed something".to_owned())
            };
        }
        Err(failure) => return Err(failure.to_string()),
    };
    let tell = &mut |_: Notice<'_>| {};
    let phase = begin(&plan, &progress.journal, journal_writer).map_err(|stop| stop.to_string())?;
    let gone =
        carry_out(reader, &phase, &progress.journal, journal_writer, &WAIT_POLICY, tell).await;
    gone.map_err(|stop| format!("the back-out stopped: {stop}"))?;
    no_new_silence(lab, broken)?;
    let now = lab.state();
    if now == with_what_stays(before, &now) {
        Ok(Came::SealedAndGoneBack)
    } else {
        Err(format!("the back-out left another state: {now:?}"))
    }
}

/// The state before with what no back-out takes away: a key that was made, its alias, rotation
/// that was turned on, and a deletion that was cancelled.
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
