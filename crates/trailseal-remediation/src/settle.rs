//! Finds the key that an interrupted run may have created, by its tag.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::{Instant, sleep};
use trailseal_aws::{KeyReader, Pages, failed, now};
use trailseal_plan::{
    Call, JOURNAL_TAG, Journal, Progress, Record, StepId, StepState, is_policy_of_created_key,
};
use trailseal_rule::{KeyArn, Reading, Region, Timestamp, TrailArn};

use crate::clients;
use crate::failure::{Failure, Stop};
use crate::journal_writer::JournalWriter;
use crate::read::AwsReader;
use crate::wait::WaitPolicy;

/// The key that was created for this journal, if any. KMS may list a new key late, so this waits.
///
/// # Errors
///
/// Why this cannot be determined.
pub(crate) async fn created_key(
    reader: AwsReader<'_>,
    region: &Region,
    journal: &str,
    wait_policy: &WaitPolicy,
) -> Result<Option<KeyArn>, String> {
    let deadline = Instant::now() + wait_policy.wait;
    loop {
        let found = find_key(reader, region, journal).await?;
        if found.is_some() || Instant::now() >= deadline {
            return Ok(found);
        }
        sleep(wait_policy.pause).await;
    }
}

async fn find_key(
    reader: AwsReader<'_>,
    region: &Region,
    journal: &str,
) -> Result<Option<KeyArn>, String> {
    let client = clients::kms(reader.session, region);
    let mut hidden = Vec::new();
    let mut pages = Pages::new("kms:ListKeys", region);
    let mut next = None;
    loop {
        let page = client.list_keys().set_marker(next).send().await;
        let page = page.map_err(|error| failure("kms:ListKeys", region, &error))?;
        for key in page.keys.unwrap_or_default() {
            let Some(arn) = key.key_arn.and_then(|arn| KeyArn::parse(&arn).ok()) else { continue };
            match has_tag(&client, &arn, journal).await? {
                Some(true) => return Ok(Some(arn)),
                Some(false) => {}
                None => hidden.push(arn),
            }
        }
        let following = pages.next_marker(page.truncated, page.next_marker);
        next = following.map_err(|error| error.to_string())?;
        if next.is_none() {
            break;
        }
    }
    for arn in hidden {
        if may_be_new(&client, &arn, journal).await? {
            return Err(format!(
                "AWS denied the tags of {arn}, so it is not known whether an earlier run created it; \
                 allow kms:ListResourceTags"
            ));
        }
    }
    Ok(None)
}

/// Whether the key has the journal's tag; `None` if AWS denied its tags.
async fn has_tag(
    client: &aws_sdk_kms::Client,
    key: &KeyArn,
    journal: &str,
) -> Result<Option<bool>, String> {
    let mut pages = Pages::new("kms:ListResourceTags", key.region());
    let mut next = None;
    loop {
        let call = client.list_resource_tags().key_id(key.as_str()).set_marker(next);
        let page = match call.send().await {
            Ok(page) => page,
            Err(error) if error.code() == Some("AccessDeniedException") => return Ok(None),
            Err(error) if error.code() == Some("NotFoundException") => return Ok(Some(false)),
            Err(error) => return Err(failure("kms:ListResourceTags", key.region(), &error)),
        };
        let mut ids = page.tags().iter().filter(|tag| tag.tag_key() == JOURNAL_TAG);
        if ids.any(|tag| tag.tag_value() == journal) {
            return Ok(Some(true));
        }
        let following = pages.next_marker(page.truncated, page.next_marker);
        next = following.map_err(|error| error.to_string())?;
        if next.is_none() {
            return Ok(Some(false));
        }
    }
}

/// Whether a key with unreadable tags may be the journal's: not if it is older than the journal.
async fn may_be_new(
    client: &aws_sdk_kms::Client,
    key: &KeyArn,
    journal: &str,
) -> Result<bool, String> {
    let described = client.describe_key().key_id(key.as_str()).send().await;
    let created = match described {
        Ok(described) => described.key_metadata.and_then(|key| key.creation_date),
        Err(error) if error.code() == Some("AccessDeniedException") => None,
        Err(error) => return Err(failure("kms:DescribeKey", key.region(), &error)),
    };
    let begun = begun(journal);
    Ok(match (created.and_then(|at| at.to_millis().ok()), begun) {
        (Some(created), Some(begun)) => created >= begun.epoch_millis() - CLOCKS_MILLISECONDS,
        (None, _) | (_, None) => true,
    })
}

/// The largest difference between the clocks of this machine and of AWS.
const CLOCKS_MILLISECONDS: i64 = 600_000;

/// The time at the start of a journal ID, such as `20261124T200501123Z`.
fn begun(journal: &str) -> Option<Timestamp> {
    let (time, _) = journal.split_once('-')?;
    let part = |from: usize, to: usize| time.get(from..to);
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    );
    Timestamp::parse(&iso).ok()
}

fn failure<E>(action: &'static str, region: &Region, error: &SdkError<E, HttpResponse>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    failed(action, region, error).to_string()
}

/// Finds the key that an interrupted run may have created without journaling it, and adds it to the
/// journal.
///
/// # Errors
///
/// [`Failure::Stopped`] if this cannot be determined, or the journal cannot be written.
pub async fn settle(
    reader: AwsReader<'_>,
    journal: &mut Journal,
    journal_writer: &mut dyn JournalWriter,
    wait_policy: &WaitPolicy,
) -> Result<Progress, Failure> {
    const STEP: StepId = StepId::CreateKey;
    let progress = journal.progress().map_err(not_a_journal)?;
    let is_uncertain = |step: StepId| {
        let mut steps = progress.remediation.steps.iter();
        steps.any(|each| each.step == step && each.state == StepState::Uncertain)
    };
    let call = progress.remediation.plan.step(STEP).map(|step| &step.call);
    let is_open = progress.back_out.is_none() && is_uncertain(STEP);
    let Some(Call::CreateKey { region, .. }) = call.filter(|_| is_open) else {
        return Ok(progress);
    };
    let found = created_key(reader, region, &progress.journal, wait_policy).await;
    let found = found.map_err(|why| Stop::Doubt { step: Some(STEP), why })?;
    let Some(arn) = found else { return Ok(progress) };
    let record = Record::Done { step: STEP, request_id: None, created_key: Some(arn), time: now() };
    journal_writer.write(&record).map_err(|cause| Stop::Journal { step: Some(STEP), cause })?;
    journal.records.push(record);
    journal.progress().map_err(not_a_journal)
}

/// The key of the caller's account with this alias, if the run of one of these journals created it:
/// the key has the journal's tag, and its policy is the planned one, with statements for the trails
/// of the other journals. Any other key may be somebody else's.
///
/// # Errors
///
/// [`Failure::Aws`] if AWS does not respond, [`Failure::Stopped`] if the tags cannot be read.
pub async fn made_by(
    reader: AwsReader<'_>,
    region: &Region,
    alias: &str,
    journals: &[Progress],
) -> Result<Option<KeyArn>, Failure> {
    let Reading::Known(key) = reader.named_by(alias, region).await? else { return Ok(None) };
    let account = reader.session.account();
    let own = |progress: &&Progress| progress.remediation.plan.trail.owner() == account;
    let makers = journals.iter().filter(own).filter(|progress| makes(progress, alias, region));
    let others: Vec<TrailArn> = journals
        .iter()
        .filter(own)
        .map(|progress| progress.remediation.plan.trail.clone())
        .collect();
    let client = clients::kms(reader.session, region);
    for progress in makers {
        let has_tag = has_tag(&client, &key, &progress.journal).await;
        let has_tag = has_tag.map_err(|why| Stop::Doubt { step: None, why })?;
        if has_tag != Some(true) {
            continue;
        }
        let keys = KeyReader::new(reader.aws, reader.session);
        if let Reading::Known(policy) = keys.policy(&key, reader.key_role).await?
            && is_policy_of_created_key(&policy, progress, account, &others)
        {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Whether a journal's plan creates a key with this alias.
fn makes(progress: &Progress, alias: &str, region: &Region) -> bool {
    let step = progress.remediation.plan.step(StepId::CreateAlias);
    step.is_some_and(|step| {
        matches!(&step.call, Call::CreateAlias { region: of, alias: named, .. }
            if named == alias && of == region)
    })
}

fn not_a_journal(cause: trailseal_plan::JournalError) -> Failure {
    Failure::NotAJournal { file: "the journal".to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal_writer::new_journal_id;

    #[test]
    fn a_journal_id_starts_with_the_time() {
        let begun = begun(&new_journal_id().unwrap()).unwrap();
        let apart = now().epoch_millis() - begun.epoch_millis();
        assert!((0..2000).contains(&apart), "{apart}");
        assert_eq!(super::begun("another"), None);
    }
}
