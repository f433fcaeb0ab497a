//! What is true of every text that is read as a plan, with a source.

use trailseal_rule::{
    AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp, Verdict,
};
use trailseal_template::{Place, Source, SourceFile, SuppliedValues, read_plan};

/// What parts the plan from the text of `main.tf`.
const MARK: &str = "\n----\n";

/// The reader returns trails or one line, and a COMPLIANT trail has a key that the text names.
pub(crate) fn check(text: &str) {
    let (plan, source) = text.split_once(MARK).unwrap_or((text, ""));
    judge(plan, None);
    let mut read = |folder: &str| {
        let (name, shown) = ("main.tf".to_owned(), format!("{folder}/main.tf"));
        Ok(vec![SourceFile { name, shown, text: source.to_owned() }])
    };
    judge(plan, Some(&mut Source { read: &mut read, modules: None }));
}

fn judge(plan: &str, source: Option<&mut Source<'_>>) {
    let place = Place {
        account: AccountId::not_known(),
        region: Region::not_known(),
        scope: String::new(),
    };
    let preview = match read_plan("p", plan, &place, source) {
        Ok(preview) => preview,
        Err(error) => return assert!(!error.contains('\n'), "{error}"),
    };
    for profile in Profile::ALL {
        let parameters = Parameters { profile, ..Parameters::default() };
        let now = Timestamp::from_epoch_millis(0);
        let context = EvaluationContext { parameters: &parameters, now };
        for trail in &preview.trails {
            let judged = trail.judge(&context, &SuppliedValues::default());
            let is_sealed = matches!(judged.judgement.verdict, Verdict::Sealed(_));
            assert!(!is_sealed || plan.contains("kms_key_id") || plan.contains('\\'), "{plan}");
        }
    }
}
