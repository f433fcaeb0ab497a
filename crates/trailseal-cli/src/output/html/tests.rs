use serde_json::{Value, json};

use super::*;
use crate::report::Report;

mod copies;
mod nothing_evaluated;

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";

fn check(id: &str, outcome: &str) -> Value {
    let open = outcome != "pass";
    json!({
        "id": id, "outcome": outcome, "why": "it matters",
        "what": open.then_some("something was found"), "fix": open.then_some("fix it"),
    })
}

fn trail(name: &str, account: &str, region: &str, verdict: &str, checks: &[Value]) -> Value {
    let (compliance, unverified) = match verdict {
        "unverified" => ("NON_COMPLIANT", true),
        other => (other, false),
    };
    json!({
        "resourceId": name,
        "arn": format!("arn:aws:cloudtrail:{region}:{account}:trail/{name}"),
        "account": account, "region": region, "compliance": compliance, "unverified": unverified,
        "annotation": "an annotation", "key": KEY, "bucket": "a-bucket", "reason": null,
        "notes": ["a note"], "checks": checks, "captured": "2026-11-24T09:00:00.000Z",
        "source": "a-file.json",
        "evidence": {
            "key": { "reading": "known", "value": {
                "arn": KEY, "manager": "CUSTOMER", "state": "PendingDeletion",
                "usage": "ENCRYPT_DECRYPT", "spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS",
                "validTo": null, "deletionDate": "2026-12-01T00:00:00.000Z", "replica": true } },
            "bucketRegion": { "reading": "absent" },
            "rotation": { "reading": "refused", "why": "kms:GetKeyRotationStatus was denied" },
            "keyPolicy": { "reading": "known", "value": json!({ "Statement": [
                { "Sid": "a sid", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt" },
            ] }).to_string() },
            "delivery": { "reading": "refused", "why": "it was not read" },
        },
    })
}

fn report(trails: &[Value], accounts: &[Value]) -> Value {
    json!({
        "version": 1, "tool": { "name": "trailseal", "version": "0.1.0" },
        "generatedAt": "2026-11-24T09:30:00.000Z", "complete": true,
        "summary": {
            "trails": trails.len(), "nonCompliant": 0, "compliant": 0, "notApplicable": 0,
            "unverified": 0, "files": 0, "filesSkipped": 0, "accounts": accounts.len(),
            "accountsWithProblems": 0,
        },
        "parameters": { "profile": "strict" },
        "controls": [{ "publication": "CIS Controls v8", "number": "3.11" }],
        "trails": trails, "accounts": accounts, "problems": [],
    })
}

fn page(report: &Value) -> String {
    let report: Report = serde_json::from_value(report.clone()).unwrap();
    let mut out = Vec::new();
    write(&report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn one_of_each() -> Value {
    let (one, other) = ("111122223333", "444455556666");
    report(
        &[
            trail("broken", one, "eu-central-1", "NON_COMPLIANT", &[check("key-usable", "fail")]),
            trail("dark", one, "us-east-1", "unverified", &[check("key-rotated", "unknown")]),
            trail("sealed", other, "eu-central-1", "COMPLIANT", &[check("key-usable", "pass")]),
            trail("copy", other, "us-east-1", "NOT_APPLICABLE", &[]),
        ],
        &[
            json!({ "id": other, "name": "logs", "problem": null, "regions": [
                { "region": "eu-central-1", "trails": 1, "problem": null },
                { "region": "sa-east-1", "trails": 0, "problem": null },
                { "region": "eu-west-3", "trails": 0, "problem": "it was throttled" },
            ] }),
            json!({ "id": "777788889999", "name": null, "problem": "the role is refused", "regions": [] }),
        ],
    )
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

#[test]
fn the_page_has_only_the_style_and_script_of_its_policy() {
    let page = page(&one_of_each());
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"").replace("&#39;", "'");
    let style = between(&page, "<style>", "</style>");
    let script = between(&page, "<script>", "</script>");
    assert_eq!(policy, content_security_policy(style, Some(script)));
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for once in ["<style", "<script", "<meta http-equiv"] {
        assert_eq!(page.matches(once).count(), 1, "{once}");
    }
    for never in [" style=", " onclick=", " src=", "http://", "https://", "url(http", "@import"] {
        assert!(!page.contains(never), "{never}");
    }
}

#[test]
fn each_trail_is_shown_once_with_its_findings_and_evidence() {
    let page = page(&one_of_each());
    assert!(page.contains("1 of 4 trails is not compliant; 1 more could not be verified."));
    let failing = between(&page, "id=\"failing-title\"", "id=\"unverified-title\"");
    for words in [
        "broken",
        "something was found",
        "it matters",
        "fix it",
        "key-usable",
        "a note",
        "PendingDeletion",
        "1 December 2026, 00:00 UTC",
        "replica of a multi-Region key",
        "the bucket does not exist",
        "not known: kms:GetKeyRotationStatus was denied",
        "kms:Decrypt",
        "a sid",
        "a-file.json",
        "an annotation",
        "24 November 2026, 09:00 UTC",
        "<dt>Not read</dt><dd><bdi>Latest delivery</bdi>",
    ] {
        assert!(failing.contains(words), "{words}");
    }
    let passes = between(&page, "id=\"passes\"", "id=\"accounts\"");
    assert!(passes.contains("sealed") && passes.contains("copy") && !passes.contains("broken"));
    let unverified = between(&page, "id=\"unverified-title\"", "id=\"passes\"");
    assert!(unverified.contains("dark") && !unverified.contains("broken"));
}

#[test]
fn failed_reads_and_regions_without_a_trail_are_listed() {
    let page = page(&one_of_each());
    let refused = between(&page, "id=\"refused-title\"", "id=\"bare-title\"");
    assert!(refused.contains("the role is refused") && refused.contains("it was throttled"));
    let bare = between(&page, "id=\"bare-title\"", "id=\"counts-title\"");
    assert!(bare.contains("444455556666") && bare.contains("sa-east-1"), "{bare}");
    assert!(!bare.contains("777788889999") && !bare.contains("eu-west-3"), "{bare}");
}

#[test]
fn a_partial_report_is_marked_at_the_top() {
    let mut report = one_of_each();
    assert!(!page(&report).contains("PARTIAL"));
    report["complete"] = json!(false);
    report["problems"] = json!([{ "source": "a", "message": "it is cut short" }]);
    let page = page(&report);
    assert!(between(&page, "<main", "id=\"overview\"").contains("PARTIAL"));
    assert!(between(&page, "id=\"problems\"", "id=\"controls\"").contains("it is cut short"));
}

/// Each text of a report in turn contains markup.
#[test]
fn text_never_becomes_markup() {
    let payload = "\"'><img src=x onerror=alert(1)></style></noscript></script><script>alert(2)</script>\u{202e}";
    let mut report = one_of_each();
    let clean = page(&report);
    report["problems"] = json!([{ "source": "a", "message": "b" }]);
    let mut texts = Vec::new();
    pointers("", &report, &mut texts);
    let mut tried = 0;
    for pointer in texts {
        let mut hostile = report.clone();
        let text = hostile.pointer_mut(&pointer).unwrap();
        *text = json!(format!("{}{payload}", text.as_str().unwrap()));
        // Accounts, Regions, times and similar members reject such text.
        if serde_json::from_value::<Report>(hostile.clone()).is_err() {
            continue;
        }
        tried += 1;
        let page = page(&hostile);
        for bad in ["<img", "<script>alert", "\u{202e}", "'><"] {
            assert!(!page.contains(bad), "{pointer} {bad}");
        }
        for tag in ["<script", "</script", "<style", "</style", "</noscript"] {
            assert_eq!(page.matches(tag).count(), clean.matches(tag).count(), "{pointer} {tag}");
        }
    }
    assert!(tried > 80, "{tried}");
}

/// The JSON pointers of all texts in a value.
fn pointers(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path.to_owned()),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                pointers(&format!("{path}/{index}"), value, found);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                pointers(&format!("{path}/{name}"), value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The names of the trails in the page, in full or in packs.
fn listed(page: &str) -> Vec<&str> {
    let main = between(page, "id=\"findings\"", "id=\"accounts\"");
    let heads = main.split("<article").skip(1).map(|article| between(article, "<h4", "</h4>"));
    heads.map(|head| between(head, "<bdi>", "</bdi>")).collect()
}

/// As many trails as given; every ninth is broken, every tenth a copy.
fn many(count: usize) -> Vec<Value> {
    let one = |number: usize| {
        let (account, name) = (format!("{:012}", number % 7), format!("t{number}"));
        let (verdict, checks) = match number {
            number if number.is_multiple_of(9) => {
                ("NON_COMPLIANT", vec![check("key-usable", "fail")])
            }
            number if number.is_multiple_of(10) => ("NOT_APPLICABLE", Vec::new()),
            _ => ("COMPLIANT", vec![check("key-usable", "pass")]),
        };
        let mut trail = trail(&name, &account, "eu-west-1", verdict, &checks);
        if verdict == "NOT_APPLICABLE" {
            trail["region"] = json!("us-east-1");
            trail["reason"] = json!("this is a copy");
        }
        trail
    };
    (0..count).map(one).collect()
}

#[test]
fn every_evaluated_trail_is_in_the_html_report() {
    for count in [1, 60, 450, 2000, 5001] {
        let page = page(&report(&many(count), &[]));
        let mut names = listed(&page);
        assert_eq!(names.len(), count);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "each once");
        let findings = count.div_ceil(9);
        assert_eq!(page.matches("<article class=\"trail").count(), findings.min(300));
        let packs = page.matches("<details class=\"pack").count();
        let inert = page.matches("<noscript>").count();
        assert_eq!(inert, if count > 5000 { packs } else { 0 }, "{count}");
    }
}

#[test]
fn a_folded_trail_has_its_checks_and_its_evidence() {
    let (one, region) = ("111122223333", "eu-west-1");
    let checks = [check("sse-kms-enabled", "pass"), check("key-usable", "pass")];
    let mut first = trail("first", one, region, "COMPLIANT", &checks);
    let second = trail("second", one, region, "COMPLIANT", &checks);
    first["bucket"] = json!("another-bucket");
    let policy = json!({ "Statement": [{ "Sid": "other" }] }).to_string();
    first["evidence"]["keyPolicy"]["value"] = json!(policy);
    let page = page(&report(&[first, second], &[]));
    let shared = between(&page, "The same for all 2</h4>", "</dl>");
    for words in [
        "<dt>Passed</dt><dd>sse-kms-enabled, key-usable</dd>",
        "<dt>Key state</dt><dd class=\"code\">PendingDeletion</dd>",
        "<dt>Key rotation</dt><dd>not known: kms:GetKeyRotationStatus was denied</dd>",
        "<dt>Not read</dt><dd>Latest delivery</dd>",
        "24 November 2026, 09:00 UTC",
    ] {
        assert!(shared.contains(words), "{words}: {shared}");
    }
    let of = |name: &str| between(&page, &format!("<bdi>{name}</bdi>"), "</article>");
    assert!(of("first").contains("another-bucket") && of("second").contains("a-bucket"));
    for (number, name, words) in [("1", "first", "other"), ("2", "second", "a sid")] {
        assert!(of(name).contains(&format!("<dt>Key policy</dt><dd>number {number}<")));
        let policy = between(&page, &format!("Key policy {number}</summary>"), "</details>");
        assert!(policy.contains(words), "{policy}");
    }
}

#[test]
fn a_folded_finding_has_its_fix() {
    let checks = [check("key-usable", "fail"), check("key-rotated", "unknown")];
    let one = trail("broken", "111122223333", "eu-west-1", "NON_COMPLIANT", &checks);
    let page = page(&report(&vec![one; 301], &[]));
    let pack = between(&page, "<details class=\"pack failing\"", "</article></div>");
    for words in
        ["Non-compliant: <bdi>something was found", "Unverified: <bdi>", "Fix: <bdi>fix it"]
    {
        assert!(pack.contains(words), "{words}: {pack}");
    }
    assert!(pack.contains("data-checks=\"key-usable key-rotated\""), "{pack}");
}

#[test]
fn a_folded_trail_is_shown_below_its_key() {
    let other = "arn:aws:kms:eu-central-1:111122223333:key/other";
    let sealed = |name: &str, key: &str| {
        let checks = [check("key-usable", "pass")];
        let mut trail = trail(name, "111122223333", "eu-west-1", "COMPLIANT", &checks);
        trail["key"] = json!(key);
        trail
    };
    let trails = [sealed("a", other), sealed("b", KEY), sealed("c", other), sealed("d", KEY)];
    let page = page(&report(&trails, &[]));
    let passes = between(&page, "id=\"passes\"", "id=\"accounts\"");
    let sets: Vec<&str> = passes.split("<div class=\"set\">").skip(1).collect();
    assert_eq!(sets.len(), 2);
    for (set, key, names) in [(sets[0], KEY, ["b", "d"]), (sets[1], other, ["a", "c"])] {
        let shared = between(set, "The same for these 2</h4>", "</dl>");
        assert!(shared.contains(&format!("<dd class=\"code\">{key}</dd>")), "{shared}");
        assert!(names.iter().all(|name| set.contains(&format!("<h4><bdi>{name}</bdi></h4>"))));
        assert_eq!(set.matches("Key policy</summary>").count(), 1);
    }
}

#[test]
fn accounts_beyond_the_limit_share_a_row() {
    let trails: Vec<Value> = (0..50)
        .map(|number| {
            let verdict = if number == 49 { "NON_COMPLIANT" } else { "COMPLIANT" };
            trail("t", &format!("{number:012}"), "eu-west-1", verdict, &[])
        })
        .collect();
    let page = page(&report(&trails, &[]));
    let heat = between(&page, "<svg class=\"heat\"", "</svg>");
    assert_eq!(heat.matches("<g class=\"field").count(), 40);
    assert!(heat.find("000000000049") < heat.find("000000000000"), "the worst first");
    assert!(heat.contains("11 more"), "{heat}");
    assert!(heat.contains("11 further accounts eu-west-1: 11 compliant"), "{heat}");
}

/// The row of a Region in the table by account and Region.
fn row<'a>(page: &'a str, account: &str, region: &str) -> &'a str {
    let place = format!("data-account=\"{account}\" data-region=\"{region}\" data-checks");
    let table = between(page, "id=\"counts-title\"", "id=\"problems\"");
    between(table, &place, "</tr>")
}

#[test]
fn the_heat_map_and_the_account_table_do_not_count_copies() {
    let (own, region) = ("111122223333", "eu-central-1");
    let mut copy = trail("elsewhere", own, "us-east-1", "NOT_APPLICABLE", &[]);
    copy["reason"] = json!("this is a copy");
    copy["region"] = json!(region);
    let sealed = trail("sealed", own, region, "COMPLIANT", &[check("key-usable", "pass")]);
    let mut only_copies = copy.clone();
    only_copies["region"] = json!("eu-west-1");
    let page = page(&report(&[sealed, copy, only_copies], &[]));
    let heat = between(&page, "<svg class=\"heat\"", "</svg>");
    assert!(heat.contains("111122223333 eu-central-1: 1 compliant, 1 copy<"), "{heat}");
    assert!(heat.contains("111122223333 eu-west-1: 1 copy<"), "{heat}");
    assert!(heat.contains("field not-applicable") && !heat.contains("field bare"), "{heat}");
    let accounts = between(&page, "id=\"counts-title\"", "id=\"problems\"");
    let summary = between(accounts, "<span class=\"told\">", "</span>");
    assert_eq!(summary, "1 compliant, 2 copies");
    assert!(
        row(&page, own, region)
            .contains("<td class=\"figure zero\">0</td><td class=\"figure\">1</td>")
    );
    assert!(page.contains("1 trail and 2 copies in 1 account and 2 Regions"));
}

#[test]
fn a_skipped_account_is_listed_with_its_reason() {
    let skipped = json!({ "id": "777788889999", "name": null, "problem": null,
        "leftOut": "the account is SUSPENDED", "regions": [] });
    let page = page(&report(&[], &[skipped]));
    let not_read = between(&page, "id=\"refused-title\"", "</table>");
    assert!(not_read.contains("<td>skipped</td><td><bdi>the account is SUSPENDED"), "{not_read}");
    assert_eq!(between(&page, "<span class=\"told\">", "</span>"), "skipped");
    assert!(between(&page, "<dt>Scope</dt>", "</div>").contains("0 trails in 0 accounts"));
}

#[test]
fn an_interrupted_audit_says_which_accounts_were_not_completed() {
    let own = "111122223333";
    let sealed = trail("sealed", own, "eu-west-1", "COMPLIANT", &[check("key-usable", "pass")]);
    let account = |id: &str, more: Value| {
        let mut account = json!({ "id": id, "name": null, "problem": null, "regions": [] });
        account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        account
    };
    let interrupted = json!({ "interrupted": true, "problem": "the audit was interrupted" });
    let accounts = [
        account(own, json!({})),
        account("444455556666", interrupted),
        account("777788889999", json!({ "problem": "the role is refused" })),
        account("888899990000", json!({ "leftOut": "the account is SUSPENDED" })),
    ];
    let page = page(&report(&[sealed], &accounts));
    let statement = "<h1>The one trail that was evaluated is compliant. 2 of 3 accounts were not completed.</h1>";
    assert!(page.contains(statement), "{}", between(&page, "<h1>", "</h1>"));
    let scope = "1 trail in 1 account and 1 Region; 4 accounts requested: 1 completed, 1 refused, \
                 1 skipped, 1 interrupted";
    assert!(page.contains(scope), "{}", between(&page, "<dt>Scope</dt>", "</div>"));
    let not_read = between(&page, "id=\"refused-title\"", "</table>");
    let heat = between(&page, "<svg class=\"heat\"", "</svg>");
    let table = between(&page, "id=\"counts-title\"", "id=\"problems\"");
    for (id, what) in [
        ("444455556666", "interrupted"),
        ("777788889999", "could not be read"),
        ("888899990000", "skipped"),
    ] {
        assert!(between(not_read, id, "</tr>").contains(&format!("<td>{what}</td>")), "{id}");
        assert!(between(table, id, "</summary>").contains(&format!(">{what}<")), "{id}");
        assert!(heat.contains(&format!(">{what}</text>")), "{id}: {heat}");
    }
}

#[test]
fn an_empty_report_is_rendered() {
    let page = page(&report(&[], &[]));
    assert!(page.contains("<h1>No trail was seen.</h1>"));
    assert!(page.contains("There are no accounts."));
}

#[test]
fn the_digest_matches_fips_180() {
    assert_eq!(digest("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

#[test]
fn the_page_says_who_ran_it_when_and_over_what_without_counting_copies() {
    let (own, other) = ("111122223333", "444455556666");
    let mut copy = trail("broken", own, "eu-central-1", "NOT_APPLICABLE", &[]);
    copy["region"] = json!("us-east-1");
    copy["reason"] = json!("this is a copy");
    let mut failing =
        trail("broken", own, "eu-central-1", "NON_COMPLIANT", &[check("key-usable", "fail")]);
    failing["readAt"] = json!("2026-11-24T09:29:51.000Z");
    failing["evidence"]["readAt"] = json!({ "key": "2026-11-24T09:29:52.000Z" });
    let skipped = json!({ "id": other, "name": null, "problem": null, "leftOut": "SUSPENDED",
        "regions": [] });
    let audited = json!({ "id": own, "name": null, "problem": null, "regions": [] });
    let mut report = report(&[failing, copy], &[audited, skipped]);
    report["run"] = json!({
        "command": "audit", "arguments": ["--external-id", "***", "-p", "exemptTrails=a, b"],
        "caller": { "arn": "arn:aws:iam::111122223333:user/auditor", "account": own },
        "startedAt": "2026-11-24T09:29:50.000Z", "finishedAt": "2026-11-24T09:30:01.000Z",
        "interrupted": true, "config": null,
    });
    let digest = "0a".repeat(32);
    report["inputs"] = json!([{ "file": "<b>.json", "sha256": digest }]);
    report["exemptions"] = json!([{
        "pattern": "arn:aws:cloudtrail:*:*:trail/old", "until": "2026-10-31",
        "source": "exemptTrails", "reason": "a lab", "approver": "Ada", "state": "expired",
        "trails": 0,
    }]);
    let page = page(&report);
    assert!(page.contains("<h1>1 of 1 trail is not compliant.</h1>"));
    let read = "trail 2026-11-24T09:29:51.000Z, key 2026-11-24T09:29:52.000Z";
    assert!(page.contains(read), "{page}");
    let heading = between(&page, "<dl class=\"facts about\">", "</dl>");
    for words in [
        "arn:aws:iam::111122223333:user/auditor",
        "2026-11-24T09:29:50.000Z",
        "2026-11-24T09:30:01.000Z",
        "<strong>interrupted</strong>",
        "trailseal audit --external-id &#39;***&#39; -p &#39;exemptTrails=a, b&#39;",
        "1 trail and 1 copy in",
        "2 accounts requested: 1 completed, 1 skipped",
    ] {
        assert!(heading.contains(words), "{words}: {heading}");
    }
    let inputs = between(&page, "id=\"inputs\"", "id=\"controls\"");
    for words in [digest.as_str(), "2026-10-31", "a lab", "Ada", "expired", "Warning:", "ended on"]
    {
        assert!(inputs.contains(words), "{words}: {inputs}");
    }
    assert!(!page.contains("<b>.json"));
}
