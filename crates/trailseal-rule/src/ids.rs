//! The plain names of things in AWS, parsed once: accounts, Regions, buckets, tokens.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A name that AWS would not have given.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{value}` is not {expected}")]
pub struct IdError {
    value: String,
    expected: &'static str,
}

impl IdError {
    pub(crate) fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.to_owned(), expected }
    }

    /// What a right value would have been, in words.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

/// An AWS account's id: twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

impl AccountId {
    const EXPECTED: &'static str = "an account id of twelve digits";

    /// Takes exactly twelve ASCII digits.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(text, Self::EXPECTED))
        }
    }

    /// The twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccountId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The name of an AWS Region, such as `eu-central-1`.
///
/// Lower-case letters, digits and hyphens, 32 at most: it becomes part of a host name, so nothing
/// else may get in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

impl Region {
    const EXPECTED: &'static str = "an AWS Region such as `eu-central-1`";

    /// Takes lower-case letters, digits and inner hyphens, at least one hyphen.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let well_formed = text.len() <= 32
            && text.contains('-')
            && text.split('-').all(|part| !part.is_empty() && part.bytes().all(plain));
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(text, Self::EXPECTED))
        }
    }

    /// The Region's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Region {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Region> for String {
    fn from(id: Region) -> Self {
        id.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The name of an S3 bucket: 3 to 63 lower-case letters, digits, dots and hyphens; older buckets
/// also carry capitals and underscores, up to 255 (S3 User Guide, general purpose bucket naming).
///
/// It becomes part of a URL, so nothing else may get in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BucketName(String);

impl BucketName {
    const EXPECTED: &'static str = "the name of an S3 bucket";

    /// Takes letters, digits, dots, hyphens and underscores.
    ///
    /// # Errors
    ///
    /// Any other text, and names shorter than 3 or longer than 255 characters.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        let well_formed = (3..=255).contains(&text.len())
            && text.bytes().all(of_name)
            && edge(text.bytes().next())
            && !text.contains("..");
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(text, Self::EXPECTED))
        }
    }

    /// The bucket's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BucketName {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<BucketName> for String {
    fn from(name: BucketName) -> Self {
        name.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The token that ties evaluations to a rule and an event.
///
/// It never prints: neither `Debug` nor anything else shows it. Only [`ResultToken::reveal`] does,
/// for the one request that needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct ResultToken(String);

impl ResultToken {
    /// Takes any text but a blank one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self(text.to_owned()))
    }

    /// The token itself, for `PutEvaluations` only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResultToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ResultToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_safe_in_a_host_name() {
        for good in ["us-east-1", "us-gov-west-1", "cn-north-1", "us-isob-east-1"] {
            assert!(Region::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "useast1", "us-east-1.evil.example", "US-EAST-1", "us--1", "-us", "us-", "a/b-c"]
        {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
        assert!(Region::parse(&format!("us-{}", "a".repeat(30))).is_err());
    }

    #[test]
    fn a_bucket_name_is_safe_in_a_url() {
        for good in ["trail-logs", "Old_Style.Bucket", "abc"] {
            assert!(BucketName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "../x", "a/b/c", "a?b", "a..b", ".ab", "b\u{fc}cket"] {
            assert!(BucketName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_never_prints() {
        let token = ResultToken::new("canary").unwrap();
        assert_eq!(format!("{token:?}"), "ResultToken(hidden)");
        assert_eq!(ResultToken::new("  "), None);
    }
    #[test]
    fn a_name_is_shown_and_kept_as_its_text() {
        fn check<T>(read: fn(&str) -> Result<T, IdError>, good: &str, bad: &str)
        where
            T: Serialize + for<'a> Deserialize<'a> + fmt::Display + fmt::Debug + PartialEq,
        {
            let name = read(good).unwrap();
            assert_eq!(name.to_string(), good);
            let quoted = serde_json::to_string(&name).unwrap();
            assert_eq!(quoted, format!("\"{good}\""));
            assert_eq!(serde_json::from_str::<T>(&quoted).unwrap(), name);
            let refusal = serde_json::from_str::<T>(&format!("\"{bad}\"")).unwrap_err();
            assert!(refusal.to_string().starts_with(&read(bad).unwrap_err().to_string()));
        }
        check(AccountId::parse, "111122223333", "11112222333");
        check(AccountId::parse, "111122223333", "11112222333x");
        check(Region::parse, "eu-central-1", "mars");
        check(BucketName::parse, "trail-logs", "a/b");
    }

    #[test]
    fn a_refusal_says_what_was_expected() {
        let refusal = AccountId::parse("1").unwrap_err();
        assert_eq!(refusal.expected(), "an account id of twelve digits");
        assert_eq!(refusal.to_string(), "`1` is not an account id of twelve digits");
    }
}
