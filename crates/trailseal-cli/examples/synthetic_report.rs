//! Writes a synthetic report as JSON to standard output, for benchmarks and browser tests.
//!
//! `synthetic_report [TRAILS] [ACCOUNTS] [open=PERCENT] [hostile]`: by default 100 trails in 12
//! accounts, 3 % of them with a finding. The same arguments always give the same bytes. With
//! `hostile`, each text tries to become markup.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};
use trailseal_rule::{CHECKS, CIS_CONTROLS};

const REGIONS: &str = "eu-central-1 us-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 \
    ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-north-1 eu-west-1 eu-west-2 \
    eu-west-3 sa-east-1 us-east-2 us-west-1 us-west-2";
const REGION_COUNT: usize = 17;

const NAMES: [&str; 8] =
    ["payments", "identity", "data-lake", "web", "sandbox", "security", "logs", "shared"];

/// Short enough for a trail's name in an ARN.
const ARN_PAYLOAD: &str = "'><svg onload=document.documentElement.dataset.pwned='3'>";

const PAYLOADS: [&str; 6] = [
    "<script>document.documentElement.dataset.pwned='1'</script>",
    "\"><img src=x onerror=\"document.documentElement.dataset.pwned='2'\">",
    ARN_PAYLOAD,
    "</style></title></textarea><iframe src=\"javascript:parent.document.documentElement.dataset.pwned='4'\"></iframe>",
    "{{7*7}}<a href=javascript:alert(5)>x</a><meta http-equiv=refresh content=\"0;url=https://example.com/\">",
    "&lt;b&gt;\u{202e}gnp.exe\u{0000}<style>*{display:none}</style>",
];

/// The members that have a type of their own: a report with a payload in them is refused.
const TYPED: &str = "account arn bucketRegion captured compliance deletionDate finishedAt \
    generatedAt next origin outcome profile reading region startedAt status unverified validTo value";

/// The kinds of trails, in the order of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Disabled,
    NoKey,
    Denied,
    Sealed,
    Copy,
}

impl Kind {
    fn of(trail: usize, open_percent: usize) -> Self {
        // 61 and 100 have no common divisor: the findings are spread evenly.
        let lot = trail * 61 % 100;
        match (lot < open_percent, lot % 3) {
            (true, 0) => Self::Disabled,
            (true, 1) => Self::NoKey,
            (true, _) => Self::Denied,
            (false, _) if lot > 92 => Self::Copy,
            (false, _) => Self::Sealed,
        }
    }

    /// The check that did not pass, its outcome, what it found and the fix.
    fn finding(self) -> Option<[&'static str; 4]> {
        match self {
            Self::Disabled => Some([
                "key-usable",
                "fail",
                "the key is disabled",
                "enable the key, or set kmsKeyId to another one",
            ]),
            Self::NoKey => Some([
                "sse-kms-enabled",
                "fail",
                "the trail has no KMS key: its log files are not encrypted with SSE-KMS",
                "set kmsKeyId to a customer managed key",
            ]),
            Self::Denied => Some([
                "key-usable",
                "unknown",
                "could not verify the state of the key: kms:DescribeKey was denied",
                "allow kms:DescribeKey on the key",
            ]),
            Self::Sealed | Self::Copy => None,
        }
    }

    fn compliance(self) -> &'static str {
        match self {
            Self::Disabled | Self::NoKey | Self::Denied => "NON_COMPLIANT",
            Self::Sealed => "COMPLIANT",
            Self::Copy => "NOT_APPLICABLE",
        }
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = arguments.iter().filter_map(|argument| argument.parse().ok());
    let (trails, accounts) = (numbers.next().unwrap_or(100), numbers.next().unwrap_or(12).max(1));
    let percent =
        arguments.iter().find_map(|argument| argument.strip_prefix("open=")?.parse().ok());
    let is_hostile = arguments.iter().any(|argument| argument == "hostile");
    let report = report(trails, accounts, percent.unwrap_or(3));
    let report = if is_hostile { hostile("", report, &mut 0) } else { report };
    let mut out = BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut out, &report)?;
    out.flush()
}

fn report(trails: usize, accounts: usize, open_percent: usize) -> Value {
    let mut order: Vec<(Kind, usize)> =
        (0..trails).map(|trail| (Kind::of(trail, open_percent), trail)).collect();
    order.sort_unstable();
    let mut count = BTreeMap::<Kind, usize>::new();
    let mut trails_of = BTreeMap::<(usize, &str), usize>::new();
    for (kind, trail) in &order {
        *count.entry(*kind).or_default() += 1;
        *trails_of.entry(place(*trail, accounts)).or_default() += 1;
    }
    let count = |kind| count.get(&kind).copied().unwrap_or_default();
    let controls = CIS_CONTROLS
        .iter()
        .map(|control| json!({ "publication": control.publication, "number": control.number }));
    json!({
        "version": 1,
        "tool": { "name": "trailseal", "version": env!("CARGO_PKG_VERSION") },
        "generatedAt": "2026-11-24T09:30:00.000Z",
        "run": {
            "command": "audit",
            "arguments": ["--accounts", "organization", "--role-name", "trailseal-audit", "-p", "profile=strict"],
            "caller": { "arn": "arn:aws:sts::111122223333:assumed-role/auditors/ada", "account": "111122223333" },
            "startedAt": "2026-11-24T09:29:12.000Z",
            "finishedAt": "2026-11-24T09:30:00.000Z",
            "interrupted": false,
            "config": null,
        },
        "complete": false,
        "summary": {
            "trails": trails,
            "nonCompliant": count(Kind::Disabled) + count(Kind::NoKey) + count(Kind::Denied),
            "compliant": count(Kind::Sealed),
            "notApplicable": count(Kind::Copy),
            "unverified": count(Kind::Denied),
            "copies": count(Kind::Copy),
            "files": 0,
            "filesSkipped": 0,
            "accounts": accounts,
            "accountsWithProblems": (0..accounts).filter(|account| is_refused(*account) || is_denied(*account)).count(),
        },
        "parameters": { "profile": "strict", "unverified": "NON_COMPLIANT" },
        "controls": controls.collect::<Vec<_>>(),
        "trails": order.iter().map(|(kind, number)| trail(*kind, *number, accounts)).collect::<Vec<_>>(),
        "accounts": (0..accounts).map(|number| account(number, &trails_of)).collect::<Vec<_>>(),
        "problems": [{
            "source": account_id(3),
            "message": "role `trailseal-audit` cannot be assumed: create it with the template, or leave the account out",
        }],
    })
}

/// The account and the Region of a trail. Some accounts and Regions stay without a trail.
fn place(trail: usize, accounts: usize) -> (usize, &'static str) {
    let account = trail % accounts;
    let account = if is_refused(account) { 0 } else { account };
    let regions = if account % 4 == 1 { REGION_COUNT - 5 } else { REGION_COUNT };
    let region = REGIONS.split(' ').nth((trail / accounts + account) % regions);
    (account, region.unwrap_or("eu-central-1"))
}

fn is_refused(account: usize) -> bool {
    account % 29 == 3
}

/// Whether a Region of the account refuses.
fn is_denied(account: usize) -> bool {
    account % 7 == 5
}

fn account_id(number: usize) -> String {
    format!("{:012}", 111_122_223_333 + number * 1_000_003)
}

fn name(number: usize) -> &'static str {
    NAMES.get(number % NAMES.len()).copied().unwrap_or_default()
}

fn account(number: usize, trails_of: &BTreeMap<(usize, &str), usize>) -> Value {
    let problem = is_refused(number).then_some("role `trailseal-audit` cannot be assumed");
    let region = |region: &str| {
        let denied = is_denied(number) && region == "sa-east-1";
        json!({
            "region": region,
            "trails": trails_of.get(&(number, region)).copied().unwrap_or_default(),
            "problem": denied.then_some("cloudtrail:DescribeTrails was denied"),
        })
    };
    let regions = REGIONS.split(' ').filter(|_| problem.is_none()).map(region);
    json!({
        "id": account_id(number),
        "name": format!("{}-{}", name(number), if number.is_multiple_of(2) { "production" } else { "test" }),
        "problem": problem,
        "regions": regions.collect::<Vec<_>>(),
    })
}

fn trail(kind: Kind, number: usize, accounts: usize) -> Value {
    let (account, region) = place(number, accounts);
    let id = account_id(account);
    let name = format!("{}-trail-{number}", name(number / 7));
    // A copy is seen in another Region than the home Region of its trail.
    let home = match region {
        "us-east-1" if kind == Kind::Copy => "eu-west-1",
        _ if kind == Kind::Copy => "us-east-1",
        region => region,
    };
    let arn = format!("arn:aws:cloudtrail:{home}:{id}:trail/{name}");
    let key = format!("arn:aws:kms:{region}:{id}:key/{account:08x}-0000-4000-8000-000000000000");
    let is_judged = kind != Kind::Copy;
    let copy =
        format!("this copy of a multi-Region trail is not evaluated; its home Region is {home}");
    let annotation = match kind.finding() {
        Some([_, _, what, fix]) => format!("{what}. Fix: {fix}"),
        None if is_judged => format!("sealed with {key}"),
        None => copy.clone(),
    };
    let is_formerly_exempt = kind == Kind::Disabled && number.is_multiple_of(5);
    json!({
        "resourceId": name,
        "arn": arn,
        "account": id,
        "region": region,
        "compliance": kind.compliance(),
        "unverified": kind == Kind::Denied,
        "profile": is_judged.then_some("strict"),
        "annotation": annotation,
        "key": (kind != Kind::NoKey).then_some(&key),
        "bucket": format!("{id}-cloudtrail-logs"),
        "reason": (!is_judged).then_some(copy),
        "notes": is_formerly_exempt.then_some("its exemption ended on 2026-10-31").into_iter().collect::<Vec<_>>(),
        "checks": if is_judged { checks(kind) } else { Vec::new() },
        "evidence": is_judged.then(|| evidence(kind, &key, region, &id)),
        "captured": null,
        "source": format!("aws/{id}/{region}/cloudtrail/{name}"),
    })
}

fn checks(kind: Kind) -> Vec<Value> {
    let result = |id: &str, why: &str| {
        let (outcome, what, fix) = match kind.finding() {
            Some([open, outcome, what, fix]) if open == id => (outcome, Some(what), Some(fix)),
            Some(_) if kind == Kind::NoKey => return None,
            Some(_) | None => ("pass", None, None),
        };
        Some(json!({ "id": id, "outcome": outcome, "what": what, "why": why, "fix": fix }))
    };
    let of_rule = CHECKS.iter().filter(|check| check.profile.is_some());
    of_rule.filter_map(|check| result(check.id.as_str(), check.rationale)).collect()
}

fn evidence(kind: Kind, key: &str, region: &str, account: &str) -> Value {
    let known = |value: Value| json!({ "reading": "known", "value": value });
    let refused = |why: &str| json!({ "reading": "refused", "why": why });
    let with_key = |value: Value| {
        if kind == Kind::NoKey { refused("it was not read") } else { known(value) }
    };
    let is_disabled = kind == Kind::Disabled;
    let described = with_key(json!({
        "arn": key, "manager": "CUSTOMER", "state": if is_disabled { "Disabled" } else { "Enabled" },
        "usage": "ENCRYPT_DECRYPT", "spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS",
        "validTo": null, "deletionDate": null, "replica": false,
    }));
    let denied = kind == Kind::Denied;
    let error = is_disabled.then_some("KMS.DisabledException");
    let rotation = json!({ "status": "on", "periodDays": 365, "next": "2027-03-01T00:00:00.000Z" });
    json!({
        "key": if denied { refused("kms:DescribeKey was denied") } else { described },
        "bucketRegion": known(json!(region)),
        "rotation": with_key(rotation),
        "keyPolicy": with_key(json!(policy(account, region))),
        "delivery": known(json!({ "error": error, "digestError": null })),
    })
}

/// The policy of a key, which is the same for all trails that use it.
fn policy(account: &str, region: &str) -> String {
    let statement = |sid: &str, principal: Value, action: Value| json!({ "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*" });
    let iam = |resource: &str| json!({ "AWS": format!("arn:aws:iam::{account}:{resource}") });
    let trails = format!("arn:aws:cloudtrail:{region}:{account}:trail/*");
    let service = json!({ "Service": "cloudtrail.amazonaws.com" });
    let actions = json!(["kms:GenerateDataKey*", "kms:DescribeKey"]);
    let admission = json!({
        "Sid": "Let CloudTrail encrypt", "Effect": "Allow", "Principal": service, "Action": actions,
        "Resource": "*", "Condition": { "StringLike": { "aws:SourceArn": trails } },
    });
    json!({
        "Version": "2012-10-17",
        "Statement": [
            statement("Enable IAM policies", iam("root"), json!("kms:*")),
            admission,
            statement("Let the auditors decrypt", iam("role/auditors"), json!("kms:Decrypt")),
        ],
    })
    .to_string()
}

/// The value with a payload in each text.
fn hostile(name: &str, value: Value, counter: &mut usize) -> Value {
    match value {
        Value::String(text) if text == "trailseal" => Value::String(text),
        Value::String(text) if text.contains(":trail/") && name == "arn" => {
            Value::String(format!("{text}{ARN_PAYLOAD}"))
        }
        Value::String(text) => {
            // A JSON document in a text stays a document.
            if let Ok(document @ Value::Object(_)) = serde_json::from_str(&text) {
                return Value::String(hostile("", document, counter).to_string());
            }
            if TYPED.split_whitespace().any(|typed| typed == name) {
                return Value::String(text);
            }
            *counter += 1;
            let payload = PAYLOADS.get(*counter % PAYLOADS.len()).copied().unwrap_or_default();
            Value::String(format!("{payload}{text}"))
        }
        // A compliant trail must have the checks of its profile; it can have more.
        Value::Array(values) if name == "checks" => {
            let more = values.first().map(|first| hostile("", first.clone(), counter));
            let with_id = |value: Value| {
                let id = value.get("id").cloned();
                let mut value = hostile("", value, counter);
                if let (Some(place), Some(id)) = (value.get_mut("id"), id) {
                    *place = id;
                }
                value
            };
            values.into_iter().map(with_id).chain(more).collect()
        }
        Value::Array(values) => {
            values.into_iter().map(|value| hostile(name, value, counter)).collect()
        }
        Value::Object(members) => {
            // The account of trails and the key of a passed check must stay what they are.
            let has_trails = members.contains_key("regions")
                && members.get("problem").is_some_and(Value::is_null);
            let mut member = |(name, value): (String, Value)| {
                if has_trails && name == "id" || name == "state" && value == "Enabled" {
                    return (name, value);
                }
                let value = hostile(&name, value, counter);
                (name, value)
            };
            members.into_iter().map(&mut member).collect()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}
