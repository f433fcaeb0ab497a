//! Why a text is not a policy.

/// Why a text cannot be read as a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The text is longer than a policy of the service can be.
    #[error("it has {bytes} bytes, and a policy has at most {bytes_max}")]
    TooLong {
        /// The bytes of the text.
        bytes: usize,
        /// The limit of the service.
        bytes_max: usize,
    },
    /// The text is not JSON, or is nested too deep.
    #[error("it is not JSON: {message}")]
    NotJson {
        /// The JSON reader's message.
        message: String,
    },
    /// A part of the document does not have the form that the policy language requires.
    #[error("`{place}` is not {expected}")]
    Malformed {
        /// The member or statement.
        place: String,
        /// What the policy language requires there.
        expected: &'static str,
    },
    /// The same member occurs twice, so either could be the one that counts.
    #[error("`{name}` occurs twice")]
    Repeated {
        /// The member.
        name: String,
    },
    /// A member that the policy language does not have.
    #[error("`{name}` is not a member of a policy")]
    UnknownMember {
        /// The member.
        name: String,
    },
}
