//! `trailseal compare` with the reports of two audits.

use std::process::Command;

use trailseal_lab::State;

use super::desk::{Desk, ORGANIZATION, Run, denial, member, says};

/// Audits the organization with each state, and compares the reports.
async fn compared(old: State, new: State) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
    command.arg("compare");
    let mut desks = Vec::new();
    for state in [old, new] {
        let desk = Desk::with(state).await;
        let file = desk.home().join("report.json");
        let output = format!("json={}", file.display());
        let run = desk.run(&member(0), &[ORGANIZATION.as_slice(), &["-o", &output]].concat());
        assert!(run.code < 3, "{run:?}");
        command.arg(file);
        desks.push(desk);
    }
    Run::of(&mut command)
}

fn organization() -> State {
    State::organization(3, &["us-east-1"], "Audit")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_whose_account_was_not_completed_is_not_fixed() {
    let mut refusing = organization();
    refusing.denials.push(denial(&member(1), "account:ListRegions"));
    let run = compared(organization(), refusing).await.exits(2);
    let gone: Vec<&str> = run.out.lines().filter(|line| line.contains(&member(1))).collect();
    says(gone[0], &["worse ", "not evaluated", &format!("account {} was refused", member(1))]);
    says(
        &run.out,
        &["ACCOUNT: ", "completed, now refused", "PARTIAL: the new report", " 0 better"],
    );
    assert!(!run.out.contains("no trail"), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_trail_and_a_disabled_key_are_told_apart() {
    let mut later = organization();
    let deleted = later.trails.iter().position(|trail| trail.arn.contains(&member(1))).unwrap();
    later.trails.remove(deleted);
    for key in later.keys.iter_mut().filter(|key| key.arn.contains(&member(2))) {
        key.state = "Disabled".to_owned();
    }
    let run = compared(organization(), later).await.exits(1);
    let of = |account: &str| run.out.lines().find(|line| line.contains(account)).unwrap();
    says(of(&member(1)), &["other ", "no trail", "does not have it in Region us-east-1"]);
    says(
        of(&member(2)),
        &["worse ", "compliant", "non-compliant", "key-usable passed and now fails"],
    );
}
