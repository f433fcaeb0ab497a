//! The condition keys that a set of requests carries.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::shape::Shape;

/// What is known of one condition key in a set of requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ContextValue {
    /// Present in every request with exactly these values: one, or all the values of a key that
    /// can have several.
    Known(Vec<String>),
    /// Present in every request with these values and possibly others; the key can have several.
    Includes(Vec<String>),
    /// Either present with this one value or missing; it is not known which.
    KnownOrAbsent(String),
    /// Present with several values by the caller's choice: `needed` and any of `others`.
    ChosenWith {
        /// The value that the caller needs.
        needed: &'static str,
        /// The values that can be added.
        others: &'static [&'static str],
    },
    /// Missing from every request.
    Absent,
    /// Anything: one value, several, or none.
    Unknown,
    /// A value with a part that the policy does not name, such as the account of a stranger.
    Open {
        /// What is known of it.
        shape: Shape,
        /// Who chooses the rest.
        settled: Settled,
    },
    /// Present in every request with one value, of which parts are not known yet. The policy may
    /// spell such a part by the same stand-in, and then both are the same.
    Pending {
        /// The value with a stand-in, `<…>`, for each part that is not known.
        text: String,
        /// The value with a hole for each of these parts.
        shape: Shape,
    },
    /// The caller chooses any value, or none.
    Chosen,
}

impl ContextValue {
    /// Present with this one value.
    pub fn known(value: &str) -> Self {
        Self::Known(vec![value.to_owned()])
    }
}

/// Who chooses the unknown parts of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    /// The caller, who chooses what gives access; every request has the key.
    ByCaller,
    /// Nobody: neither the value nor whether the key is present can be known.
    ByNobody,
}

/// The context of a set of requests: what is known of each condition key.
///
/// Key names are compared without regard to letter case. A key that was not given is
/// [`ContextValue::Unknown`].
///
/// A clone shares the values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Context {
    keys: BTreeMap<Arc<str>, Arc<ContextValue>>,
    families: Vec<(Arc<str>, Arc<ContextValue>)>,
}

impl Context {
    /// The same context with this value for one key.
    #[must_use]
    pub fn with(self, key: &str, value: ContextValue) -> Self {
        self.with_shared(key, Arc::new(value))
    }

    fn with_shared(mut self, key: &str, value: Arc<ContextValue>) -> Self {
        self.keys.insert(key.to_ascii_lowercase().into(), value);
        self
    }

    /// The same context with this value for all these keys.
    #[must_use]
    pub fn with_each(self, keys: &[&str], value: &ContextValue) -> Self {
        let value = Arc::new(value.clone());
        keys.iter().fold(self, |context, key| context.with_shared(key, Arc::clone(&value)))
    }

    /// The same context with this value for every key of a family that was not given on its own,
    /// such as `aws:PrincipalTag/`. If two families include a key, the one that was given last
    /// counts.
    #[must_use]
    pub fn with_family(mut self, prefix: &str, value: ContextValue) -> Self {
        self.families.insert(0, (prefix.to_ascii_lowercase().into(), Arc::new(value)));
        self
    }

    /// The same context without the keys other than these, in lower case, and those of a family:
    /// contexts that differ in other keys only become equal.
    #[must_use]
    pub fn restricted_to(mut self, keys: &HashSet<&str>) -> Self {
        self.keys.retain(|key, _| keys.contains(&**key));
        self
    }

    /// What is known of a key.
    pub fn value(&self, key: &str) -> &ContextValue {
        self.value_of_lower(&key.to_ascii_lowercase())
    }

    /// The same, of a key in lower case.
    pub(crate) fn value_of_lower(&self, key: &str) -> &ContextValue {
        let of_family = || {
            let family = self.families.iter().find(|(prefix, _)| key.starts_with(&**prefix));
            family.map(|(_, value)| value)
        };
        self.keys.get(key).or_else(of_family).map_or(&ContextValue::Unknown, |value| &**value)
    }
}
