//! Evaluates an organization through a configuration aggregator.
//!
//! Its rows are configuration items and are evaluated like those of files: evidence of a key or
//! bucket that AWS Config does not record is unverified. No row shows whether AWS Config records
//! trails, so an account and Region with other resources but no trail is not evaluated. Accounts
//! and Regions that the aggregator does not collect are unknown.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};
use trailseal_aws::{AwsError, Session, select_aggregate};
use trailseal_findings::trail_source;
use trailseal_rule::{
    AccountId, EvaluationContext, KEY_TYPE, KeyQuery, KeyRef, Parameters, Region, TRAIL_TYPE,
    Timestamp, needs_in_items,
};

use super::gathered::Gathered;
use super::targets::Target;
use crate::evidence::BUCKET_TYPE;
use crate::inventory::{EventParameters, Inventory, Presence, Role, ScanOptions};
use crate::report::{Problem, RegionReport, Report, Summary, judge};
use crate::scan::Document;

/// The columns of a configuration item (AWS Config Developer Guide, "Query Components").
const ITEM: &str = "SELECT accountId, awsRegion, arn, resourceId, resourceName, resourceType, \
    configurationItemCaptureTime, configurationItemStatus, configuration, \
    supplementaryConfiguration";

/// Every account and Region with a resource in the aggregator.
const LOCATIONS: &str = "SELECT accountId, awsRegion, COUNT(*) GROUP BY accountId, awsRegion";

/// The most characters in a list of IDs, so that a query stays below AWS Config's limit of 4,096.
const IDS_CHARS_MAX: usize = 3_500;

/// The problem of an account and Region with a resource in the aggregator, but no trail.
const NO_TRAIL_SEEN: &str = "no trail seen there: AWS Config may not record trails";

/// The most accounts and Regions in one message; it gives only the number of the others.
const LOCATIONS_NAMED_MAX: usize = 10;

const SCAN_OPTIONS: ScanOptions<'static> = ScanOptions {
    role: Role::Judged,
    event_parameters: EventParameters::Overridden,
    subject: None,
};

/// An account and a Region with a resource in the aggregator.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    account_id: AccountId,
    aws_region: Region,
}

/// Evaluates all trails in the aggregator.
///
/// # Errors
///
/// A query failed.
pub(super) async fn judge_aggregate(
    session: &Session,
    name: &str,
    parameters: &Parameters,
    given: Map<String, Value>,
    now: Timestamp,
) -> Result<Report, AwsError> {
    let mut seen = Inventory::default();
    let query = format!("{ITEM} WHERE resourceType = '{TRAIL_TYPE}'");
    read_rows(&mut seen, select_aggregate(session, name, &query).await?);
    let context = EvaluationContext { parameters, now };
    let (keys, buckets) = wanted(&seen, &context);
    for (kind, ids) in [(KEY_TYPE, keys), (BUCKET_TYPE, buckets)] {
        for ids in lists(&ids) {
            let query = format!("{ITEM} WHERE resourceType = '{kind}' AND resourceId IN ({ids})");
            read_rows(&mut seen, select_aggregate(session, name, &query).await?);
        }
    }
    let locations = select_aggregate(session, name, LOCATIONS).await?;
    let mut report = judge(&seen, &[format!("aws/aggregator/{name}")], parameters, given, now);
    for trail in &mut report.trails {
        trail.source = trail_source(&trail.account, &trail.region, trail.name());
    }
    add_locations(&mut report, &locations, name);
    Ok(report)
}

fn read_rows(seen: &mut Inventory, rows: Vec<String>) {
    let position = seen.known_documents;
    for (row, position) in rows.iter().zip(position..) {
        seen.read(Document::Item(row.as_bytes()), SCAN_OPTIONS, 0, position);
    }
}

/// The IDs of the keys and the names of the buckets that the trails need.
fn wanted(
    seen: &Inventory,
    context: &EvaluationContext<'_>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut keys, mut buckets) = (BTreeSet::new(), BTreeSet::new());
    for (_, _, trail) in seen.trails.iter() {
        let Presence::Present(trail) = &trail.presence else { continue };
        let needs = needs_in_items(context, trail);
        keys.extend(needs.key.as_ref().and_then(key_id));
        buckets.extend(needs.bucket.map(|bucket| bucket.as_str().to_owned()));
    }
    (keys, buckets)
}

/// AWS Config identifies keys by their IDs; the key of an alias is in no item.
fn key_id(query: &KeyQuery) -> Option<String> {
    let (KeyQuery::At(_, key) | KeyQuery::InBucketRegion(key)) = query;
    match key {
        KeyRef::Key(arn) => Some(arn.id().to_owned()),
        KeyRef::Id(id) => Some(id.clone()),
        KeyRef::AliasArn { .. }
        | KeyRef::Alias(_)
        | KeyRef::Unrecognized(_)
        | KeyRef::NotKnown(_) => None,
    }
}

/// The IDs as lists for queries of limited length, without text that is not an ID.
fn lists(ids: &BTreeSet<String>) -> Vec<String> {
    let of_ids = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let mut lists: Vec<String> = Vec::new();
    for id in ids.iter().filter(|id| id.bytes().all(of_ids)) {
        match lists.last_mut() {
            Some(list) if list.len() + id.len() < IDS_CHARS_MAX => {
                list.push_str(&format!(", '{id}'"));
            }
            Some(_) | None => lists.push(format!("'{id}'")),
        }
    }
    lists
}

/// Adds the accounts and Regions of the aggregator, and a problem for those without a trail.
fn add_locations(report: &mut Report, locations: &[String], name: &str) {
    let (mut problems, mut regions) = (Vec::new(), Vec::new());
    for row in locations {
        match serde_json::from_str(row) {
            Ok(Location { account_id, aws_region }) => regions.push((account_id, aws_region)),
            Err(_) => problems.push("a row does not have an account and Region".to_owned()),
        }
    }
    if locations.is_empty() {
        problems.push(
            "it has no resource of any account, so nothing can be judged: check that its sources \
             have authorized it and record their resources"
                .to_owned(),
        );
    }
    let targets: Vec<Target> = regions.iter().map(|(id, _)| Target::plain(id.clone())).collect();
    let mut gathered = Gathered::of(&targets);
    let all = regions.len();
    let mut silent = Vec::new();
    for (account, region) in regions {
        let here =
            report.trails.iter().filter(|trail| trail.account == account && trail.region == region);
        let trails = here.count();
        let problem = (trails == 0).then(|| NO_TRAIL_SEEN.to_owned());
        if problem.is_some() {
            silent.push(format!("{account} {region}"));
        }
        gathered.region(&account, RegionReport { region: region.to_string(), trails, problem });
    }
    problems.extend(locations_without_trails(&silent, all));
    let source = format!("aws/aggregator/{name}");
    let problem = |message| Problem { source: source.clone(), message };
    report.problems.extend(problems.into_iter().map(problem));
    report.accounts = gathered.into_accounts();
    report.summary = Summary::of(&report.trails, &report.accounts);
    report.complete = report.is_whole();
}

/// One problem for all accounts and Regions without a trail, since there can be thousands.
fn locations_without_trails(silent: &[String], all: usize) -> Option<String> {
    if silent.is_empty() {
        return None;
    }
    let named: Vec<&str> = silent.iter().take(LOCATIONS_NAMED_MAX).map(String::as_str).collect();
    let number = silent.len();
    let more = match number.saturating_sub(LOCATIONS_NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more; `-o json` lists them"),
    };
    Some(format!(
        "no trail is seen in {number} of its {all} accounts and Regions ({}{more}), so these \
         cannot be judged: AWS Config may not record trails there, and does not show copies of \
         trails; check that their recorders record AWS::CloudTrail::Trail, or audit these \
         accounts with --accounts",
        named.join(", ")
    ))
}
