//! Three-valued results for sets of requests.

/// Whether something holds for the requests of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It holds for none of them.
    Never,
    /// It holds for some of them, or it is not known for which ones.
    Sometimes,
    /// It holds for all of them.
    Always,
}

impl Match {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// At least one of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// All of them hold; [`Match::Always`] if there are none.
    pub fn all(matches: impl IntoIterator<Item = Self>) -> Self {
        matches.into_iter().fold(Self::Always, Self::and)
    }

    /// At least one of them holds; [`Match::Never`] if there are none.
    pub fn any(matches: impl IntoIterator<Item = Self>) -> Self {
        matches.into_iter().fold(Self::Never, Self::or)
    }
}

impl std::ops::Not for Match {
    type Output = Self;

    /// It does not hold.
    fn not(self) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Sometimes => Self::Sometimes,
            Self::Always => Self::Never,
        }
    }
}

impl From<bool> for Match {
    fn from(holds: bool) -> Self {
        if holds { Self::Always } else { Self::Never }
    }
}

#[cfg(test)]
mod tests {
    use super::Match::{self, Always, Never, Sometimes};

    #[test]
    fn three_valued_answers_combine_like_sets() {
        assert_eq!(Always.and(Sometimes), Sometimes);
        assert_eq!(Never.and(Sometimes), Never);
        assert_eq!(Always.or(Sometimes), Always);
        assert_eq!(Never.or(Sometimes), Sometimes);
        assert_eq!(!Sometimes, Sometimes);
        assert_eq!(!Never, Always);
        assert_eq!(Match::all([]), Always);
        assert_eq!(Match::any([]), Never);
    }
}
