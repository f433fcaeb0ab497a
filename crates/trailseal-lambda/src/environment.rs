//! The function's settings, from environment variables of Lambda and the deployment.

use std::time::Duration;

use aws_credential_types::Credentials;
use trailseal_aws::{Endpoints, Identity, RetryPolicy};
use trailseal_rule::{AccountId, Arn, Parameters, Region, json};

/// The settings that all functions of Trailseal read from the environment.
#[derive(Debug)]
pub struct Environment {
    /// The function's own Region.
    pub region: Region,
    credentials: Credentials,
    external_id: Option<String>,
    /// `AWS_ENDPOINT_URL`, and `AWS_ENDPOINT_URL_KMS` and the like.
    pub endpoints: Endpoints,
    /// Defaults, unless `TRAILSEAL_BACKOFF_MILLISECONDS` or
    /// `TRAILSEAL_ATTEMPT_TIMEOUT_MILLISECONDS` say otherwise.
    pub retry_policy: RetryPolicy,
    /// `TRAILSEAL_METRICS`: whether CloudWatch makes metrics, which are billed, from the log.
    pub makes_metrics: bool,
}

impl Environment {
    /// Reads it through `get`, which returns the variable with a name.
    ///
    /// # Errors
    ///
    /// All variables that are missing or malformed.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut faults = Vec::new();
        let filled = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let mut need = |name: &str| {
            let value = filled(name);
            if value.is_none() {
                faults.push(format!("`{name}` is not set, though Lambda always sets it"));
            }
            value.unwrap_or_default()
        };
        let region = need("AWS_REGION");
        let access_key_id = need("AWS_ACCESS_KEY_ID");
        let secret_access_key = need("AWS_SECRET_ACCESS_KEY");
        let session_token = filled("AWS_SESSION_TOKEN");
        let credentials =
            Credentials::new(access_key_id, secret_access_key, session_token, None, "environment");
        let region = Region::parse(&region);
        if let Err(error) = &region {
            faults.push(format!("`AWS_REGION`: {error}"));
        }
        let defaults = RetryPolicy::default();
        let mut millis = |name: &str, default: Duration| {
            let Some(text) = filled(name) else { return default };
            text.parse().map(Duration::from_millis).unwrap_or_else(|_| {
                faults.push(format!("`{name}`: `{text}` is not a number of milliseconds"));
                default
            })
        };
        let backoff_first = millis("TRAILSEAL_BACKOFF_MILLISECONDS", defaults.backoff_first);
        let attempt = millis("TRAILSEAL_ATTEMPT_TIMEOUT_MILLISECONDS", defaults.attempt);
        let metrics = filled("TRAILSEAL_METRICS");
        if let Some(text) = metrics.as_deref().filter(|text| !["true", "false"].contains(text)) {
            faults.push(format!("`TRAILSEAL_METRICS` is `{text}`; expected `true` or `false`"));
        }
        match region {
            Ok(region) if faults.is_empty() => Ok(Self {
                region,
                credentials,
                external_id: filled("TRAILSEAL_EXTERNAL_ID"),
                endpoints: Endpoints::read(&get),
                retry_policy: RetryPolicy { backoff_first, attempt, ..defaults },
                makes_metrics: metrics.as_deref() == Some("true"),
            }),
            _ => Err(faults.join("; ")),
        }
    }

    /// Reads it, and the rule's parameters from the variable `name` that the deployment sets: a JSON
    /// object, or nothing.
    ///
    /// # Errors
    ///
    /// All variables that are missing or malformed, and all invalid parameters.
    pub fn read_with_parameters(
        get: impl Fn(&str) -> Option<String>,
        name: &str,
    ) -> Result<(Self, Parameters), String> {
        let environment = Self::read(&get);
        let parameters = read_parameters(get(name).as_deref());
        match (environment, parameters.map_err(|faults| format!("`{name}`: {faults}"))) {
            (Ok(environment), Ok(parameters)) => Ok((environment, parameters)),
            (Err(one), Err(other)) => Err(format!("{one}; {other}")),
            (Err(faults), Ok(_)) | (Ok(_), Err(faults)) => Err(faults),
        }
    }

    /// The function's own identity; the account is that of its ARN.
    ///
    /// # Errors
    ///
    /// The text is not the ARN of a function.
    pub fn identity(&self, function_arn: &str) -> Result<Identity, String> {
        let arn = Arn::split(function_arn).filter(|arn| arn.service == "lambda");
        let account = arn.map_or("", |arn| arn.account);
        let account = AccountId::parse(account).map_err(|error| {
            format!("the function's ARN `{function_arn}` names no account: {error}")
        })?;
        Ok(Identity {
            account,
            region: self.region.clone(),
            credentials: self.credentials.clone(),
            external_id: self.external_id.clone(),
        })
    }
}

/// The rule's parameters from a JSON object as text, or from nothing.
///
/// # Errors
///
/// The text is not a JSON object, or has invalid parameters: all of them.
pub fn read_parameters(text: Option<&str>) -> Result<Parameters, String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("{}");
    let given = json::read(text).map_err(|error| json::fault(&error))?;
    let given = given.as_object().ok_or("is not a JSON object")?;
    Parameters::parse(given).map_err(|faults| faults.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, String> {
        Environment::read(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_variables_that_lambda_sets_are_sufficient() {
        let environment = read(&[
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ])
        .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(environment.retry_policy, RetryPolicy::default());
        assert!(!environment.makes_metrics);
        let identity = environment
            .identity("arn:aws:lambda:eu-central-1:111122223333:function:trailseal")
            .unwrap();
        assert_eq!(identity.account.as_str(), "111122223333");
        for bad in ["nonsense", "x:x:x:x:111122223333", "arn:aws:iam::111122223333:role/lambda"] {
            assert!(environment.identity(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let faults = read(&[
            ("AWS_REGION", "nowhere"),
            ("AWS_ACCESS_KEY_ID", " "),
            ("TRAILSEAL_BACKOFF_MILLISECONDS", "soon"),
            ("TRAILSEAL_METRICS", "yes"),
        ])
        .err()
        .unwrap();
        for part in [
            "`AWS_ACCESS_KEY_ID` is not set",
            "`AWS_SECRET_ACCESS_KEY`",
            "`nowhere`",
            "`soon`",
            "`TRAILSEAL_METRICS` is `yes`; expected `true` or `false`",
        ] {
            assert!(faults.contains(part), "{faults}");
        }
    }

    #[test]
    fn reads_the_parameters_of_the_rule() {
        for nothing in [None, Some(""), Some(" "), Some("{}"), Some("{\"profile\":\"\"}")] {
            assert_eq!(read_parameters(nothing).unwrap(), Parameters::default());
        }
        let strict = read_parameters(Some("{\"requireKeyRotation\":\"true\"}")).unwrap();
        assert!(strict.require_key_rotation);
        assert_eq!(read_parameters(Some("[1]")).unwrap_err(), "is not a JSON object");
        assert_eq!(read_parameters(Some("{,}")).unwrap_err(), "is not JSON (line 1, column 2)");
        let twice = read_parameters(Some("{\"profile\":\"strict\",\"profile\":\"cis\"}"));
        let fault = "has a name twice in one object (line 1, column 36)";
        assert_eq!(twice.unwrap_err(), fault);
        let faults = read_parameters(Some("{\"profile\":\"loose\",\"x\":\"\"}")).unwrap_err();
        assert!(faults.contains("`loose`") && faults.contains("`ruleParameters.x`"), "{faults}");
    }
}
