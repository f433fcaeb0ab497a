//! The policy that denied a call, as the error message names it.
//!
//! The wording is that of the IAM User Guide, "Troubleshoot access denied error messages": `with an
//! explicit deny in a TYPE` or `because no TYPE allows the ACTION action`. Only the type is kept:
//! the text of a message never reaches an annotation or a log.

use std::fmt;

use strum::{IntoStaticStr, VariantArray};

/// A kind of policy that can deny a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
pub enum PolicyType {
    /// A service control policy of the organization.
    #[strum(serialize = "service control policy")]
    ServiceControl,
    /// A resource control policy of the organization.
    #[strum(serialize = "resource control policy")]
    ResourceControl,
    /// The permissions boundary of the caller.
    #[strum(serialize = "permissions boundary")]
    PermissionsBoundary,
    /// The policy of the caller's session.
    #[strum(serialize = "session policy")]
    Session,
    /// The policy of a VPC endpoint.
    #[strum(serialize = "VPC endpoint policy")]
    VpcEndpoint,
    /// A policy of the caller.
    #[strum(serialize = "identity-based policy")]
    IdentityBased,
    /// The policy of the resource.
    #[strum(serialize = "resource-based policy")]
    ResourceBased,
}

impl PolicyType {
    /// The type as AWS writes it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    fn begins(text: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|policy| text.starts_with(policy.as_str()))
    }
}

/// The policy that denied a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Denial {
    /// Its type.
    pub policy: PolicyType,
    /// Whether a Deny statement matches; otherwise no Allow statement does.
    pub is_explicit: bool,
}

impl Denial {
    /// Reads the message of an access denied error. `None` if the message does not name a policy,
    /// or if the caller's or the resource's policy does not allow the call: the usual case.
    pub fn from_message(message: &str) -> Option<Self> {
        const EXPLICIT: &str = " with an explicit deny in a";
        const IMPLICIT: &str = " because no ";
        // The reason comes last; names before it may contain the same words.
        if let Some((_, named)) = message.rsplit_once(EXPLICIT) {
            let named = named.strip_prefix('n').unwrap_or(named).trim_start();
            return PolicyType::begins(named).map(|policy| Self { policy, is_explicit: true });
        }
        let (_, named) = message.rsplit_once(IMPLICIT)?;
        let policy = PolicyType::begins(named)?;
        let is_usual = matches!(policy, PolicyType::IdentityBased | PolicyType::ResourceBased);
        (!is_usual).then_some(Self { policy, is_explicit: false })
    }

    /// How to allow the call.
    pub fn advice(self, action: &str) -> String {
        let policy = self.policy.as_str();
        if self.is_explicit {
            format!("exempt the calling principal from the Deny of {action} in the {policy}")
        } else {
            format!("let the {policy} allow {action} to the calling principal")
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = self.policy.as_str();
        let article = if policy.starts_with('i') { "an" } else { "a" };
        if self.is_explicit {
            write!(out, "denied with an explicit deny in {article} {policy}")
        } else {
            write!(out, "denied because no {policy} allows it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "User: arn:aws:sts::111122223333:assumed-role/f/f is not authorized to \
                          perform: kms:DescribeKey on resource: arn:aws:kms:us-east-1::key/1";

    #[test]
    fn every_policy_type_is_read_from_the_messages_of_aws() {
        for &policy in PolicyType::VARIANTS {
            let name = policy.as_str();
            let article = if name.starts_with('i') { "an" } else { "a" };
            for end in ["", ": arn:aws:organizations::111122223333:policy/o-1/p-1"] {
                let message = format!("{BEFORE} with an explicit deny in {article} {name}{end}");
                let denial = Denial::from_message(&message).unwrap();
                assert_eq!(denial, Denial { policy, is_explicit: true });
                let shown = format!("denied with an explicit deny in {article} {name}");
                assert_eq!(denial.to_string(), shown);
            }
            let message = format!("{BEFORE} because no {name} allows the kms:DescribeKey action");
            let usual = matches!(policy, PolicyType::IdentityBased | PolicyType::ResourceBased);
            let expected = (!usual).then_some(Denial { policy, is_explicit: false });
            assert_eq!(Denial::from_message(&message), expected, "{message}");
            let implicit = Denial { policy, is_explicit: false };
            assert_eq!(implicit.to_string(), format!("denied because no {name} allows it"));
        }
    }

    #[test]
    fn other_messages_do_not_name_a_policy() {
        for message in [
            "",
            BEFORE,
            "with an explicit deny",
            "User: x with an explicit deny in a strange policy",
            "x because no policy allows it",
        ] {
            assert_eq!(Denial::from_message(message), None, "{message}");
        }
        // A resource name that looks like a reason is ignored.
        let named = "on resource: alias/ with an explicit deny in a session policy with an \
                     explicit deny in a service control policy";
        let denial = Denial::from_message(named).unwrap();
        assert_eq!(denial.policy, PolicyType::ServiceControl);
    }

    #[test]
    fn the_advice_names_the_policy_that_denies() {
        let advice = |policy, is_explicit| Denial { policy, is_explicit }.advice("kms:DescribeKey");
        assert_eq!(
            advice(PolicyType::ServiceControl, true),
            "exempt the calling principal from the Deny of kms:DescribeKey in the service control policy"
        );
        assert_eq!(
            advice(PolicyType::PermissionsBoundary, false),
            "let the permissions boundary allow kms:DescribeKey to the calling principal"
        );
    }
}
