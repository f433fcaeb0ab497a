//! The rule's parameters in the templates and packs: no default disables a check.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};
use trailseal_rule::{CHECKS, Parameters};

use super::moto::python;

/// The parameters in every template and pack, with its defaults and this profile.
fn input_parameters(profile: &str) -> BTreeMap<String, Map<String, Value>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python())
        .arg(tests.join("acceptance/templates/input_parameters.py"))
        .arg(tests.join("../cdk"))
        .arg(profile)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", python().display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_defaults_of_every_template_leave_every_strict_check_enabled() {
    let found = input_parameters("strict");
    let places: Vec<&str> = found.keys().map(String::as_str).collect();
    insta::assert_debug_snapshot!(places);
    for (place, given) in found {
        let parameters =
            Parameters::parse(&given).unwrap_or_else(|faults| panic!("{place}: {faults}"));
        for check in CHECKS.iter().filter(|check| check.profile.is_some()) {
            assert!(check.id.is_enabled(&parameters), "{place}: {} is not enabled", check.id);
        }
    }
}

/// The test above would notice a disabled check: the profile `cis` enables two.
#[test]
fn the_profile_of_a_template_reaches_the_rule() {
    for (place, given) in input_parameters("cis") {
        let parameters = Parameters::parse(&given).unwrap();
        let enabled = CHECKS.iter().filter(|check| check.id.is_enabled(&parameters));
        assert_eq!(enabled.count(), 2, "{place}");
    }
}
