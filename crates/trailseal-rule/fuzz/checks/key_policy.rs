//! Any text is a key policy or gives a one-line error.

use resource_policy::{Match, Reason};
use trailseal_rule::key_policy::exposure::{binds_cloudtrail, guards_decryption};
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{KeyArn, TrailArn};

const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Fails if the text is neither, if the same question has two answers, or if an answer contradicts
/// itself.
pub(crate) fn check(text: &str) {
    let policy = match parse_key_policy(text) {
        Ok(policy) => policy,
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty(), "an error without a message");
            assert!(!message.contains(['\n', '\r']), "an error of several lines");
            return;
        }
    };
    let (trail, key) = (TrailArn::parse(TRAIL).unwrap(), KeyArn::parse(KEY).unwrap());
    for key in [Some(&key), None] {
        let question = TrailAndKey { trail: &trail, key };
        let admission = Grant::Encrypt.decide(&policy, &question);
        assert_eq!(admission, Grant::Encrypt.decide(&policy, &question), "another answer");
        assert_eq!(admission.allowed == Match::Always, admission.reason == Reason::Allowed);
        for shown in admission.statements.iter().map(ToString::to_string) {
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
        for ask in [guards_decryption, binds_cloudtrail] {
            let open = ask(&policy, &question);
            assert_eq!(open, ask(&policy, &question), "another answer");
            assert!(open.exposures.iter().all(|one| one.depends_on.is_empty()));
            assert!(open.doubts.iter().all(|one| !one.depends_on.is_empty()));
            let mut all = open.exposures.iter().chain(&open.doubts);
            assert!(all.all(|exposure| !exposure.actions.is_empty()));
        }
    }
}
