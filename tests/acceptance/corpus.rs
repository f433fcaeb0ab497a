//! Every case of the corpus runs through the rule alone and the real function; a dozen also run
//! through the function in this process.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use trailseal_lab::{Call, Lab, PutEvaluation};
use trailseal_rule::{
    CHECKS, Change, EvaluationContext, Invocation, Outcome, Timestamp, Trigger, Verdict, evaluate,
    needs,
};

use super::case::{Case, CaseEvaluation, Expected, all, dozen, root, sorted};
use super::faults::desk::Desk;
use super::harness::{NOW, RULE, TIME, bootstrap_of, context, error_of, lab, read_state};
use super::rewrite::update_if_asked;
use super::state::evidence;

/// What the rule alone returns for a case: the evaluation and the verdict, or the error.
fn decide(case: &Case) -> Result<(CaseEvaluation, Option<Verdict>), String> {
    let invocation = Invocation::parse(&case.event("token")).map_err(|error| error.to_string())?;
    let parameters = &invocation.parameters;
    let (evaluation, verdict) = match &invocation.trigger {
        Trigger::Changed(Change::TrailGone(gone)) => (gone.evaluation(), None),
        Trigger::Changed(Change::Trail(change)) => {
            let context = EvaluationContext { parameters, now: Timestamp::parse(NOW).unwrap() };
            let needed = needs(&context, &change.trail);
            let found = evidence(&case.state(), &change.trail, &needed, parameters);
            let judgement = evaluate(&context, &change.trail, &found.to_facts());
            let id = change.resource_id.clone();
            let evaluation = judgement.evaluation(id, parameters.unverified, change.captured);
            (evaluation, Some(judgement.verdict))
        }
        Trigger::Changed(Change::Key(_)) | Trigger::Oversized(_) | Trigger::Scheduled { .. } => {
            panic!("{} is not for the corpus", case.name)
        }
    };
    let evaluation = CaseEvaluation {
        resource_type: evaluation.resource_type.to_owned(),
        id: evaluation.resource_id.to_string(),
        compliance: evaluation.compliance.to_string(),
        annotation: evaluation.annotation.to_string(),
    };
    Ok((evaluation, verdict))
}

#[test]
fn the_rule_alone_decides_every_case() {
    for case in all() {
        let (evaluations, error) = match decide(&case) {
            Ok((evaluation, _)) => (vec![evaluation], None),
            Err(error) => (Vec::new(), Some(error)),
        };
        for CaseEvaluation { annotation, .. } in &evaluations {
            assert!((1..=256).contains(&annotation.len()) && annotation.is_ascii(), "{annotation}");
        }
        assert_eq!(evaluations, case.expected.evaluations, "{}", case.name);
        assert_eq!(error, case.expected.error, "{}", case.name);
    }
}

fn submitted(put: &PutEvaluation) -> CaseEvaluation {
    CaseEvaluation {
        resource_type: put.resource_type.clone(),
        id: put.resource_id.clone(),
        compliance: put.compliance_type.clone(),
        annotation: put.annotation.clone().unwrap_or_default(),
    }
}

fn call_lines(calls: &[Call]) -> Vec<String> {
    let mut lines: Vec<String> = calls
        .iter()
        .map(|call| match &call.region {
            Some(region) => format!("{} {region}", call.operation),
            None => call.operation.clone(),
        })
        .collect();
    lines.sort();
    lines
}

/// The evaluations and calls that reached the lab match the case, with the time of the item.
fn check(case: &mut Case, lab: &Lab, error: Option<String>) {
    let put = lab.take_put_evaluations();
    let evaluations = put.iter().map(submitted).collect();
    let answered = Expected { evaluations, calls: call_lines(&lab.take_calls()), error };
    update_if_asked(case, answered.clone());
    assert_eq!(answered, case.expected, "{}", case.name);
    assert_eq!(lab.created_aws_managed_keys(), [""; 0], "{}", case.name);
    let captured = captured(case);
    assert!(put.iter().all(|one| Some(one.ordering_timestamp) == captured), "{}", case.name);
}

fn captured(case: &Case) -> Option<i64> {
    let invocation = Invocation::parse(&case.event("token")).ok()?;
    match invocation.trigger {
        Trigger::Changed(Change::Trail(change)) => Some(change.captured.epoch_millis()),
        Trigger::Changed(Change::TrailGone(gone)) => Some(gone.captured.epoch_millis()),
        Trigger::Changed(Change::Key(_)) | Trigger::Oversized(_) | Trigger::Scheduled { .. } => {
            None
        }
    }
}

fn begin(lab: &Lab, case: &Case) -> Vec<u8> {
    lab.set_state(read_state(&case.state()));
    let (account, region) = case.place();
    case.event(&lab.issue_token(account, region, RULE))
}

#[tokio::test]
async fn the_function_handles_a_dozen_cases() {
    for mut case in dozen() {
        let (account, region) = case.place();
        let desk = Desk::open_as(read_state(&case.state()), account, region, None).await;
        let event = begin(&desk.lab, &case);
        let answer = desk.function.answer(&event, &context()).await;
        check(&mut case, &desk.lab, answer.err().map(|error| error.to_string()));
    }
}

#[tokio::test]
async fn the_real_function_handles_every_case() {
    let mut cases = all();
    let lab = lab(&cases.first().unwrap().state()).await;
    let mut functions = BTreeMap::new();
    for case in &mut cases {
        let event = begin(&lab, case);
        let (account, region) = case.place();
        // One warm process for each account and Region.
        let function = match functions.entry((account.to_owned(), region.to_owned())) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(free) => free.insert(bootstrap_of(&lab, account, region).await),
        };
        let outcome = function.invoke(&event, TIME).await.unwrap().outcome;
        check(case, &lab, error_of(outcome));
    }
    assert!(functions.values().all(|function| function.starts() == 1));
}

/// For each answer of each check, the check's folder has a case that this answer alone decides.
#[test]
fn every_answer_of_every_check_has_a_case() {
    let mut decisive = BTreeSet::new();
    for case in all() {
        let folder = case.name.split('/').next().unwrap().to_owned();
        for (check, answer) in decide(&case).ok().and_then(|it| it.1).iter().flat_map(deciding) {
            decisive.insert((folder.clone(), check, answer));
        }
    }
    for check in CHECKS.iter().filter(|check| check.profile.is_some()) {
        let id = check.id.as_str();
        for answer in ["pass", "fail", "unknown"] {
            // The trail itself is always known.
            let possible = answer != "unknown" || !check.reads.is_empty();
            let found = decisive.contains(&(id.to_owned(), id.to_owned(), answer));
            assert_eq!(found, possible, "corpus/{id}: is there a case that `{answer}` decides?");
        }
    }
}

/// The checks that decide a verdict, each with its answer.
fn deciding(verdict: &Verdict) -> Vec<(String, &'static str)> {
    let (answer, is): (_, fn(&Outcome) -> bool) = match verdict {
        Verdict::Sealed(_) => ("pass", |outcome| matches!(outcome, Outcome::Pass)),
        Verdict::Broken(_) => ("fail", |outcome| matches!(outcome, Outcome::Fail(_))),
        Verdict::Unverified(_) => ("unknown", |outcome| matches!(outcome, Outcome::Unknown(_))),
        Verdict::NotApplicable(_) => return Vec::new(),
    };
    let results = verdict.results().iter().filter(|result| is(&result.outcome));
    let named: Vec<_> = results.map(|result| (result.check.to_string(), answer)).collect();
    if answer == "pass" || named.len() == 1 { named } else { Vec::new() }
}

/// Every file is run, and every case is in the right folder.
#[test]
fn every_file_of_the_corpus_is_a_case() {
    let of_function = CHECKS.iter().filter(|check| check.profile.is_some());
    let mut folders: BTreeSet<String> =
        of_function.map(|check| check.id.as_str().to_owned()).collect();
    folders.extend(["events", "folding", "parameters"].map(str::to_owned));
    let mut names = BTreeSet::new();
    for path in sorted(&root()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name == "base.json" || folders.remove(&name), "{} is unknown", path.display());
        for file in path.is_dir().then(|| sorted(&path)).into_iter().flatten() {
            let is_json = file.extension().is_some_and(|extension| extension == "json");
            assert!(is_json, "{} is not a case", file.display());
            names.insert(file.strip_prefix(root()).unwrap().with_extension(""));
        }
    }
    assert!(folders.is_empty(), "no cases for {folders:?}");
    let run: BTreeSet<_> = all().into_iter().map(|case| case.name.into()).collect();
    assert_eq!(names, run);
    let described = all().into_iter().map(|case| case.description);
    let described: BTreeSet<String> = described.collect();
    assert_eq!(described.len(), run.len(), "descriptions are unique");
}
