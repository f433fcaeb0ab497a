//! Versions of the C library.

use std::fmt::{self, Display, Formatter};

/// What Amazon Linux 2023 has, and with it the runtime `provided.al2023`.
pub(super) const OF_LAMBDA: GlibcVersion = GlibcVersion { major: 2, minor: 34, patch: 0 };

/// A version of glibc; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GlibcVersion {
    major: u32,
    minor: u32,
    patch: u32,
}

impl GlibcVersion {
    /// Reads the name of a symbol version, such as `GLIBC_2.2.5`; others have no number.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut numbers = name.strip_prefix("GLIBC_")?.split('.').map(str::parse);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next()?.ok()?;
        let patch = numbers.next().unwrap_or(Ok(0)).ok()?;
        if numbers.next().is_some() { None } else { Some(Self { major, minor, patch }) }
    }
}

impl Display for GlibcVersion {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)?;
        if self.patch == 0 { Ok(()) } else { write!(formatter, ".{}", self.patch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let version = |name| GlibcVersion::parse(name).unwrap();
        assert!(version("GLIBC_2.4") < version("GLIBC_2.34"));
        assert!(version("GLIBC_2.34") == OF_LAMBDA);
        assert!(version("GLIBC_2.35") > OF_LAMBDA);
        assert!(version("GLIBC_2.2.5") > version("GLIBC_2.2"));
        assert_eq!(version("GLIBC_2.2.5").to_string(), "2.2.5");
        assert_eq!(OF_LAMBDA.to_string(), "2.34");
    }

    #[test]
    fn other_names_have_no_number() {
        for name in ["GCC_3.0", "GLIBC_PRIVATE", "GLIBC_2", "GLIBC_2.2.5.1", "GLIBC_2.x", ""] {
            assert_eq!(GlibcVersion::parse(name), None, "{name}");
        }
    }
}
