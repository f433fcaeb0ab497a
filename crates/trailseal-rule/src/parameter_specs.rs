//! The table of the rule's parameters: validation, `docs/RULE.md` and JSON Schema come from it.

use config_rule::{
    ArnPattern, Exemption, Fault, Faults, Values, parameter_field, read_parameters, set_list,
    set_value,
};
use serde_json::{Map, Value};
use strum::VariantNames;

use crate::checks::{CHECKS, Check, CheckId};
use crate::exemptions::ExemptionsFrom;
use crate::parameters::{
    Parameters, Profile, Replicas, RoleName, TagKey, WhenNoTrails, WhenUnverified,
};

/// One parameter of this rule.
pub type ParameterSpec = config_rule::ParameterSpec<Parameters>;

const SWITCH: Values = Values::OneOf(&["true", "false"]);
const ACCOUNTS: Values = Values::Text {
    pattern: r"^\s*[0-9]{12}\s*(,\s*[0-9]{12}\s*)*$",
    words: "account ids, separated by commas",
};
const KEYS: Values = Values::Text {
    pattern: r"^\s*arn:[^:,]+:kms:[^:,]+:[^:,]+:[^:,]+\s*(,\s*arn:[^:,]+:kms:[^:,]+:[^:,]+:[^:,]+\s*)*$",
    words: "key ARNs, separated by commas, `*` as wildcard within a part",
};
const EXEMPT: Values = Values::Text {
    pattern: r"^\s*arn:[^:,]+:cloudtrail:[^:,]+:[^:,]+:[^:,@]+(@[0-9]{4}-[0-9]{2}-[0-9]{2})?\s*(,\s*arn:[^:,]+:cloudtrail:[^:,]+:[^:,]+:[^:,@]+(@[0-9]{4}-[0-9]{2}-[0-9]{2})?\s*)*$",
    words: "trail ARNs, separated by commas, `*` as wildcard within a part, each with an optional \
            last day `@YYYY-MM-DD`",
};
const DOCUMENT: Values = Values::Text {
    pattern: r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$",
    words: "the object in S3, `s3://BUCKET/KEY`, with letters, digits, `_`, `-` and `.` in the key",
};
const TAG: Values = Values::Text {
    pattern: "^[A-Za-z0-9_.:/=+@-]{1,128}$",
    words: "the key of a tag, of letters, digits and `_.:/=+-@`, without the prefix `aws:`",
};
const DAYS: Values = Values::Text {
    pattern: "^(9[0-9]|[1-9][0-9]{2}|1[0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]|2560)$",
    words: "a whole number from 90 to 2560",
};
const ROLE: Values = Values::Text {
    pattern: r"^[A-Za-z0-9+=,.@_-]+(/[A-Za-z0-9+=,.@_-]+)*$",
    words: "the name of a role, with its path",
};

/// Every parameter, in the order of the documentation.
pub const PARAMETERS: [ParameterSpec; 16] = [
    ParameterSpec {
        name: "profile",
        about: "How much is asked of a trail's key.",
        values: Values::OneOf(Profile::VARIANTS),
        default: Some("effective"),
        set: |p, text| set_value(&mut p.profile, text.parse().ok(), text),
    },
    ParameterSpec {
        name: "allowedKmsKeyArns",
        about: "The keys that are allowed. If set, it restricts the keys of the trail's own account \
                too; a key of another account is allowed if this or allowedKeyAccounts names it.",
        values: KEYS,
        default: None,
        set: |p, text| {
            set_list(&mut p.allowed_keys, text, |arn| ArnPattern::parse(arn, "kms", "key"))
        },
    },
    ParameterSpec {
        name: "allowedKeyAccounts",
        about: "Accounts whose keys are allowed, beside the trail's own account.",
        values: ACCOUNTS,
        default: None,
        set: |p, text| set_list(&mut p.allowed_key_accounts, text, |id| id.parse().ok()),
    },
    ParameterSpec {
        name: "skipChecks",
        about: "Checks to leave out, in every profile; results and reports name them.",
        values: Values::SomeOf { plural: "checks", words: skippable_checks },
        default: None,
        set: |p, text| set_list(&mut p.skip_checks, text, skippable_check),
    },
    ParameterSpec {
        name: "requireKeyRotation",
        about: "Whether the key must be rotated, in every profile.",
        values: SWITCH,
        default: Some("false"),
        set: |p, text| set_value(&mut p.require_key_rotation, text.parse().ok(), text),
    },
    ParameterSpec {
        name: "maxRotationPeriodDays",
        about: "The longest period between two rotations, in days; only where rotation is checked.",
        values: DAYS,
        default: None,
        set: |p, text| {
            set_value(&mut p.max_rotation_period_days, rotation_days(text).map(Some), text)
        },
    },
    ParameterSpec {
        name: "checkKeyPolicy",
        about: "Whether the key policy must admit CloudTrail and guard decryption, in every profile.",
        values: SWITCH,
        default: Some("false"),
        set: |p, text| set_value(&mut p.check_key_policy, text.parse().ok(), text),
    },
    ParameterSpec {
        name: "checkDelivery",
        about: "Whether the latest delivery must not have failed because of the key, in every profile.",
        values: SWITCH,
        default: Some("false"),
        set: |p, text| set_value(&mut p.check_delivery, text.parse().ok(), text),
    },
    ParameterSpec {
        name: "keyAccountRoleName",
        about: "The role to assume in the account of a key of another account, to read the key's \
                state, rotation and policy.",
        values: ROLE,
        default: None,
        set: |p, text| {
            set_value(&mut p.key_account_role_name, RoleName::parse(text).map(Some), text)
        },
    },
    ParameterSpec {
        name: "unverified",
        about: "What is reported where evidence could not be read.",
        values: Values::OneOf(WhenUnverified::VARIANTS),
        default: Some("NON_COMPLIANT"),
        set: |p, text| set_value(&mut p.unverified, text.parse().ok(), text),
    },
    ParameterSpec {
        name: "noTrails",
        about: "What a scheduled run reports on the account where no trail of any kind is visible.",
        values: Values::OneOf(WhenNoTrails::VARIANTS),
        default: Some("NOT_APPLICABLE"),
        set: |p, text| set_value(&mut p.no_trails, text.parse().ok(), text),
    },
    ParameterSpec {
        name: "replicas",
        about: "What is reported for shadow copies of multi-Region trails and members' copies of \
                organization trails.",
        values: Values::OneOf(Replicas::VARIANTS),
        default: Some("NOT_APPLICABLE"),
        set: |p, text| set_value(&mut p.replicas, text.parse().ok(), text),
    },
    ParameterSpec {
        name: "exemptTrails",
        about: "Trails that are exempt, each until its last day where one is given.",
        values: EXEMPT,
        default: None,
        set: |p, text| {
            set_list(&mut p.exempt_trails, text, |entry| {
                Exemption::parse(entry, "cloudtrail", "trail")
            })
        },
    },
    ParameterSpec {
        name: "exemptionsFrom",
        about: "The JSON document with more exemptions, each with reason, approver and last day.",
        values: DOCUMENT,
        default: None,
        set: |p, text| {
            set_value(&mut p.exemptions_from, ExemptionsFrom::parse(text).map(Some), text)
        },
    },
    ParameterSpec {
        name: "exemptionTag",
        about: "The tag of a trail that exempts it until the day that is the tag's value, at most \
                90 days ahead, such as trailseal:exempt-until; read from CloudTrail, and only if \
                the trail would fail.",
        values: TAG,
        default: None,
        set: |p, text| set_value(&mut p.exemption_tag, TagKey::parse(text).map(Some), text),
    },
    ParameterSpec {
        name: "executionRoleName",
        about: "The role to assume in the rule's account when that is not the function's account.",
        values: ROLE,
        default: None,
        set: |p, text| set_value(&mut p.execution_role_name, RoleName::parse(text).map(Some), text),
    },
];

/// The parameters as a JSON Schema (draft 2020-12); every value is the text that AWS Config passes.
///
/// `x-checks` has the checks that a parameter is about: it has no effect if all are skipped.
pub fn parameters_schema() -> Value {
    let mut schema = config_rule::parameters_schema(
        &PARAMETERS,
        "https://trailseal.dev/schema/rule-parameters.schema.json",
        "Parameters of the Trailseal rule",
    );
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        let checks = checks_of(name);
        if let (false, Some(property)) = (checks.is_empty(), property.as_object_mut()) {
            property.insert("x-checks".to_owned(), checks.into());
        }
    }
    schema
}

impl Parameters {
    /// Reads the names and values that AWS Config passes.
    ///
    /// # Errors
    ///
    /// Unknown names, values that a parameter cannot have, and settings that would have no
    /// effect; all of them at once.
    pub fn parse(raw: &Map<String, Value>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let parameters: Self = read_parameters(&PARAMETERS, raw, &mut faults);
        parameters.refuse_without_effect(&mut faults);
        faults.unless_any(Some(parameters))
    }

    /// Rejects a setting whose check is skipped or not enabled. A name in `skipChecks` that changes
    /// nothing is accepted: one list can serve rules of several profiles.
    fn refuse_without_effect(&self, faults: &mut Faults) {
        let mut refuse = |name: &str, why: String| {
            faults.push(Fault::other(parameter_field(name), format!("has no effect; {why}")));
        };
        for spec in &PARAMETERS {
            let enables = |check: &&&Check| {
                let mut switches = check.switches.iter().filter(|one| one.parameter() == spec.name);
                switches.any(|switch| (switch.is_on)(self))
            };
            let enabled: Vec<CheckId> =
                CHECKS.iter().filter(enables).map(|check| check.id).collect();
            if !enabled.is_empty() && enabled.iter().all(|check| self.skips(*check)) {
                let names: Vec<String> = enabled.iter().map(|check| format!("`{check}`")).collect();
                refuse(spec.name, format!("`skipChecks` names {}", names.join(", ")));
            }
        }
        let rotation = CheckId::KeyRotated.check();
        if self.max_rotation_period_days.is_some() {
            if self.skips(rotation.id) {
                let why = format!("`skipChecks` names `{}`", rotation.id);
                refuse("maxRotationPeriodDays", why);
            }
            if !rotation.applies(self) {
                let why = "it takes `requireKeyRotation` = `true` or `profile` = `strict`";
                refuse("maxRotationPeriodDays", why.to_owned());
            }
        }
    }
}

fn checks_of(parameter: &str) -> Vec<&'static str> {
    let is_of = |check: &&&Check| {
        let sets_the_period =
            check.id == CheckId::KeyRotated && parameter == "maxRotationPeriodDays";
        sets_the_period || check.switches.iter().any(|switch| switch.parameter() == parameter)
    };
    CHECKS.iter().filter(is_of).map(|check| check.name).collect()
}

fn skippable_checks() -> Vec<&'static str> {
    CHECKS.iter().filter(|check| check.can_be_skipped).map(|check| check.name).collect()
}

fn skippable_check(text: &str) -> Option<CheckId> {
    text.parse().ok().filter(|check: &CheckId| check.check().can_be_skipped)
}

fn rotation_days(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|days| is_plain && (90..=2560).contains(days))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, value: &str) -> Result<Parameters, String> {
        let raw = json!({ name: value });
        Parameters::parse(raw.as_object().unwrap()).map_err(|faults| faults.to_string())
    }

    #[test]
    fn settings_follow_from_the_enabled_checks() {
        let asked = |raw: serde_json::Value| {
            let parameters = Parameters::parse(raw.as_object().unwrap()).unwrap();
            let is_enabled = |id: CheckId| id.is_enabled(&parameters);
            let of_policy = [
                CheckId::KeyPolicyAdmitsCloudtrail,
                CheckId::KeyPolicyGuardsDecryption,
                CheckId::KeyPolicyBindsCloudtrail,
            ];
            [
                is_enabled(CheckId::KeyRotated),
                of_policy.into_iter().any(is_enabled),
                is_enabled(CheckId::DeliveryUnbroken),
                is_enabled(CheckId::KeyAllowed),
            ]
        };
        assert_eq!(asked(json!({ "profile": "cis" })), [false; 4]);
        assert_eq!(asked(json!({})), [false, false, false, true]);
        assert_eq!(asked(json!({ "profile": "strict" })), [true; 4]);
        let skipped = "key-rotated,delivery-unbroken,key-allowed,key-policy-admits-cloudtrail";
        let some = asked(json!({ "profile": "strict", "skipChecks": skipped }));
        assert_eq!(some, [false, true, false, false]);
        let policy = "key-policy-admits-cloudtrail,key-policy-guards-decryption,\
                      key-policy-binds-cloudtrail";
        let rest = asked(json!({ "profile": "strict", "skipChecks": policy }));
        assert_eq!(rest, [true, false, true, true]);
    }

    #[test]
    fn an_invalid_skipped_check_is_rejected_with_the_list_of_valid_ones() {
        let of_rule = CHECKS.iter().filter(|check| check.profile.is_some());
        let skippable: Vec<&str> = of_rule.skip(1).map(|check| check.id.as_str()).collect();
        for wrong in [CHECKS[0].id.as_str(), ",", "xyzzy"] {
            let refused = read("skipChecks", wrong).unwrap_err();
            assert!(refused.ends_with(&format!(" of {}", skippable.join(", "))), "{refused}");
        }
    }

    #[test]
    fn every_listed_value_is_accepted_and_the_default_is_the_default() {
        for spec in &PARAMETERS {
            let Values::OneOf(words) = spec.values else {
                continue;
            };
            let mut readings: Vec<Parameters> = Vec::new();
            for word in words {
                let parameters = read(spec.name, word).unwrap();
                assert!(!readings.contains(&parameters), "{} = {word} is distinct", spec.name);
                if spec.default == Some(word) {
                    assert_eq!(parameters, Parameters::default(), "{} = {word}", spec.name);
                }
                readings.push(parameters);
            }
            let expected = format!("expected one of `{}`", words.join("`, `"));
            let refusal = read(spec.name, "nonsense").unwrap_err();
            assert!(refusal.ends_with(&expected), "{refusal}");
        }
    }

    /// The constructs refuse such a setting by the schema alone.
    #[test]
    fn the_schema_names_the_checks_without_which_a_setting_is_refused() {
        let schema = parameters_schema();
        let given = [
            ("allowedKmsKeyArns", "arn:aws:kms:*:111122223333:key/*"),
            ("allowedKeyAccounts", "111122223333"),
            ("requireKeyRotation", "true"),
            ("maxRotationPeriodDays", "365"),
            ("checkKeyPolicy", "true"),
            ("checkDelivery", "true"),
        ];
        for (name, property) in schema["properties"].as_object().unwrap() {
            let value = given.iter().find(|(one, _)| one == name).map(|(_, value)| *value);
            assert_eq!(property.get("x-checks").is_some(), value.is_some(), "{name}");
            let (Some(value), Some(checks)) = (value, property.get("x-checks")) else {
                continue;
            };
            let checks: Vec<&str> =
                checks.as_array().unwrap().iter().map(|check| check.as_str().unwrap()).collect();
            let parse = |skipped: &[&str]| {
                let skipped = skipped.join(",");
                let raw = json!({ name: value, "profile": "strict", "skipChecks": skipped });
                Parameters::parse(raw.as_object().unwrap()).map_err(|faults| faults.to_string())
            };
            let refused = parse(&checks).unwrap_err();
            assert!(
                refused.contains(&format!("`ruleParameters.{name}` has no effect; ")),
                "{refused}"
            );
            for left in &checks {
                let others: Vec<&str> = checks.iter().copied().filter(|one| one != left).collect();
                parse(&others).unwrap();
            }
        }
    }

    #[test]
    fn the_schema_equals_the_table() {
        let schema = parameters_schema();
        assert_eq!(schema["additionalProperties"], false);
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), PARAMETERS.len());
        assert_eq!(
            properties["profile"],
            json!({
                "type": "string",
                "description": "How much is asked of a trail's key.",
                "enum": ["cis", "effective", "strict"],
                "x-expected": "one of `cis`, `effective`, `strict`",
                "default": "effective",
            })
        );
        assert_eq!(
            properties["maxRotationPeriodDays"],
            json!({
                "type": "string",
                "description": "The longest period between two rotations, in days; only where \
                                rotation is checked.",
                "pattern": "^(9[0-9]|[1-9][0-9]{2}|1[0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]|2560)$",
                "x-expected": "a whole number from 90 to 2560",
                "x-checks": ["key-rotated"],
            })
        );
    }
}
