//! `tests/peers/faults.py`, which counts lost evaluations, with programs whose outcome is known.

use std::env;
use std::process::Command;

use serde_json::{Value, json};

use super::support::stub;

/// The counts of a program that does the same for each event, and what the script complains about.
fn count(what: &str) -> (Value, String, String) {
    let python = env::var_os("TRAILSEAL_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/faults.py");
    let output = Command::new(python)
        .args(["-B", script, "--lab", env!("CARGO_BIN_EXE_trailseal-lab"), "--program"])
        .arg(format!("stub='{}' {what}", stub().display()))
        .output()
        .unwrap();
    let [printed, complaints] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(1), "{complaints}");
    let counts = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    (counts, printed, complaints)
}

#[test]
fn a_program_that_reports_success_and_submits_nothing_loses_everything() {
    let (counts, table, complaints) = count("respond");
    let expected = json!({
        "benchmark": "faults", "cells": 50,
        "lost": {"stub": 50}, "error": {"stub": 0}, "held": {"stub": 0},
    });
    assert_eq!(counts, expected);
    assert!(table.contains("| DescribeTrails: throttling | LOST / LOST |"), "{table}");
    assert!(table.contains("| PutEvaluations: failed-evaluations | LOST / LOST |"), "{table}");
    assert!(table.contains("| **lost silently, of 50** | 50 |"), "{table}");
    assert!(complaints.contains("without a fault, stub does not hold the right results"));
    let unmet = complaints.matches("the fault never happened: stub: ").count();
    assert_eq!(unmet, 50, "{complaints}");
}

#[test]
fn a_program_that_reports_an_error_loses_nothing_silently() {
    for what in ["fail", "exit"] {
        let (counts, table, _) = count(what);
        assert_eq!(counts["error"], json!({"stub": 50}), "{what}");
        assert_eq!(counts["lost"], json!({"stub": 0}), "{what}");
        assert!(table.contains("| PutEvaluations: clock-skew | error / error |"), "{table}");
    }
}
