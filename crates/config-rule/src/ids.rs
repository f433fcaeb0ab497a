//! Account IDs, Regions, resource IDs and result tokens, each checked once.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// A text that does not have the expected form.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{value}` is not {expected}")]
pub struct IdError {
    value: String,
    expected: &'static str,
}

impl IdError {
    /// The refused text, and what was expected instead, such as "an AWS Region".
    pub fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.to_owned(), expected }
    }

    /// What was expected.
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

/// A type that is read from text.
pub trait FromText: FromStr<Err = IdError> {
    /// What a valid text is, such as "an AWS Region"; it follows "is not" and "expected".
    const EXPECTED: &'static str;
}

/// Implements [`FromText`], `FromStr`, `parse`, `TryFrom<String>` and `Into<String>` for a type that
/// has `fn read(&str) -> Option<Self>` and `Display`.
#[macro_export]
macro_rules! impl_from_text {
    ($name:ty, $expected:expr) => {
        impl $crate::FromText for $name {
            const EXPECTED: &'static str = $expected;
        }

        impl $name {
            /// Reads the text form.
            ///
            /// # Errors
            ///
            /// The text does not have the documented form.
            pub fn parse(text: &str) -> Result<Self, $crate::IdError> {
                Self::read(text)
                    .ok_or_else(|| $crate::IdError::new(text, <Self as $crate::FromText>::EXPECTED))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::IdError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

/// Implements `Display` for a type with its `fn as_str(&self) -> &str`.
#[macro_export]
macro_rules! display_as_str {
    ($($name:ty),+) => {$(
        impl ::std::fmt::Display for $name {
            fn fmt(&self, out: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                out.write_str(self.as_str())
            }
        }
    )+};
}

display_as_str!(AccountId, Region, ResourceId);

/// Stands for an account that is not known before deployment. AWS's documentation writes it so.
pub const NOT_KNOWN_ACCOUNT: &str = "<account>";

/// Stands for a Region that is not known before deployment.
pub const NOT_KNOWN_REGION: &str = "<region>";

/// Implements `Deserialize` for what a program wrote itself: a valid text, or the stand-in.
macro_rules! deserialize_or_not_known {
    ($name:ty) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
                let text = String::deserialize(text)?;
                let not_known = Self::not_known();
                if text == not_known.as_str() {
                    Ok(not_known)
                } else {
                    Self::try_from(text).map_err(D::Error::custom)
                }
            }
        }
    };
}

/// The ID of an AWS account: twelve digits; or the stand-in for the account of a resource that does
/// not exist yet ([`AccountId::not_known`]), which no text is parsed as.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct AccountId(Box<str>);

impl_from_text!(AccountId, "an account id of twelve digits");

impl AccountId {
    fn read(text: &str) -> Option<Self> {
        let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| Self(text.into()))
    }

    /// The account of a resource that does not exist yet, where it is not known.
    ///
    /// Two of them are equal. Whoever makes them has to make sure that they stand for one account
    /// wherever they are compared.
    pub fn not_known() -> Self {
        Self(NOT_KNOWN_ACCOUNT.into())
    }

    /// Whether the account is not known.
    pub fn is_not_known(&self) -> bool {
        self.as_str() == NOT_KNOWN_ACCOUNT
    }

    /// The twelve digits, or [`NOT_KNOWN_ACCOUNT`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

deserialize_or_not_known!(AccountId);

/// The name of an AWS Region, such as `eu-central-1`.
///
/// Parts of lower-case letters and digits, joined by hyphens; at least two parts and at most 32
/// characters. It becomes part of a host name, so no other character is accepted. Or it is the
/// stand-in for the Region of a resource that does not exist yet ([`Region::not_known`]), which no
/// text is parsed as.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct Region(Box<str>);

impl_from_text!(Region, "an AWS Region such as `eu-central-1`");

impl Region {
    fn read(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_name = text.len() <= 32
            && text.contains('-')
            && text.split('-').all(|part| !part.is_empty() && part.bytes().all(plain));
        is_name.then(|| Self(text.into()))
    }

    /// The Region of a resource that does not exist yet, where it is not known.
    ///
    /// Two of them are equal. Whoever makes them has to make sure that they stand for one Region
    /// wherever they are compared.
    pub fn not_known() -> Self {
        Self(NOT_KNOWN_REGION.into())
    }

    /// Whether the Region is not known.
    pub fn is_not_known(&self) -> bool {
        self.as_str() == NOT_KNOWN_REGION
    }

    /// The Region's name, or [`NOT_KNOWN_REGION`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

deserialize_or_not_known!(Region);

/// The ID under which AWS Config records a resource: 1 to 768 characters (AWS Config API
/// Reference, `Evaluation`, `ComplianceResourceId`), kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(String);

impl_from_text!(ResourceId, "a resource id of 1 to 768 characters");

impl ResourceId {
    fn read(text: &str) -> Option<Self> {
        Self::new(text)
    }

    /// As `parse`, without the error.
    pub fn new(text: &str) -> Option<Self> {
        (1..=768).contains(&text.chars().count()).then(|| Self(text.to_owned()))
    }

    /// The ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&AccountId> for ResourceId {
    fn from(account: &AccountId) -> Self {
        Self(account.to_string())
    }
}

/// The token that ties evaluations to a rule and an event.
///
/// It is a secret: neither `Debug` nor any error shows it. [`ResultToken::reveal`] gives it to
/// `PutEvaluations`.
#[derive(Clone, PartialEq, Eq)]
pub struct ResultToken(String);

impl ResultToken {
    /// Takes any text that is not blank.
    pub fn new(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self(text.to_owned()))
    }

    /// The token itself, for `PutEvaluations` only.
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
    fn only_the_stand_in_is_not_known() {
        assert!(Region::not_known().is_not_known() && AccountId::not_known().is_not_known());
        assert!(!Region::parse("us-east-1").unwrap().is_not_known());
        assert!(!AccountId::parse("111122223333").unwrap().is_not_known());
    }

    #[test]
    fn debug_output_hides_the_token() {
        let token = ResultToken::new("canary").unwrap();
        assert_eq!(format!("{token:?}"), "ResultToken(hidden)");
        assert_eq!(ResultToken::new("  "), None);
    }

    #[test]
    fn a_resource_id_has_1_to_768_characters() {
        assert_eq!(ResourceId::new(""), None);
        assert!(ResourceId::new(&"\u{fc}".repeat(768)).is_some());
        assert_eq!(ResourceId::new(&"x".repeat(769)), None);
        assert_eq!(ResourceId::parse("lab").unwrap().to_string(), "lab");
    }

    #[test]
    fn ids_are_displayed_and_serialized_as_their_text() {
        fn check<T>(good: &str, bad: &str)
        where
            T: Serialize + for<'a> Deserialize<'a> + fmt::Display + fmt::Debug + PartialEq,
            T: std::str::FromStr<Err = IdError>,
        {
            let name: T = good.parse().unwrap();
            assert_eq!(name.to_string(), good);
            let quoted = serde_json::to_string(&name).unwrap();
            assert_eq!(quoted, format!("\"{good}\""));
            assert_eq!(serde_json::from_str::<T>(&quoted).unwrap(), name);
            let error = serde_json::from_str::<T>(&format!("\"{bad}\"")).unwrap_err();
            assert!(error.to_string().starts_with(&bad.parse::<T>().unwrap_err().to_string()));
        }
        check::<AccountId>("111122223333", "11112222333");
        check::<AccountId>("111122223333", "11112222333x");
        check::<Region>("eu-central-1", "mars");
    }

    #[test]
    fn an_error_says_what_was_expected() {
        let error = AccountId::parse("1").unwrap_err();
        assert_eq!(error.expected(), "an account id of twelve digits");
        assert_eq!(error.to_string(), "`1` is not an account id of twelve digits");
    }
}
