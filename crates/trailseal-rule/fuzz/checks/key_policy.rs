//! Any text is a key policy that has answers, or is unreadable with a message of one line.

use trailseal_rule::key_policy::admission::admits_cloudtrail;
use trailseal_rule::key_policy::document::PolicyDocument;
use trailseal_rule::key_policy::exposure::{binds_cloudtrail, guards_decryption};
use trailseal_rule::key_policy::question::TrailAndKey;

const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Fails where the text is neither, or where the same question has two answers.
pub(crate) fn check(text: &str) {
    let policy = match PolicyDocument::parse(text) {
        Ok(policy) => policy,
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty(), "an error without a message");
            assert!(!message.contains(['\n', '\r']), "an error of several lines");
            return;
        }
    };
    for key_arn in [Some(KEY), None] {
        let question = TrailAndKey { trail_arn: TRAIL, key_arn };
        let admission = admits_cloudtrail(&policy, &question);
        assert_eq!(admission, admits_cloudtrail(&policy, &question), "another answer");
        for ask in [guards_decryption, binds_cloudtrail] {
            assert_eq!(ask(&policy, &question), ask(&policy, &question), "another answer");
        }
    }
}
