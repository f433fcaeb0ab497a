//! What is true of every text that is read as a template.

use std::collections::BTreeMap;

use trailseal_rule::{
    AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp, Verdict,
};
use trailseal_template::{Place, Values, read_template};

/// The reader returns trails or one line, and a COMPLIANT trail has a key that the text names.
pub(crate) fn check(text: &str) {
    let place = Place {
        account: AccountId::not_known(),
        region: Region::not_known(),
        scope: String::new(),
    };
    let values = Values::default();
    let preview = match read_template("t", text, place, &BTreeMap::new(), &values) {
        Ok(preview) => preview,
        Err(error) => return assert!(!error.contains('\n'), "{error}"),
    };
    for profile in Profile::ALL {
        let parameters = Parameters { profile, ..Parameters::default() };
        let now = Timestamp::from_epoch_millis(0);
        let context = EvaluationContext { parameters: &parameters, now };
        for trail in &preview.trails {
            let judged = trail.judge(&context, &values.supplied);
            let is_sealed = matches!(judged.judgement.verdict, Verdict::Sealed(_));
            assert!(!is_sealed || text.contains("KMSKeyId") || text.contains('\\'), "{text}");
        }
    }
}
