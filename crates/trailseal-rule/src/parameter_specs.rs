//! The rule's parameters as users see them: `docs/RULE.md`, JSON Schema and messages come from here.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::checks::CHECKS;

/// One parameter as users see it: `docs/RULE.md` and JSON Schema come from this table.
#[derive(Debug)]
pub struct ParameterSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// What it can be.
    pub values: Values,
    /// The meaning of an empty value; `None` without a default.
    pub default: Option<&'static str>,
}

/// What a parameter can be.
#[derive(Debug)]
pub enum Values {
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Names of checks that can be skipped, separated by commas.
    SkippableChecks,
    /// Text of this form (a regular expression), in words for people.
    Text {
        /// The form, as ECMA 262 writes it.
        pattern: &'static str,
        /// The form in words.
        words: &'static str,
    },
}

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
const DAYS: Values = Values::Text {
    pattern: "^(9[0-9]|[1-9][0-9]{2}|1[0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]|2560)$",
    words: "a whole number from 90 to 2560",
};
const ROLE: Values = Values::Text {
    pattern: r"^[A-Za-z0-9+=,.@_-]+(/[A-Za-z0-9+=,.@_-]+)*$",
    words: "the name of a role, with its path",
};

/// Every parameter, in the order of the documentation.
pub const PARAMETERS: [ParameterSpec; 14] = [
    ParameterSpec {
        name: "profile",
        about: "How much is asked of a trail's key.",
        values: Values::OneOf(&["cis", "effective", "strict"]),
        default: Some("effective"),
    },
    ParameterSpec {
        name: "allowedKmsKeyArns",
        about: "The keys that are allowed. If set, it restricts the keys of the trail's own account \
                too; a key of another account is allowed if this or allowedKeyAccounts names it.",
        values: KEYS,
        default: None,
    },
    ParameterSpec {
        name: "allowedKeyAccounts",
        about: "Accounts whose keys are allowed, beside the trail's own account.",
        values: ACCOUNTS,
        default: None,
    },
    ParameterSpec {
        name: "skipChecks",
        about: "Checks to leave out, in every profile; results and reports name them.",
        values: Values::SkippableChecks,
        default: None,
    },
    ParameterSpec {
        name: "requireKeyRotation",
        about: "Whether the key must be rotated, in every profile.",
        values: SWITCH,
        default: Some("false"),
    },
    ParameterSpec {
        name: "maxRotationPeriodDays",
        about: "The longest period between two rotations, in days; only where rotation is checked.",
        values: DAYS,
        default: None,
    },
    ParameterSpec {
        name: "checkKeyPolicy",
        about: "Whether the key policy must admit CloudTrail and guard decryption, in every profile.",
        values: SWITCH,
        default: Some("false"),
    },
    ParameterSpec {
        name: "checkDelivery",
        about: "Whether the latest delivery must not have failed because of the key, in every profile.",
        values: SWITCH,
        default: Some("false"),
    },
    ParameterSpec {
        name: "keyAccountRoleName",
        about: "The role to assume in the account of a key of another account, to read the key's \
                state, rotation and policy.",
        values: ROLE,
        default: None,
    },
    ParameterSpec {
        name: "unverified",
        about: "What is reported where evidence could not be read.",
        values: Values::OneOf(&["NON_COMPLIANT", "COMPLIANT", "NOT_APPLICABLE"]),
        default: Some("NON_COMPLIANT"),
    },
    ParameterSpec {
        name: "noTrails",
        about: "What a scheduled run reports on the account where no trail of any kind is visible.",
        values: Values::OneOf(&["NOT_APPLICABLE", "NON_COMPLIANT"]),
        default: Some("NOT_APPLICABLE"),
    },
    ParameterSpec {
        name: "replicas",
        about: "What is reported for shadow copies of multi-Region trails and members' copies of \
                organization trails.",
        values: Values::OneOf(&["NOT_APPLICABLE", "EVALUATE"]),
        default: Some("NOT_APPLICABLE"),
    },
    ParameterSpec {
        name: "exemptTrails",
        about: "Trails that are not judged, each until its last day where one is given.",
        values: EXEMPT,
        default: None,
    },
    ParameterSpec {
        name: "executionRoleName",
        about: "The role to assume in the rule's account when that is not the function's account.",
        values: ROLE,
        default: None,
    },
];

/// The parameters as a JSON Schema (draft 2020-12), every value as the text that Config passes.
#[must_use]
pub fn parameters_schema() -> Value {
    let properties: Map<String, Value> =
        PARAMETERS.iter().map(|spec| (spec.name.to_owned(), spec.schema())).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://trailseal.dev/schema/rule-parameters.schema.json",
        "title": "Parameters of the Trailseal rule",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

impl ParameterSpec {
    /// What the parameter can be, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        match self.values {
            Values::OneOf(words) => {
                let mut text = String::from("one of ");
                for (index, word) in words.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    // Writing to a `String` cannot fail.
                    let _ = write!(text, "{separator}`{word}`");
                }
                text
            }
            Values::SkippableChecks => {
                format!("checks, separated by commas, of {}", skippable_checks().join(", "))
            }
            Values::Text { words, .. } => words.to_owned(),
        }
    }

    fn schema(&self) -> Value {
        let mut schema = json!({ "type": "string", "description": self.about });
        let Some(members) = schema.as_object_mut() else {
            return schema;
        };
        match self.values {
            Values::OneOf(words) => {
                members.insert("enum".to_owned(), json!(words));
            }
            Values::SkippableChecks => {
                let one = format!("({})", skippable_checks().join("|"));
                let pattern = format!(r"^\s*{one}\s*(,\s*{one}\s*)*$");
                members.insert("pattern".to_owned(), json!(pattern));
            }
            Values::Text { pattern, .. } => {
                members.insert("pattern".to_owned(), json!(pattern));
            }
        }
        members.insert("x-expected".to_owned(), json!(self.expected()));
        if let Some(default) = self.default {
            members.insert("default".to_owned(), json!(default));
        }
        schema
    }
}

fn skippable_checks() -> Vec<&'static str> {
    CHECKS.iter().filter(|check| check.can_be_skipped).map(|check| check.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CheckId, Parameters};

    fn read(name: &str, value: &str) -> Result<Parameters, String> {
        let raw = json!({ name: value });
        Parameters::parse(raw.as_object().unwrap()).map_err(|faults| faults.to_string())
    }

    #[test]
    fn what_is_checked_follows_from_the_checks_that_are_enabled() {
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
    fn what_cannot_be_skipped_is_refused_with_the_checks_that_can() {
        let skippable: Vec<&str> = CHECKS.iter().skip(1).map(|check| check.id.as_str()).collect();
        assert!(!CHECKS[0].can_be_skipped);
        for wrong in [CHECKS[0].id.as_str(), ",", "xyzzy"] {
            let refused = read("skipChecks", wrong).unwrap_err();
            assert!(refused.ends_with(&format!(" of {}", skippable.join(", "))), "{refused}");
        }
        for one in skippable {
            assert!(read("skipChecks", one).is_ok(), "{one}");
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
            })
        );
    }
}
