//! The controls that this rule implements: their numbers only.

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

/// Other requirements to which AWS Security Hub maps its control CloudTrail.2, "CloudTrail should
/// have encryption at-rest enabled" (Security Hub User Guide).
pub const RELATED_CONTROLS: [Control; 11] = [
    Control { publication: "NIST SP 800-53 Rev. 5", number: "AU-9" },
    Control { publication: "NIST SP 800-53 Rev. 5", number: "CA-9(1)" },
    Control { publication: "NIST SP 800-53 Rev. 5", number: "CM-3(6)" },
    Control { publication: "NIST SP 800-53 Rev. 5", number: "SC-13" },
    Control { publication: "NIST SP 800-53 Rev. 5", number: "SC-28" },
    Control { publication: "NIST SP 800-53 Rev. 5", number: "SC-28(1)" },
    Control { publication: "NIST SP 800-53 Rev. 5", number: "SC-7(10)" },
    Control { publication: "NIST SP 800-53 Rev. 5", number: "SI-7(6)" },
    Control { publication: "NIST SP 800-171 Rev. 2", number: "3.3.8" },
    Control { publication: "PCI DSS v3.2.1", number: "3.4" },
    Control { publication: "PCI DSS v4.0.1", number: "10.3.2" },
];
