//! Splits Amazon Resource Names into their parts.

/// The parts of an ARN after `arn:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits `text`; `None` if it is not an ARN.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let named = !arn.partition.is_empty() && !arn.service.is_empty();
        (named && !arn.resource.is_empty()).then_some(arn)
    }

    /// Parses the ARN of a resource of `service` whose resource part begins with `kind/`,
    /// in an account and a Region.
    pub(crate) fn of(text: &'a str, service: &str, kind: &str) -> Option<(Self, &'a str)> {
        let arn = Self::parse(text)?;
        let name = arn.resource.strip_prefix(kind)?.strip_prefix('/')?;
        let right = arn.service == service && is_account_id(arn.account) && !name.is_empty();
        right.then_some((arn, name))
    }
}

/// Whether `text` is an account id: twelve digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` has the form of a Region's name, such as `us-east-1` or `us-gov-west-1`.
pub(crate) fn is_region(text: &str) -> bool {
    let is = |part: &str, kind: fn(&u8) -> bool| !part.is_empty() && part.bytes().all(|b| kind(&b));
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    is(number, u8::is_ascii_digit)
        && (2..=3).contains(&words.split('-').count())
        && words.split('-').all(|word| is(word, u8::is_ascii_lowercase))
}

pub(crate) fn partition_of(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_split_and_other_text_is_rejected() {
        let (arn, name) =
            Arn::of("arn:aws:kms:us-east-1:111122223333:key/a", "kms", "key").unwrap();
        assert_eq!((arn.region, arn.account, name), ("us-east-1", "111122223333", "a"));
        for wrong in ["", "arn:aws:kms", "key/a", "arn:aws:kms:us-east-1:1:key/a", "arn:aws:s3:::b"]
        {
            assert_eq!(Arn::of(wrong, "kms", "key"), None, "{wrong}");
        }
    }

    #[test]
    fn only_region_names_are_accepted_as_regions() {
        for right in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1"] {
            assert!(is_region(right), "{right}");
        }
        for wrong in ["", "us-east", "useast1", "US-EAST-1", "us--1", "us-east-x", "a-b-c-d-1"] {
            assert!(!is_region(wrong), "{wrong}");
        }
    }
}
