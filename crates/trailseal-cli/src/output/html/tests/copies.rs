//! What the page says of an account whose trail, or a copy of it, was not evaluated.

use super::*;

const OWNER: &str = "111122223333";
const MEMBERS: [&str; 2] = ["222233334444", "333344445555"];

/// A copy of the owner's trail that was not evaluated.
fn open_copy(account: &str, region: &str) -> Value {
    let mut copy = trail("all", OWNER, "us-east-1", "NOT_APPLICABLE", &[]);
    copy["account"] = json!(account);
    copy["region"] = json!(region);
    copy["copy"] = json!(true);
    copy["reason"] = json!("this is a copy");
    copy["notEvaluated"] = json!("a copy of it differs");
    copy
}

/// The accounts in their order, each with what the page says of it.
fn accounts(page: &str) -> Vec<(&str, &str)> {
    let table = between(page, "id=\"counts-title\"", "id=\"problems\"");
    let of = |part| {
        (between(part, "<span class=\"id\">", "<"), between(part, "<span class=\"told\">", "<"))
    };
    table.split("<summary>").skip(1).map(of).collect()
}

fn field(account: &str, region: &str, words: &str) -> String {
    format!("<title>{account} {region}: {words}</title>")
}

#[test]
fn a_trail_that_copies_of_other_accounts_contradict_is_not_evaluated_in_its_own_account() {
    let sealed = trail("all", OWNER, "us-east-1", "COMPLIANT", &[check("key-usable", "pass")]);
    let other = "000011112222";
    let fine = trail("fine", other, "us-east-1", "COMPLIANT", &[check("key-usable", "pass")]);
    let copies = MEMBERS.map(|member| open_copy(member, "us-east-1"));
    let page = page(&report(&[vec![sealed, fine], copies.to_vec()].concat(), &[]));
    let not_evaluated = "1 not evaluated";
    let [one, two] = MEMBERS;
    let expected = [
        (OWNER, not_evaluated),
        (one, not_evaluated),
        (two, not_evaluated),
        (other, "1 compliant"),
    ];
    assert_eq!(accounts(&page), expected);
    for account in [OWNER, one, two] {
        assert!(page.contains(&field(account, "us-east-1", not_evaluated)), "{account}: {page}");
    }
    assert!(
        page.contains(" 1 trail was not evaluated.</h1>"),
        "{}",
        between(&page, "<h1>", "</h1>")
    );
}

#[test]
fn an_account_counts_a_trail_once_of_which_it_shows_only_copies() {
    let [one, two] = MEMBERS;
    let copies =
        [open_copy(one, "us-east-1"), open_copy(one, "eu-west-1"), open_copy(two, "us-east-1")];
    let not_evaluated = "1 not evaluated";
    let of_copies = page(&report(&copies, &[]));
    assert_eq!(accounts(&of_copies), [(one, not_evaluated), (two, not_evaluated)]);
    let audited = json!({ "id": OWNER, "name": null, "problem": null, "regions": [
        { "region": "eu-west-1", "trails": 0, "problem": null },
    ] });
    let of_audit = page(&report(&copies, &[audited]));
    let expected = [(OWNER, not_evaluated), (one, not_evaluated), (two, not_evaluated)];
    assert_eq!(accounts(&of_audit), expected);
    assert!(of_audit.contains(&field(OWNER, "eu-west-1", "no trail")), "{of_audit}");
    let problem = "AWS refused cloudtrail:DescribeTrails";
    let audited = json!({ "id": OWNER, "name": null, "problem": null, "regions": [
        { "region": "us-east-1", "trails": 0, "problem": problem },
    ] });
    let of_audit = page(&report(&copies, &[audited]));
    assert!(of_audit.contains(&format!("<title>{OWNER} us-east-1: {not_evaluated}")), "{of_audit}");
}

/// Such as an item of AWS Config and an answer of CloudTrail.
#[test]
fn two_results_of_a_trail_and_two_of_a_copy_are_each_counted_as_one_state() {
    let sealed = trail("all", OWNER, "us-east-1", "COMPLIANT", &[check("key-usable", "pass")]);
    let [one, two] = MEMBERS;
    let copy = || open_copy(one, "us-east-1");
    let of_two = page(&report(&[sealed.clone(), sealed.clone(), copy(), copy()], &[]));
    assert!(of_two.contains(" 1 trail was not evaluated.</h1>"), "{of_two}");
    assert_eq!(accounts(&of_two), [(OWNER, "1 not evaluated"), (one, "1 not evaluated")]);
    assert!(of_two.contains(&field(one, "us-east-1", "1 not evaluated")), "{of_two}");
    // A worse result counts beside the copy, as in the headline.
    let failing = trail("all", OWNER, "us-east-1", "NON_COMPLIANT", &[check("key-usable", "fail")]);
    let mixed = page(&report(&[failing, sealed.clone(), copy()], &[]));
    let of_owner = "1 non-compliant, 1 not evaluated";
    assert_eq!(accounts(&mixed), [(OWNER, of_owner), (one, "1 not evaluated")]);
    // A member account evaluated its copy.
    let mut evaluated = sealed.clone();
    evaluated["account"] = json!(two);
    let page = page(&report(&[evaluated, sealed, copy()], &[]));
    let not_evaluated = "1 not evaluated";
    let expected = [(OWNER, not_evaluated), (one, not_evaluated), (two, not_evaluated)];
    assert_eq!(accounts(&page), expected);
    assert!(page.contains(" 1 trail was not evaluated.</h1>"), "{page}");
}

#[test]
fn a_result_that_is_worse_than_a_copy_counts_in_the_account_of_the_trail() {
    let failing = trail("all", OWNER, "us-east-1", "NON_COMPLIANT", &[check("key-usable", "fail")]);
    let [one, _] = MEMBERS;
    let page = page(&report(&[failing, open_copy(one, "us-east-1")], &[]));
    assert_eq!(accounts(&page), [(OWNER, "1 non-compliant"), (one, "1 not evaluated")]);
    assert!(page.contains(&field(OWNER, "us-east-1", "1 non-compliant")), "{page}");
}
