use serde_json::json;

use super::parse_conditions;
use crate::context::{Context, ContextValue, Settled};
use crate::fit::Steps;
use crate::matching::Match::{self, Always, Never, Sometimes};
use crate::pattern::Variables;
use crate::request::Effect;
use crate::shape::{Hole, Shape};

fn holds(block: &str, context: &Context, effect: Effect) -> Match {
    let read = serde_json::from_str(block).unwrap();
    let conditions = parse_conditions(&read, Variables::Supported);
    assert_eq!(conditions.len(), 1, "{block}");
    conditions[0].holds(context, effect, &Steps::default())
}

pub(super) fn check(value: &ContextValue, cases: &[(&str, serde_json::Value, Match)]) {
    let context =
        Context::default().with("aws:Key", value.clone()).with("aws:Missing", ContextValue::Absent);
    for (operator, values, expected) in cases {
        let text = json!({ *operator: { "AWS:key": values } }).to_string();
        let found = holds(&text, &context, Effect::Allow);
        assert_eq!(found, *expected, "{text} of {value:?}");
    }
}

#[test]
fn a_known_value_is_compared() {
    check(
        &ContextValue::known("7"),
        &[
            ("StringEquals", json!(["6", 7]), Always),
            ("StringNotEquals", json!(["6", "7"]), Never),
            ("StringNotEqualsIfExists", json!("6"), Always),
            ("NumericEquals", json!(7), Sometimes),
            ("NumericNotEquals", json!("NaN"), Sometimes),
            ("NumericLessThan", json!("infinity"), Sometimes),
            ("NumericGreaterThanEquals", json!("seven"), Sometimes),
            ("StringEquals", json!(7.0), Sometimes),
            ("StringNotEquals", json!(["8", 7.0]), Sometimes),
            ("Null", json!(false), Always),
            ("Null", json!("true"), Never),
            ("Null", json!([true, false]), Sometimes),
            ("Null", json!(["true", true]), Never),
            ("Null", json!(["false", "False"]), Always),
            ("Null", json!([false, "FALSE"]), Always),
            ("Null", json!("perhaps"), Sometimes),
            ("Bool", json!("true"), Sometimes),
            ("DateEquals", json!("7"), Sometimes),
            ("BinaryEquals", json!("Nw=="), Sometimes),
            ("StringEquals", json!({"x": 1}), Sometimes),
            ("ForAnyValue:StringEquals", json!("7"), Always),
        ],
    );
    check(&ContextValue::known("2001:db8::1"), &[("IpAddress", json!("::/0"), Always)]);
    check(&ContextValue::known("TRUE"), &[("Bool", json!(true), Always)]);
}

/// AWS does not document which letters beside those of ASCII are the same.
#[test]
fn letter_case_is_ignored_in_ascii_only() {
    check(
        &ContextValue::known("k\u{e9}"),
        &[
            ("StringEqualsIgnoreCase", json!("K\u{e9}"), Sometimes),
            ("StringNotEqualsIgnoreCase", json!("\u{212a}\u{c9}"), Sometimes),
            ("StringEqualsIgnoreCase", json!(["x", "\u{212a}\u{e9}"]), Sometimes),
            ("StringEqualsIgnoreCase", json!("K"), Never),
            ("StringEquals", json!("k\u{e9}"), Always),
        ],
    );
    check(&ContextValue::known("k"), &[("StringEqualsIgnoreCase", json!("K"), Always)]);
}

#[test]
fn a_caller_who_must_send_one_value_may_add_others() {
    let value = ContextValue::ChosenWith { needed: "a", others: &["b", "c"] };
    let context = Context::default().with("aws:Key", value);
    for (operator, values, allow, deny) in [
        ("ForAllValues:StringEquals", json!("a"), Always, Never),
        ("ForAllValues:StringEquals", json!(["a", "b", "c"]), Always, Always),
        ("ForAllValues:StringEquals", json!(["b", "c"]), Never, Never),
        ("ForAllValues:StringEquals", json!(["a", "${aws:x}"]), Sometimes, Sometimes),
        ("ForAnyValue:StringEquals", json!("a"), Always, Always),
        ("ForAnyValue:StringEquals", json!("b"), Always, Never),
        ("ForAnyValue:StringEquals", json!("x"), Never, Never),
        ("StringEquals", json!("a"), Always, Sometimes),
        ("StringEquals", json!("b"), Sometimes, Sometimes),
    ] {
        let text = json!({ operator: { "aws:Key": values } }).to_string();
        assert_eq!(holds(&text, &context, Effect::Allow), allow, "{text}");
        assert_eq!(holds(&text, &context, Effect::Deny), deny, "{text}");
    }
}

#[test]
fn a_missing_key_fails_an_operator_and_passes_a_negated_one() {
    check(
        &ContextValue::Absent,
        &[
            ("StringEquals", json!("*"), Never),
            ("StringNotLike", json!("*"), Always),
            ("DateLessThan", json!("2030-01-01"), Never),
            ("DateNotEquals", json!("2030-01-01"), Always),
            ("NotIpAddress", json!("::/0"), Always),
            ("NumericLessThan", json!("3"), Never),
            ("NumericNotEquals", json!("7"), Always),
            ("NumericLessThanIfExists", json!("3"), Always),
            ("ForAllValues:NumericLessThan", json!("3"), Always),
            ("NumericLessThan", json!(3.5), Sometimes),
            ("DateLessThanIfExists", json!("2030-01-01"), Always),
            ("ForAllValues:StringLike", json!("a"), Always),
            ("ForAnyValue:StringLike", json!("*"), Never),
            ("ForAllValues:StringNotLike", json!("a"), Sometimes),
            ("ForAnyValue:StringNotLike", json!("a"), Sometimes),
            ("ForAnyValue:StringLikeIfExists", json!("a"), Always),
            ("Null", json!("true"), Always),
            ("Null", json!("false"), Never),
        ],
    );
}

#[test]
fn several_values_need_a_set_operator() {
    let several = |operator: &'static str, values, known, includes| {
        let two = vec!["a".to_owned(), "b".to_owned()];
        check(&ContextValue::Known(two.clone()), &[(operator, json!(values), known)]);
        check(&ContextValue::Includes(two), &[(operator, json!(values), includes)]);
    };
    several("StringEquals", vec!["a"], Sometimes, Sometimes);
    several("ForAllValues:StringEquals", vec!["a", "b"], Always, Sometimes);
    several("ForAllValues:StringEquals", vec!["a"], Never, Never);
    several("ForAnyValue:StringEquals", vec!["a"], Always, Always);
    several("ForAnyValue:StringEquals", vec!["c"], Never, Sometimes);
    several("ForAllValues:StringNotEquals", vec!["a"], Never, Never);
    several("ForAllValues:StringNotEquals", vec!["c"], Always, Sometimes);
    several("ForAnyValue:StringNotEquals", vec!["a"], Always, Always);
    several("Null", vec!["false"], Always, Always);
}

#[test]
fn the_unknown_part_of_a_value_depends_on_who_chooses_it() {
    let open = |operator: &'static str, values, by_caller, by_nobody| {
        for (settled, expected) in [(Settled::ByCaller, by_caller), (Settled::ByNobody, by_nobody)]
        {
            let shape = Shape::text("") + Hole::Unnamed;
            let value = ContextValue::Open { shape, settled };
            check(&value, &[(operator, json!(values), expected)]);
        }
    };
    open("StringEquals", vec!["111122223333"], Never, Never);
    open("StringNotEquals", vec!["111122223333"], Always, Always);
    open("StringLike", vec!["x", "*"], Always, Sometimes);
    open("StringLike", vec!["1*"], Always, Sometimes);
    open("StringNotLike", vec!["*"], Never, Sometimes);
    open("StringEquals", vec!["${aws:userid}"], Sometimes, Sometimes);
    open("StringEqualsIfExists", vec!["111122223333"], Never, Sometimes);
    open("StringEquals", vec!["${aws:Missing}"], Never, Never);
    open("Bool", vec!["true"], Sometimes, Sometimes);
    open("Null", vec!["false"], Always, Sometimes);
}

#[test]
fn a_repeated_condition_holds_sometimes() {
    for text in [
        r#"{"StringEquals": {"aws:Key": "x", "AWS:KEY": "y"}}"#,
        r#"{"StringEquals": {"aws:Key": "x"}, "stringequals": {"aws:Key": "y"}}"#,
    ] {
        assert_eq!(holds(text, &Context::default(), Effect::Allow), Sometimes, "{text}");
    }
}

#[test]
fn a_variable_under_another_operator_than_for_texts_and_arns_is_in_doubt() {
    let context = Context::default()
        .with("aws:Key", ContextValue::known("true"))
        .with("aws:Other", ContextValue::Absent)
        .with("aws:Chosen", ContextValue::Chosen);
    for operator in ["Bool", "BoolIfExists", "Null", "NumericEquals", "DateNotEquals"] {
        for key in ["aws:Key", "aws:Other", "aws:Chosen"] {
            for values in [json!("${aws:Key}"), json!(["true", "${aws:Other, 'true'}"])] {
                let text = json!({ operator: { key: values } }).to_string();
                for effect in [Effect::Allow, Effect::Deny] {
                    assert_eq!(holds(&text, &context, effect), Sometimes, "{text}");
                }
            }
        }
    }
}

#[test]
fn a_variable_without_a_value_equals_nothing() {
    check(&ContextValue::known("a"), &[("StringEquals", json!(["${aws:Key}"]), Always)]);
    let context = Context::default()
        .with("aws:Key", ContextValue::known("a"))
        .with("aws:Other", ContextValue::Absent);
    for (operator, expected) in [("StringEquals", Never), ("StringNotEquals", Always)] {
        let text = json!({ operator: { "aws:Key": "${aws:Other}" } }).to_string();
        assert_eq!(holds(&text, &context, Effect::Allow), expected, "{operator}");
    }
}

#[test]
fn the_caller_chooses_values_that_match_an_allow_and_avoid_a_deny() {
    let context = Context::default().with("aws:Key", ContextValue::Chosen);
    for text in [
        r#"{"StringEquals": {"aws:Key": "x"}}"#,
        r#"{"NumericLessThan": {"aws:Key": "3600"}}"#,
        r#"{"Null": {"aws:Key": "false"}}"#,
    ] {
        assert_eq!(holds(text, &context, Effect::Allow), Always);
        assert_eq!(holds(text, &context, Effect::Deny), Never);
    }
}

/// The steps limit the work only if they count it, so each is compared with the length of what is
/// read.
#[test]
fn every_character_that_is_read_is_a_step() {
    const LENGTH: u64 = 1_000;
    let long = "7".repeat(1_000);
    let pending = ContextValue::Pending {
        text: "<a>:a:a:a:a:a".to_owned(),
        shape: Shape::text("") + Hole::Segment + ":a:a:a:a:a",
    };
    let known = ContextValue::known("true");
    for (operator, value, pattern, at_least) in [
        ("Bool", &known, long.clone(), LENGTH),
        ("Null", &known, long.clone(), LENGTH),
        ("IpAddress", &known, long.clone(), LENGTH),
        ("ArnLike", &known, long.clone(), LENGTH),
        ("StringEquals", &known, "${aws:Long}".to_owned(), LENGTH),
        ("StringEquals", &known, "${aws:Long}".repeat(10), 10 * LENGTH),
        ("StringEquals", &known, long.clone() + "${", LENGTH),
        ("StringEquals", &ContextValue::known(&long), "x".to_owned(), LENGTH),
        ("StringEquals", &pending, long.clone(), LENGTH),
        ("StringLike", &ContextValue::known(&long), "*7".repeat(100), 90 * LENGTH),
    ] {
        let context = Context::default()
            .with("aws:Key", value.clone())
            .with("aws:Long", ContextValue::known(&long));
        let block = json!({ operator: { "aws:Key": pattern } }).to_string();
        let read = serde_json::from_str(&block).unwrap();
        let steps = Steps::default();
        parse_conditions(&read, Variables::Supported)[0].holds(&context, Effect::Allow, &steps);
        assert!(steps.count() >= at_least, "{} steps: {block:.60} of {value:?}", steps.count());
    }
}
