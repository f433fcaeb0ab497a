//! Writes a report of a wanted size as JSON to standard output, for measuring and for tests.
//!
//! `synthetic_report [TRAILS] [ACCOUNTS] [open=PERCENT] [hostile]`: 100 trails over 12 accounts
//! where nothing is said, 3 of 100 of them with a finding. The same words always give the same
//! bytes. With `hostile`, every text is one that tries to become markup.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};
use trailseal_rule::{CHECKS, CIS_CONTROLS};

const REGIONS: [&str; 17] = [
    "eu-central-1",
    "us-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

const NAMES: [&str; 8] =
    ["payments", "identity", "data-lake", "web", "sandbox", "security", "logs", "shared"];

const PAYLOADS: [&str; 6] = [
    "<script>document.documentElement.dataset.pwned='1'</script>",
    "\"><img src=x onerror=\"document.documentElement.dataset.pwned='2'\">",
    "'><svg onload=document.documentElement.dataset.pwned='3'>",
    "</style></title></textarea><iframe src=\"javascript:parent.document.documentElement.dataset.pwned='4'\"></iframe>",
    "{{7*7}}<a href=javascript:alert(5)>x</a><meta http-equiv=refresh content=\"0;url=https://example.com/\">",
    "&lt;b&gt;\u{202e}gnp.exe\u{0000}<style>*{display:none}</style>",
];

/// Members whose texts have a form of their own, without which a report is refused.
const FORMS: [&str; 11] = [
    "account",
    "captured",
    "compliance",
    "deletionDate",
    "generatedAt",
    "next",
    "origin",
    "outcome",
    "reading",
    "status",
    "validTo",
];

/// What is wanted.
struct Plan {
    trails: usize,
    accounts: usize,
    open_percent: usize,
    is_hostile: bool,
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = words.iter().filter_map(|word| word.parse().ok());
    let percent = words.iter().find_map(|word| word.strip_prefix("open=")?.parse().ok());
    let plan = Plan {
        trails: numbers.next().unwrap_or(100),
        accounts: numbers.next().unwrap_or(12).max(1),
        open_percent: percent.unwrap_or(3),
        is_hostile: words.iter().any(|word| word == "hostile"),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    write(&plan, &mut out)?;
    out.flush()
}

/// Trail by trail, so that no size needs memory.
fn write(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let kinds: Vec<Kind> = kinds(plan);
    let of = |wanted: &[Kind]| kinds.iter().filter(|kind| wanted.contains(kind)).count();
    let unverified = of(&[Kind::Denied]);
    let summary = json!({
        "trails": plan.trails,
        "nonCompliant": of(&[Kind::Disabled, Kind::NoKey]) + unverified,
        "compliant": of(&[Kind::Sealed]),
        "notApplicable": of(&[Kind::Copy]),
        "unverified": unverified,
        "files": 0,
        "filesSkipped": 0,
        "accounts": plan.accounts,
        "accountsWithProblems": (0..plan.accounts).filter(|number| is_refused(*number)).count(),
    });
    let controls = CIS_CONTROLS
        .iter()
        .map(|control| json!({ "publication": control.publication, "number": control.number }));
    let head = json!({
        "version": 1,
        "tool": { "name": "trailseal", "version": env!("CARGO_PKG_VERSION") },
        "generatedAt": "2026-11-24T09:30:00.000Z",
        "complete": false,
        "summary": summary,
        "parameters": { "profile": "strict", "unverified": "NON_COMPLIANT" },
        "controls": controls.collect::<Vec<_>>(),
    });
    out.write_all(b"{")?;
    for (name, member) in told(plan, head, 0).as_object().into_iter().flatten() {
        write!(out, "{}:{member},", json!(name))?;
    }
    out.write_all(b"\"trails\":[")?;
    let mut order: Vec<usize> = (0..plan.trails).collect();
    order.sort_by_key(|number| kinds.get(*number).copied());
    for (index, number) in order.into_iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let kind = kinds.get(number).copied().unwrap_or(Kind::Sealed);
        serde_json::to_writer(&mut *out, &told(plan, trail(plan, number, kind), number))?;
    }
    let accounts: Vec<Value> =
        (0..plan.accounts).map(|number| told(plan, account(plan, number), number)).collect();
    let problem = json!({
        "source": account_id(3),
        "message": "role `trailseal-audit` cannot be assumed: create it with the template, or leave the account out",
    });
    let problems = [told(plan, problem, 2)];
    writeln!(out, "],\"accounts\":{},\"problems\":{}}}", json!(accounts), json!(problems))
}

/// What is to be said of a trail, in the order of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Disabled,
    NoKey,
    Denied,
    Sealed,
    Copy,
}

fn kinds(plan: &Plan) -> Vec<Kind> {
    let kind = |number: usize| {
        // 61 has no divisor in common with 100: the findings lie scattered.
        let lot = number * 61 % 100;
        match (lot < plan.open_percent, lot % 3) {
            (true, 0) => Kind::Disabled,
            (true, 1) => Kind::NoKey,
            (true, _) => Kind::Denied,
            (false, _) if lot > 92 => Kind::Copy,
            (false, _) => Kind::Sealed,
        }
    };
    (0..plan.trails).map(kind).collect()
}

/// The account and the Region of a trail: spread over most of both, so that some stay without.
fn place(plan: &Plan, number: usize) -> (usize, &'static str) {
    let account = number % plan.accounts;
    let account = if is_refused(account) { 0 } else { account };
    let regions = if account % 4 == 1 { REGIONS.len() - 5 } else { REGIONS.len() };
    let region = (number / plan.accounts + account) % regions;
    (account, REGIONS.get(region).copied().unwrap_or("eu-central-1"))
}

fn is_refused(account: usize) -> bool {
    account % 29 == 3
}

fn account_id(number: usize) -> String {
    format!("{:012}", 111_122_223_333 + number * 1_000_003)
}

fn account(plan: &Plan, number: usize) -> Value {
    let name = NAMES.get(number % NAMES.len()).copied().unwrap_or_default();
    let problem = is_refused(number).then_some("role `trailseal-audit` cannot be assumed");
    let seen: std::collections::BTreeSet<&str> = (0..plan.trails)
        .skip(number)
        .step_by(plan.accounts)
        .chain((0..plan.trails).take(if number == 0 { plan.trails } else { 0 }))
        .take(2000)
        .map(|trail| place(plan, trail))
        .filter(|(account, _)| *account == number)
        .map(|(_, region)| region)
        .collect();
    let region = |region: &&str| {
        let denied = number % 7 == 5 && *region == "sa-east-1";
        json!({
            "region": region,
            "trails": usize::from(seen.contains(region)),
            "problem": denied.then_some("cloudtrail:DescribeTrails was denied"),
        })
    };
    json!({
        "id": account_id(number),
        "name": format!("{name}-{}", if number.is_multiple_of(2) { "production" } else { "test" }),
        "problem": problem,
        "regions": if problem.is_some() { vec![] } else { REGIONS.iter().map(region).collect::<Vec<_>>() },
    })
}

fn trail(plan: &Plan, number: usize, kind: Kind) -> Value {
    let (account, region) = place(plan, number);
    let id = account_id(account);
    let name = NAMES.get(number / 7 % NAMES.len()).copied().unwrap_or_default();
    let name = format!("{name}-trail-{number}");
    let arn = format!("arn:aws:cloudtrail:{region}:{id}:trail/{name}");
    let key = format!("arn:aws:kms:{region}:{id}:key/{account:08x}-0000-4000-8000-000000000000");
    let has_key = kind != Kind::NoKey;
    let (compliance, annotation) = match kind {
        Kind::Disabled => ("NON_COMPLIANT", format!("the key is disabled (key {key}). Fix: enable the key, or set kmsKeyId to another one")),
        Kind::NoKey => ("NON_COMPLIANT", "the trail has no KMS key: its log files are not encrypted with SSE-KMS. Fix: set kmsKeyId to a customer managed key".to_owned()),
        Kind::Denied => ("NON_COMPLIANT", "could not verify the state of the key: kms:DescribeKey was denied".to_owned()),
        Kind::Sealed => ("COMPLIANT", format!("sealed with {key}")),
        Kind::Copy => ("NOT_APPLICABLE", "this is the shadow copy of a multi-Region trail".to_owned()),
    };
    let is_judged = kind != Kind::Copy;
    json!({
        "resourceId": name,
        "arn": arn,
        "account": id,
        "region": region,
        "compliance": compliance,
        "unverified": kind == Kind::Denied,
        "annotation": annotation,
        "key": has_key.then_some(&key),
        "bucket": format!("{id}-cloudtrail-logs"),
        "reason": (!is_judged).then_some("this is the shadow copy of a multi-Region trail, which is judged in its home Region"),
        "notes": if kind == Kind::Disabled && number.is_multiple_of(5) { vec!["its exemption ended on 2026-10-31"] } else { vec![] },
        "checks": if is_judged { checks(kind, &key) } else { vec![] },
        "evidence": is_judged.then(|| evidence(kind, &key, region, &id, &arn)),
        "captured": null,
        "source": format!("aws/{id}/{region}/cloudtrail/{name}"),
    })
}

fn checks(kind: Kind, key: &str) -> Vec<Value> {
    let answer = |id: &str| match (kind, id) {
        (Kind::Disabled, "key-usable") => Some((
            "fail",
            format!("the key is disabled (key {key})"),
            "enable the key, or set kmsKeyId to another one",
        )),
        (Kind::Disabled, "delivery-unbroken") => Some((
            "fail",
            "the latest delivery failed because of the key: `KMS.DisabledException`".to_owned(),
            "let the key policy admit CloudTrail and see that the key is enabled",
        )),
        (Kind::NoKey, "sse-kms-enabled") => Some((
            "fail",
            "the trail has no KMS key: its log files are not encrypted with SSE-KMS".to_owned(),
            "set kmsKeyId to a customer managed key in the bucket's Region whose policy admits CloudTrail",
        )),
        (Kind::Denied, "key-usable") => Some((
            "unknown",
            "could not verify the state of the key: kms:DescribeKey was denied".to_owned(),
            "allow kms:DescribeKey on the key to whoever asks",
        )),
        (Kind::NoKey, _) => None,
        _ => Some(("pass", String::new(), "")),
    };
    CHECKS
        .iter()
        .filter(|check| check.id.as_str() != "key-allowed")
        .filter_map(|check| {
            let (outcome, what, fix) = answer(check.id.as_str())?;
            let open = outcome != "pass";
            Some(json!({
                "id": check.id.as_str(),
                "outcome": outcome,
                "what": open.then_some(what),
                "why": check.why,
                "fix": open.then_some(fix),
            }))
        })
        .collect()
}

fn evidence(kind: Kind, key: &str, region: &str, account: &str, arn: &str) -> Value {
    let known = |value: Value| json!({ "reading": "known", "value": value });
    let refused = |why: &str| json!({ "reading": "refused", "why": why });
    let unread = || refused("it was not read");
    let described = known(json!({
        "arn": key,
        "manager": "CUSTOMER",
        "state": if kind == Kind::Disabled { "Disabled" } else { "Enabled" },
        "usage": "ENCRYPT_DECRYPT",
        "spec": "SYMMETRIC_DEFAULT",
        "origin": "AWS_KMS",
        "validTo": null,
        "deletionDate": null,
        "replica": false,
    }));
    let delivery = match kind {
        Kind::Disabled => json!({ "error": "KMS.DisabledException", "digestError": null }),
        Kind::NoKey | Kind::Denied | Kind::Sealed | Kind::Copy => {
            json!({ "error": null, "digestError": null })
        }
    };
    let has_key = kind != Kind::NoKey;
    json!({
        "key": match kind {
            Kind::NoKey => unread(),
            Kind::Denied => refused("kms:DescribeKey was denied"),
            Kind::Disabled | Kind::Sealed | Kind::Copy => described,
        },
        "bucketRegion": known(json!(region)),
        "rotation": if has_key { known(json!({ "status": "on", "periodDays": 365, "next": "2027-03-01T00:00:00.000Z" })) } else { unread() },
        "keyPolicy": if has_key { known(json!(policy(account, arn))) } else { unread() },
        "delivery": known(delivery),
    })
}

fn policy(account: &str, arn: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Enable IAM policies",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Let CloudTrail encrypt",
                "Effect": "Allow",
                "Principal": { "Service": "cloudtrail.amazonaws.com" },
                "Action": ["kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": { "StringEquals": { "aws:SourceArn": arn } },
            },
            {
                "Sid": "Let the auditors decrypt",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:role/auditors") },
                "Action": "kms:Decrypt",
                "Resource": "*",
            },
        ],
    })
    .to_string()
}

/// The value as it is, or with a payload in the place of each text.
fn told(plan: &Plan, value: Value, number: usize) -> Value {
    if plan.is_hostile { hostile("", value, &mut { number }) } else { value }
}

fn hostile(name: &str, value: Value, counter: &mut usize) -> Value {
    match value {
        Value::String(text) if FORMS.contains(&name) || text == "trailseal" => Value::String(text),
        Value::String(text) => {
            // A document within a text stays one, and its own texts are replaced.
            if let Ok(document @ Value::Object(_)) = serde_json::from_str(&text) {
                return Value::String(hostile("", document, counter).to_string());
            }
            *counter += 1;
            let payload = PAYLOADS.get(*counter % PAYLOADS.len()).copied().unwrap_or_default();
            Value::String(format!("{payload}{text}"))
        }
        Value::Array(values) => {
            values.into_iter().map(|value| hostile(name, value, counter)).collect()
        }
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value = hostile(&name, value, counter);
                (name, value)
            })
            .collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}
