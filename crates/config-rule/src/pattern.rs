//! ARN patterns with `*`.

/// An ARN in which `*` matches any number of characters within one of the six parts.
///
/// A `*` never matches a colon: `arn:aws:kms:*:111122223333:key/*` matches keys of that account
/// only. `*` is the only wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern(String);

impl ArnPattern {
    /// Takes six parts, none of them empty. The third is the service, and the last can match
    /// `KIND/NAME`: a pattern that cannot match any such resource is a mistake.
    pub fn parse(text: &str, service: &str, kind: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let [scheme, partition, named_service, region, account, resource] = *parts.as_slice()
        else {
            return None;
        };
        let filled = [partition, region, account, resource].iter().all(|part| !part.is_empty());
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_ours = scheme == "arn" && named_service == service && can_be(resource, kind);
        (is_ours && filled && printable).then(|| Self(text.to_owned()))
    }

    /// Whether the pattern matches an ARN.
    pub fn matches(&self, arn: &str) -> bool {
        let mut patterns = self.0.splitn(6, ':');
        let mut parts = arn.splitn(6, ':');
        loop {
            match (patterns.next(), parts.next()) {
                (None, None) => return true,
                (Some(pattern), Some(part)) if matches_part(pattern, part) => {}
                _ => return false,
            }
        }
    }

    /// Whether the pattern can match a resource in the partition, Region and account of `arn`.
    pub fn can_match_account_of(&self, arn: &str) -> bool {
        let parts = self.0.split(':').zip(arn.split(':')).take(5);
        parts.filter(|(pattern, part)| matches_part(pattern, part)).count() == 5
    }

    /// The pattern as the user wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a pattern can match a resource of this kind, such as `key/1234abcd` of the kind `key`.
fn can_be(resource: &str, kind: &str) -> bool {
    if let Some(name) = resource.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/')) {
        return !name.is_empty();
    }
    resource.split_once('*').is_some_and(|(head, _)| kind.starts_with(head))
}

/// Matches each literal piece at its first position, which is enough because `*` is the only
/// wildcard. Takes time proportional to the lengths of pattern and part, multiplied, at most.
fn matches_part(pattern: &str, part: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == part;
    };
    let Some(mut rest) = part.strip_prefix(head) else {
        return false;
    };
    let mut pieces: Vec<&str> = tail.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match rest.find(piece).and_then(|at| rest.get(at + piece.len()..)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn a_star_stays_within_its_part() {
        let text = "arn:aws:kms:*:111122223333:key/*";
        let pattern = ArnPattern::parse(text, "kms", "key").unwrap();
        assert_eq!(pattern.as_str(), text);
        assert!(pattern.matches("arn:aws:kms:eu-central-1:111122223333:key/mrk-1"));
        assert!(!pattern.matches("arn:aws:kms:eu-central-1:999999999999:key/a:111122223333:key/b"));
        assert!(!pattern.matches("arn:aws:kms:eu-central-1:444455556666:key/1"));
        assert!(!pattern.matches("arn:aws:kms:eu-central-1:111122223333"));
    }

    #[test]
    fn a_pattern_matches_accounts_and_regions() {
        let pattern = ArnPattern::parse("arn:aws:kms:eu-*:1111*:key/1", "kms", "key").unwrap();
        let alias = |region, account| format!("arn:aws:kms:{region}:{account}:alias/logs");
        assert!(pattern.can_match_account_of(&alias("eu-west-1", "111122223333")));
        assert!(!pattern.can_match_account_of(&alias("eu-west-1", "777788889999")));
        assert!(!pattern.can_match_account_of(&alias("us-east-1", "111122223333")));
        assert!(!pattern.can_match_account_of("arn:aws:kms:eu-west-1"));
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in ["*", "arn:aws:kms:*", "arn:aws:kms:*:*:", "arn:aws:s3:*:*:key/*", "key/*", ""]
        {
            assert_eq!(ArnPattern::parse(text, "kms", "key"), None, "{text}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_match_any_resource_is_rejected() {
        let parse = |resource: &str| {
            ArnPattern::parse(&format!("arn:aws:kms:*:*:{resource}"), "kms", "key").is_some()
        };
        for resource in ["key/1", "key/*", "key*", "k*", "*", "*/mrk-*"] {
            assert!(parse(resource), "{resource}");
        }
        for resource in ["key", "key/", "1234abcd", "alias/logs", "alias/*", "keys*", "mrk-*"] {
            assert!(!parse(resource), "{resource}");
        }
    }

    /// Matches by trying every split.
    fn naive(pattern: &[u8], part: &[u8]) -> bool {
        match pattern.split_first() {
            None => part.is_empty(),
            Some((b'*', rest)) => (0..=part.len()).any(|cut| naive(rest, &part[cut..])),
            Some((byte, rest)) => part.first() == Some(byte) && naive(rest, &part[1..]),
        }
    }

    proptest! {
        #[test]
        fn matching_equals_trying_every_split(pattern in "[ab*]{0,8}", part in "[ab]{0,10}") {
            prop_assert_eq!(
                matches_part(&pattern, &part),
                naive(pattern.as_bytes(), part.as_bytes())
            );
        }
    }
}
