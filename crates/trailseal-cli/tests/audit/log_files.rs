//! `trailseal audit --log-files`: trails are also judged by the files that they have delivered.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, MANAGEMENT, MEMBER, Run, denial, says};

pub(super) const KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
/// The account of the log archive, which has a role that reads its bucket.
pub(super) const ARCHIVE: &str = "999988887777";
pub(super) const ROLE: &str = "arn:aws:iam::999988887777:role/ReadLogs";
pub(super) const ORGANIZATION: [&str; 4] = ["--accounts", "organization", "--role-name", "Audit"];
const CHECK: &str = "log-files-sealed";

/// An organization with the trails; each delivers to the bucket of its name, which belongs to the
/// management account, except the bucket of `archived`.
pub(super) fn state(trails: &[&str]) -> Value {
    let account = |id: &str, membership: &str| json!({ "id": id, "organization": membership, "regions": ["us-east-1", "eu-west-1"] });
    let role = |arn: String| json!({ "arn": arn, "trustedAccounts": [MANAGEMENT] });
    let mut state = json!({
        "trailsealLab": 1,
        "accounts": [account(MANAGEMENT, "management"), account(MEMBER, "member"), account(ARCHIVE, "member")],
        "trails": [],
        "keys": [{ "arn": KEY }],
        "buckets": [],
        "logFiles": [],
        "roles": [
            role(ROLE.to_owned()),
            role(format!("arn:aws:iam::{MEMBER}:role/Audit")),
            role(format!("arn:aws:iam::{ARCHIVE}:role/Audit")),
        ],
    });
    for name in trails {
        let owner = if *name == "archived" { ARCHIVE } else { MANAGEMENT };
        add(&mut state, "trails", trail(name, &bucket(name)));
        let place = json!({ "name": bucket(name), "account": owner, "region": "us-east-1" });
        add(&mut state, "buckets", place);
    }
    state
}

pub(super) fn bucket(name: &str) -> String {
    format!("{name}-logs")
}

pub(super) fn trail(name: &str, bucket: &str) -> Value {
    let arn = format!("arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/{name}");
    json!({ "arn": arn, "s3BucketName": bucket, "kmsKeyId": KEY })
}

pub(super) fn add(state: &mut Value, list: &str, element: Value) {
    state[list].as_array_mut().unwrap().push(element);
}

/// Four files a day in the trail's bucket, with SSE-S3 until March 2026 and then as `then` says.
pub(super) fn deliver(state: &mut Value, name: &str, region: &str, then: Value) -> usize {
    let mut then = then;
    then["since"] = json!("2026-03-01T10:00:00Z");
    let now = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:00Z"]).output().unwrap();
    add(
        state,
        "logFiles",
        json!({
            "bucket": bucket(name),
            "accounts": [MANAGEMENT],
            "regions": [region],
            "from": "2026-01-10T00:00:00Z",
            "to": String::from_utf8(now.stdout).unwrap().trim(),
            "filesPerDay": 4,
            "encryption": [{ "type": "SSE-S3" }, then]
        }),
    );
    state["logFiles"].as_array().unwrap().len() - 1
}

pub(super) fn kms() -> Value {
    json!({ "type": "SSE-KMS", "kmsKeyId": KEY })
}

pub(super) fn plain() -> Value {
    json!({ "type": "SSE-S3" })
}

/// A trail of each kind: with the key everywhere; without it in one Region; without files; with a
/// bucket of another account.
fn each() -> Value {
    let mut state = state(&["sealed", "plain", "empty", "archived"]);
    deliver(&mut state, "sealed", "us-east-1", kms());
    deliver(&mut state, "sealed", "eu-west-1", kms());
    deliver(&mut state, "plain", "us-east-1", kms());
    deliver(&mut state, "plain", "eu-west-1", plain());
    deliver(&mut state, "archived", "us-east-1", kms());
    state
}

fn parsed(state: &Value) -> State {
    State::parse("state", &state.to_string()).unwrap()
}

pub(super) async fn opened(state: &Value) -> Desk {
    Desk::with(parsed(state)).await
}

pub(super) fn audit(desk: &Desk, more: &[&str]) -> Run {
    desk.run(MANAGEMENT, &[&["--log-files", "-o", "json"], more].concat())
}

/// The trail's own result, not that of a copy.
pub(super) fn own<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut trails = report["trails"].as_array().unwrap().iter();
    trails.find(|trail| trail["resourceId"] == name && trail["copy"] == false).unwrap()
}

/// The verdict, and the outcome and text of the check.
pub(super) fn judged(report: &Value, name: &str) -> (String, String, String) {
    let trail = own(report, name);
    let mut checks = trail["checks"].as_array().unwrap().iter();
    let check = checks.find(|check| check["id"] == CHECK).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&trail["compliance"]), text(&check["outcome"]), text(&check["what"]))
}

/// The problems, as `SOURCE: MESSAGE`.
pub(super) fn problems(report: &Value) -> Vec<String> {
    let text = |problem: &Value| {
        let text = |member: &str| problem[member].as_str().unwrap();
        format!("{}: {}", text("source"), text("message"))
    };
    report["problems"].as_array().unwrap().iter().map(text).collect()
}

pub(super) fn reads(desk: &Desk) -> usize {
    let counts = desk.lab.call_counts();
    let of = |name: &str| counts.get(name).copied().unwrap_or_default();
    of("s3:ListObjectsV2") + of("s3:HeadObject")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trail_is_judged_by_its_files() {
    let desk = opened(&each()).await;
    let run = audit(&desk, &[]).exits(2);
    let report = run.report();
    assert_eq!((&report["complete"], &report["run"]["logFiles"]), (&json!(false), &json!(true)));
    let passed = ("COMPLIANT".to_owned(), "pass".to_owned(), String::new());
    assert_eq!(judged(&report, "sealed"), passed);
    let (verdict, outcome, what) = judged(&report, "plain");
    assert_eq!((verdict.as_str(), outcome.as_str()), ("NON_COMPLIANT", "fail"));
    says(&what, &["CloudTrail/eu-west-1/", "has SSE-S3, not the trail's key"]);
    for (name, words) in
        [("empty", "delivered in the last 7 days"), ("archived", "s3:ListBucket was denied")]
    {
        let (verdict, outcome, what) = judged(&report, name);
        assert_eq!((verdict.as_str(), outcome.as_str()), ("NON_COMPLIANT", "unknown"), "{name}");
        says(&what, &[words]);
    }
    let [problem] = problems(&report).try_into().unwrap();
    let source = format!("aws/{MANAGEMENT}/us-east-1/cloudtrail/archived: log files not read: ");
    says(&problem, &[&source, "s3://archived-logs/AWSLogs/111122223333", "s3:ListBucket"]);
    says(&run.err, &["requests: log files: for each account", "requests: log files: "]);
    let evidence = &own(&report, "sealed")["evidence"];
    let files = &evidence["logFiles"]["value"];
    assert_eq!((&files["folders"], &files["sealed"]), (&json!(2), &json!(2)));
    assert_eq!(files["firstSealed"], "2026-03-01T12:00:00.000Z");
    says(files["newestSealed"]["file"].as_str().unwrap(), &["AWSLogs/111122223333/CloudTrail/"]);
    assert_eq!(files["newestSealed"]["kmsKeyId"], KEY);
    assert!(evidence["readAt"]["logFiles"].is_string());
    // Other formats show the check, and the trail whose bucket was not read.
    for format in ["table", "html", "sarif", "csv", "ocsf", "junit"] {
        says(&run.rendered(format), &[CHECK, "archived"]);
    }
    says(&run.rendered("asff"), &["UNVERIFIED_LOG_FILES_SEALED", "FAILED_LOG_FILES_SEALED"]);
    says(&run.rendered("html"), &["the newest file of 2 is encrypted with the trail&#39;s key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_reads_the_bucket_that_the_account_may_not_read() {
    let desk = opened(&each()).await;
    let report = audit(&desk, &["--bucket-role", ROLE]).exits(1).report();
    assert_eq!(problems(&report), [""; 0]);
    for name in ["sealed", "archived"] {
        assert_eq!(judged(&report, name).1, "pass", "{name}");
    }
    // A role that cannot be assumed is a problem of the trail that needs it.
    let other = format!("arn:aws:iam::{ARCHIVE}:role/Other");
    let report = audit(&desk, &["--bucket-role", &other]).exits(2).report();
    assert_eq!(judged(&report, "archived").1, "unknown");
    assert_eq!(judged(&report, "sealed").1, "pass");
    says(
        &problems(&report).join("\n"),
        &["cloudtrail/archived: log files not read: ", "role/Other"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_another_partition_is_refused_before_anything_is_read() {
    let desk = opened(&each()).await;
    let other = ROLE.replace("arn:aws:", "arn:aws-cn:");
    for (command, arguments) in [
        ("audit", ["--log-files", "--bucket-role", &other]),
        ("logs", ["s3://archived-logs", "--bucket-role", &other]),
    ] {
        let run = Run::of(&mut desk.command_of(command, MANAGEMENT, &arguments));
        assert_eq!(run.code, 3, "{command}: {}", run.err);
        let words =
            "`--bucket-role` is in partition aws-cn, but Region us-east-1 is in partition aws:";
        says(&run.err, &[words]);
    }
    assert_eq!(reads(&desk), 0);
    assert!(!desk.lab.call_counts().contains_key("sts:AssumeRole"));
}

#[tokio::test(flavor = "multi_thread")]
async fn log_files_are_read_only_if_it_is_asked_for() {
    let desk = opened(&each()).await;
    let run = desk.run(MANAGEMENT, &["-o", "json"]).exits(0);
    let report = run.report();
    assert_eq!(reads(&desk), 0);
    assert!(!run.out.contains(CHECK) && !run.out.contains("logFiles"), "{}", run.out);
    assert_eq!(report["summary"]["compliant"], 4);
    let run = desk.run(MANAGEMENT, &["--bucket-role", ROLE]);
    assert_eq!(run.code, 3, "{}", run.err);
    let run = desk.run(MANAGEMENT, &["--log-files", "--aggregator", "organization"]);
    assert_eq!(run.code, 3, "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_two_trails_decide_nothing() {
    let mut state = state(&["one"]);
    add(&mut state, "trails", trail("two", &bucket("one")));
    deliver(&mut state, "one", "us-east-1", kms());
    let desk = opened(&state).await;
    let report = audit(&desk, &[]).exits(1).report();
    for (name, other) in [("one", "trail/two"), ("two", "trail/one")] {
        let (verdict, outcome, what) = judged(&report, name);
        assert_eq!((verdict.as_str(), outcome.as_str()), ("NON_COMPLIANT", "unknown"));
        says(&what, &[other, "also delivers to each of the trail's folders"]);
    }
    // Only the Region of both decides nothing if the other trail has one Region.
    let mut of_region = state.clone();
    of_region["trails"][1]["isMultiRegionTrail"] = json!(false);
    let arn = format!("arn:aws:cloudtrail:eu-west-1:{MANAGEMENT}:trail/two");
    of_region["trails"][1]["arn"] = json!(arn);
    deliver(&mut of_region, "one", "eu-west-1", plain());
    let desk = opened(&of_region).await;
    let report = audit(&desk, &[]).exits(1).report();
    assert_eq!(judged(&report, "one").1, "pass");
    let files = &own(&report, "one")["evidence"]["logFiles"]["value"];
    assert_eq!([&files["folders"], &files["sealed"], &files["undecided"]], [2, 1, 1]);
    assert_eq!(judged(&report, "two").1, "unknown");
    // Another prefix attributes the files.
    state["trails"][1]["s3KeyPrefix"] = json!("two");
    let desk = opened(&state).await;
    let report = audit(&desk, &[]).exits(1).report();
    assert_eq!(
        (judged(&report, "one").1, judged(&report, "two").1),
        ("pass".into(), "unknown".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_never_passes_and_does_not_end_the_audit() {
    let throttled = |operation| Fault::of(operation, Position::Every, FaultKind::Throttling);
    for (denied, fault, words) in [
        (Some("s3:HeadObject"), None, "S3 denied it"),
        (None, Some(throttled(Operation::HeadObject)), "was not read: S3 throttled it"),
        (None, Some(throttled(Operation::ListObjectsV2)), "s3:ListBucket"),
    ] {
        let mut state = state(&["sealed", "other"]);
        deliver(&mut state, "sealed", "us-east-1", kms());
        deliver(&mut state, "other", "us-east-1", kms());
        let mut state = parsed(&state);
        state.denials.extend(denied.map(|denied| denial(MANAGEMENT, denied)));
        let desk = Desk::with(state).await;
        fault.into_iter().for_each(|fault| desk.lab.inject(fault));
        let report = audit(&desk, &[]).exits(2).report();
        for name in ["sealed", "other"] {
            let (verdict, outcome, what) = judged(&report, name);
            assert_eq!(
                (verdict.as_str(), outcome.as_str()),
                ("NON_COMPLIANT", "unknown"),
                "{what}"
            );
            let key_usable = &own(&report, name)["checks"][2];
            assert_eq!(key_usable["outcome"], "pass");
            let of_trail = format!("cloudtrail/{name}: log files not read: ");
            let problems = problems(&report).join("\n");
            says(&problems, &[&of_trail, words]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_does_not_exist_fails_its_trail() {
    let mut state = state(&["sealed", "gone"]);
    deliver(&mut state, "sealed", "us-east-1", kms());
    state["buckets"].as_array_mut().unwrap().pop();
    let desk = opened(&state).await;
    let report = audit(&desk, &[]).exits(2).report();
    assert_eq!(
        (judged(&report, "sealed").1, judged(&report, "gone").1),
        ("pass".into(), "fail".into())
    );
    says(
        &problems(&report).join("\n"),
        &["cloudtrail/gone: log files not read: bucket gone-logs: "],
    );
}

/// The prefix leads through a folder of no interest.
#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_below_a_folder_of_an_account_is_read() {
    let mut state = state(&["deep"]);
    let prefix = format!("AWSLogs/{MANAGEMENT}/logs");
    let files = deliver(&mut state, "deep", "us-east-1", kms());
    state["trails"][0]["s3KeyPrefix"] = json!(prefix);
    state["logFiles"][files]["prefix"] = json!(prefix);
    let desk = opened(&state).await;
    let report = audit(&desk, &[]).exits(0).report();
    assert_eq!((judged(&report, "deep").1, problems(&report)), ("pass".to_owned(), vec![]));
}

/// An organization trail in the bucket of the log archive, with the files of two accounts.
fn of_organization() -> Value {
    let mut state = state(&["archived"]);
    state["trails"][0]["isOrganizationTrail"] = json!(true);
    let files = deliver(&mut state, "archived", "us-east-1", kms());
    let files = &mut state["logFiles"][files];
    files["organization"] = json!("o-exampleorgid");
    files["accounts"] = json!([MANAGEMENT, MEMBER]);
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_trail_is_read_once() {
    let desk = opened(&of_organization()).await;
    let arguments = [ORGANIZATION.as_slice(), &["--bucket-role", ROLE]].concat();
    let report = audit(&desk, &arguments).exits(0).report();
    let trail = own(&report, "archived");
    assert_eq!(trail["evidence"]["logFiles"]["value"]["sealed"], 2);
    let once = desk.lab.call_counts();
    // Copies that are evaluated do not read the files, and have no result of the check.
    let again = opened(&of_organization()).await;
    let evaluated = [arguments.as_slice(), &["-p", "replicas=EVALUATE"]].concat();
    let report = audit(&again, &evaluated).report();
    for name in ["s3:ListObjectsV2", "s3:HeadObject"] {
        assert_eq!(again.lab.call_counts()[name], once[name], "{name}");
    }
    let copies = report["trails"].as_array().unwrap().iter().filter(|trail| trail["copy"] == true);
    let with_checks = copies.filter(|trail| !trail["checks"].as_array().unwrap().is_empty());
    let with_checks: Vec<&Value> = with_checks.collect();
    assert!(!with_checks.is_empty());
    assert!(with_checks.iter().all(|trail| !trail["checks"].to_string().contains(CHECK)));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_limited_over_all_accounts() {
    let latency = Duration::from_millis(40);
    let desk = opened(&each()).await;
    desk.lab.set_latency(latency);
    let begun = Instant::now();
    audit(&desk, &["--concurrency", "4", "--bucket-role", ROLE]).exits(1);
    let calls = u32::try_from(desk.lab.take_calls().len()).unwrap();
    assert!(begun.elapsed() >= latency * calls / 4, "{:?} for {calls}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_while_files_are_read_is_reported() {
    let desk = opened(&each()).await;
    desk.lab.set_latency(Duration::from_millis(100));
    let child = desk.start(MANAGEMENT, &["--log-files", "--concurrency", "1", "-o", "json"]);
    let begun = Instant::now();
    while desk.lab.call_counts().get("s3:HeadObject").copied().unwrap_or_default() < 1 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", desk.lab.call_counts());
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let report = Run::from_output(child.wait_with_output().unwrap()).exits(2).report();
    assert_eq!((&report["complete"], &report["run"]["interrupted"]), (&json!(false), &json!(true)));
    says(&problems(&report).join("\n"), &["interrupted"]);
}

type Edit = fn(&mut Value);

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_contradicts_itself_is_refused() {
    let mut state = state(&["sealed"]);
    deliver(&mut state, "sealed", "us-east-1", kms());
    let desk = opened(&state).await;
    let run = audit(&desk, &[]).exits(0);
    let report = run.report();
    let sealed = report["trails"].as_array().unwrap().iter().position(|one| one["copy"] == false);
    assert_eq!(sealed, Some(0));
    let edits: [(Edit, &str); 6] = [
        (
            |trail| trail["checks"].as_array_mut().unwrap().retain(|check| check["id"] != CHECK),
            "it is COMPLIANT, but has no check `log-files-sealed`",
        ),
        (
            |trail| trail["evidence"]["logFiles"]["value"]["sealed"] = json!(0),
            "passed, but `evidence.logFiles` does not show it",
        ),
        (
            |trail| trail["evidence"]["logFiles"]["value"]["folders"] = json!(7),
            "passed, but `evidence.logFiles` does not show it",
        ),
        (
            |trail| trail["evidence"]["logFiles"]["value"]["newestSealed"] = Value::Null,
            "passed, but `evidence.logFiles` does not show it",
        ),
        (
            |trail| trail["evidence"]["logFiles"] = json!({ "reading": "refused", "why": "x" }),
            "passed, but `evidence.logFiles` does not show it",
        ),
        (
            |trail| drop(trail["evidence"].as_object_mut().unwrap().remove("logFiles")),
            "passed, but `evidence.logFiles` does not show it",
        ),
    ];
    for (edit, words) in edits {
        let mut edited = report.clone();
        edit(&mut edited["trails"][0]);
        says(&refusal(&desk, &edited), &[words]);
    }
    let mut edited = report.clone();
    edited["run"].as_object_mut().unwrap().remove("logFiles");
    says(&refusal(&desk, &edited), &["it has the check `log-files-sealed`, but `run.logFiles` is"]);
}

/// Why `render` refuses the report.
fn refusal(desk: &Desk, report: &Value) -> String {
    desk.write("report.json", &report.to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
    let run = Run::of(command.arg("render").arg(desk.home().join("report.json")));
    run.exits(2).err
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_shows_the_check() {
    let mut before = state(&["sealed"]);
    deliver(&mut before, "sealed", "us-east-1", kms());
    let mut after = before.clone();
    deliver(&mut after, "sealed", "eu-west-1", plain());
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
    command.arg("compare").stdin(Stdio::null());
    let mut desks = Vec::new();
    for (state, code) in [(before, 0), (after, 1)] {
        let desk = opened(&state).await;
        let file = desk.home().join("report.json");
        fs::write(&file, audit(&desk, &[]).exits(code).out).unwrap();
        command.arg(file);
        desks.push(desk);
    }
    let run = Run::of(&mut command).exits(1);
    says(&run.out, &["worse ", "log-files-sealed passed and now fails"]);
}
