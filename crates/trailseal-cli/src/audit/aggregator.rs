//! A whole organization by what a configuration aggregator knows of it.
//!
//! Its rows are configuration items, and are judged as those of files are: what AWS Config does not
//! record of a trail's key and bucket is not read, and so unverified. Whether it records trails at
//! all, no row tells: an account and Region of which the aggregator knows something, and no trail,
//! is not judged. Of what it does not gather it knows nothing.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};
use trailseal_aws::{AwsError, Session, select_aggregate};
use trailseal_rule::{
    AccountId, EvaluationContext, KEY_TYPE, KeyQuery, KeyRef, Parameters, Region, TRAIL_TYPE,
    Timestamp, needs,
};

use super::gathered::{Gathered, trail_source};
use super::targets::Target;
use crate::evidence::BUCKET_TYPE;
use crate::inventory::{EventParameters, Inventory, Presence, Role, ScanOptions};
use crate::report::{Problem, RegionReport, Report, judge};
use crate::scan::Document;

/// What makes a row a configuration item (AWS Config Developer Guide, "Query Components").
const ITEM: &str = "SELECT accountId, awsRegion, arn, resourceId, resourceName, resourceType, \
    configurationItemCaptureTime, configurationItemStatus, configuration, \
    supplementaryConfiguration";

/// Every account and Region of which the aggregator knows anything.
const PLACES: &str = "SELECT accountId, awsRegion, COUNT(*) GROUP BY accountId, awsRegion";

/// Characters of a list of ids, so that a query stays below AWS Config's 4,096.
const IDS_CHARS_MAX: usize = 3_500;

/// What is said of an account and Region of which the aggregator knows something, and no trail.
const NO_TRAIL_SEEN: &str = "no trail seen there: AWS Config may not record trails";

/// Places of one kind that a line names; of more, only their number is told.
const PLACES_NAMED_MAX: usize = 10;

const SCAN_OPTIONS: ScanOptions<'static> =
    ScanOptions { role: Role::Judged, event_parameters: EventParameters::Overridden, subject: None };

/// An account and a Region of which the aggregator knows something.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    account_id: String,
    aws_region: String,
}

/// Judges all that the aggregator knows.
///
/// # Errors
///
/// What the first query is answered that fails: a list with a gap is no list.
pub(super) async fn judge_aggregate(
    session: &Session,
    name: &str,
    parameters: &Parameters,
    given: Map<String, Value>,
    now: Timestamp,
) -> Result<Report, AwsError> {
    let mut seen = Inventory::default();
    let query = format!("{ITEM} WHERE resourceType = '{TRAIL_TYPE}'");
    take(&mut seen, select_aggregate(session, name, &query).await?);
    let context = EvaluationContext { parameters, now };
    let (keys, buckets) = wanted(&seen, &context);
    for (kind, ids) in [(KEY_TYPE, keys), (BUCKET_TYPE, buckets)] {
        for ids in lists(&ids) {
            let query = format!("{ITEM} WHERE resourceType = '{kind}' AND resourceId IN ({ids})");
            take(&mut seen, select_aggregate(session, name, &query).await?);
        }
    }
    let places = select_aggregate(session, name, PLACES).await?;
    let mut report = judge(&seen, &[format!("aws/aggregator/{name}")], parameters, given, now);
    for trail in &mut report.trails {
        trail.source = trail_source(&trail.account, &trail.region, trail.name());
    }
    tell_places(&mut report, &places, name);
    Ok(report)
}

fn take(seen: &mut Inventory, rows: Vec<String>) {
    let position = seen.known_documents;
    for (row, position) in rows.iter().zip(position..) {
        seen.read(Document::Item(row.as_bytes()), SCAN_OPTIONS, 0, position);
    }
}

/// The ids of the keys and the names of the buckets that are worth asking for.
fn wanted(
    seen: &Inventory,
    context: &EvaluationContext<'_>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut keys, mut buckets) = (BTreeSet::new(), BTreeSet::new());
    for (_, _, trail) in seen.trails.iter() {
        let Presence::Present(trail) = &trail.presence else { continue };
        let needs = needs(context, trail);
        keys.extend(needs.key.as_ref().and_then(key_id));
        buckets.extend(needs.bucket.map(|bucket| bucket.as_str().to_owned()));
    }
    (keys, buckets)
}

/// Config knows keys by their ids; which key an alias means is in no item.
fn key_id(query: &KeyQuery) -> Option<String> {
    let (KeyQuery::At(_, key) | KeyQuery::InBucketRegion(key)) = query;
    match key {
        KeyRef::Key(arn) => Some(arn.id().to_owned()),
        KeyRef::Id(id) => Some(id.clone()),
        KeyRef::AliasArn { .. } | KeyRef::Alias(_) | KeyRef::Unrecognized(_) => None,
    }
}

/// The ids as lists of a query, none too long. What could not stand in quotes is no id of AWS.
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

/// The accounts and Regions of the aggregator, with what was seen in each.
fn tell_places(report: &mut Report, places: &[String], name: &str) {
    let mut targets = Vec::new();
    let mut regions = Vec::new();
    for place in places {
        let read = serde_json::from_str::<Place>(place).ok().and_then(|place| {
            let account = AccountId::parse(&place.account_id).ok()?;
            Some((account, Region::parse(&place.aws_region).ok()?))
        });
        match read {
            Some((id, region)) => {
                targets.push(Target { id: id.clone(), name: None, left_out: None });
                regions.push((id, region));
            }
            None => report.problems.push(Problem {
                source: format!("aws/aggregator/{name}"),
                message: "a row names no account and Region".to_owned(),
            }),
        }
    }
    if places.is_empty() {
        report.problems.push(Problem {
            source: format!("aws/aggregator/{name}"),
            message: "it knows no resource of any account, so that nothing can be said: see that \
                      its sources have authorized it and record their resources"
                .to_owned(),
        });
    }
    targets.dedup();
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
        gathered.done(&account);
    }
    report.problems.extend(silent_places(&silent, all, name));
    report.accounts = gathered.into_accounts();
    report.summary.accounts = report.accounts.len();
    report.summary.accounts_with_problems =
        report.accounts.iter().filter(|account| account.has_problem()).count();
    report.complete = report.is_whole();
}

/// The places without a trail, in one line: there can be thousands.
fn silent_places(silent: &[String], all: usize, name: &str) -> Option<Problem> {
    if silent.is_empty() {
        return None;
    }
    let named: Vec<&str> = silent.iter().take(PLACES_NAMED_MAX).map(String::as_str).collect();
    let number = silent.len();
    let more = match number.saturating_sub(PLACES_NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more; `-o json` lists them"),
    };
    Some(Problem {
        source: format!("aws/aggregator/{name}"),
        message: format!(
            "no trail is seen in {number} of the {all} places that it gathers ({}{more}), so that \
             nothing can be said of them: AWS Config may not record trails there, and shows no \
             copies of trails; see that their recorders record AWS::CloudTrail::Trail, or audit \
             these accounts by --accounts",
            named.join(", ")
        ),
    })
}
