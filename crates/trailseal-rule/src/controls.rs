//! The controls that this rule answers, as data: numbers only, in our own words elsewhere.

/// One control of a published benchmark or standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The publication, with the versions in which the control has this number.
    pub publication: &'static str,
    /// Its number there.
    pub number: &'static str,
}

/// "Ensure CloudTrail logs are encrypted at rest using KMS CMKs", version by version. Level 2.
pub const CIS_CONTROLS: [Control; 5] = [
    Control { publication: "CIS AWS Foundations Benchmark v1.2", number: "2.7" },
    Control { publication: "CIS AWS Foundations Benchmark v1.3, v1.4, v1.5, v2.0", number: "3.7" },
    Control { publication: "CIS AWS Foundations Benchmark v3.0, v4.0, v5.0", number: "3.5" },
    Control { publication: "CIS AWS Foundations Benchmark v6.0, v7.0", number: "4.5" },
    Control { publication: "CIS Controls v8", number: "3.11" },
];
