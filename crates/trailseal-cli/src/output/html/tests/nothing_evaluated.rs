//! What the page says of a run that did not evaluate everything, or nothing.

use super::*;

const OWN: &str = "111122223333";

fn why(page: &str) -> &str {
    between(page, "id=\"causes-title\">Why</h3>", "</div>").trim()
}

fn sealed() -> Value {
    trail("sealed", OWN, "us-east-1", "COMPLIANT", &[check("key-usable", "pass")])
}

fn account(problem: Option<&str>) -> Value {
    json!({ "id": "444455556666", "name": null, "problem": problem, "regions": [] })
}

#[test]
fn only_a_run_that_evaluated_every_trail_says_that_every_check_passed() {
    let exempt = trail("exempt", OWN, "us-east-1", "NOT_APPLICABLE", &[]);
    let mut shadow = trail("shadow", OWN, "us-east-1", "NOT_APPLICABLE", &[]);
    shadow["notEvaluated"] = json!("only a copy of it was seen");
    let mut bare = trail(OWN, OWN, "us-east-1", "NON_COMPLIANT", &[]);
    bare["arn"] = Value::Null;
    let (passed, partly, nothing) = (
        "Every enabled check passed.",
        "No check failed on the trails that were evaluated.",
        "No trail was evaluated.",
    );
    let refused = || account(Some("the role is refused"));
    for (trails, accounts, expected) in [
        (vec![sealed()], vec![], passed),
        (vec![sealed()], vec![refused()], partly),
        (vec![sealed(), exempt.clone()], vec![], partly),
        (vec![sealed(), shadow.clone()], vec![], partly),
        (vec![sealed(), bare.clone()], vec![], partly),
        (vec![], vec![], nothing),
        (vec![], vec![refused()], nothing),
        (vec![exempt], vec![], nothing),
        (vec![shadow], vec![], nothing),
        (vec![bare], vec![], nothing),
    ] {
        let mut report = report(&trails, &accounts);
        report["complete"] = json!(accounts.is_empty());
        let page = page(&report);
        assert_eq!(why(&page), format!("<p>{expected}</p>"), "{report}");
        let findings = between(&page, "id=\"findings\"", "id=\"passes\"");
        let says_nothing_failed = findings.contains("No trail failed a check.");
        assert_eq!(says_nothing_failed, expected != nothing, "{findings}");
        let is_all_read = findings.contains("The evidence of every evaluated trail could be read.");
        assert_eq!(is_all_read, expected != nothing, "{findings}");
    }
}

#[test]
fn an_account_without_trails_is_counted_as_a_result_and_not_as_a_trail() {
    let (own, bare) = ("111122223333", "444455556666");
    let mut without = trail(bare, bare, "us-east-1", "NON_COMPLIANT", &[]);
    without["arn"] = Value::Null;
    without["reason"] = json!("the account has no trail");
    let sealed = trail("sealed", own, "us-east-1", "COMPLIANT", &[check("key-usable", "pass")]);
    let regions = json!([{ "region": "us-east-1", "trails": 0, "problem": null }]);
    let audited = json!({ "id": bare, "name": null, "problem": null, "regions": regions });
    let page = page(&report(&[without, sealed], &[audited]));
    let statement = "<h1>The one trail that was evaluated is compliant. 1 account has no trail in 1 Region, which is not compliant.</h1>";
    assert!(page.contains(statement), "{page}");
    assert!(between(&page, "Non-compliant</dt>", "</dd>").ends_with(">1"), "{page}");
    assert!(
        page.contains("<title>444455556666 us-east-1: no trail, non-compliant</title>"),
        "{page}"
    );
    assert!(
        page.contains("<span class=\"told\">no trail, non-compliant in 1 Region</span>"),
        "{page}"
    );
    let row = row(&page, bare, "us-east-1");
    assert!(row.contains("<td class=\"figure failing\">1</td>"), "{row}");
    assert!(page.contains("data-verdicts=\"failing\" data-account=\"444455556666\""), "{page}");
    let heat = between(&page, "<svg class=\"heat\"", "</svg>");
    assert!(heat.find(bare) < heat.find(own), "the worst first: {heat}");
    assert!(between(heat, "<g class=\"field failing\"", "</g>").ends_with(">0</text>"), "{heat}");
    let group = between(&page, "id=\"without-trails-title\"", "</section>");
    assert!(group.contains("data-kind=\"account\"") && group.contains("the account has no trail"));
    assert!(between(&page, "id=\"bare-title\"", "id=\"counts-title\"").contains("us-east-1"));
}
