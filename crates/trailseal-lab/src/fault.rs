//! Injected faults: which requests they affect, and how.

use std::time::Duration;

use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

use crate::operation::Operation;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The operation that it affects; `None` means every operation.
    pub operation: Option<Operation>,
    /// Affects only requests that contain this text, such as a key's ARN or a bucket's name.
    pub about: Option<String>,
    /// Which of these requests it affects.
    pub position: Position,
    /// What happens to an affected request.
    pub kind: FaultKind,
}

impl Fault {
    /// A fault of one operation, for every resource.
    pub fn of(operation: Operation, position: Position, kind: FaultKind) -> Self {
        Self { operation: Some(operation), about: None, position, kind }
    }

    /// A fault of every operation.
    pub fn anywhere(position: Position, kind: FaultKind) -> Self {
        Self { operation: None, about: None, position, kind }
    }

    /// The same fault, only for requests that contain `text`.
    #[must_use]
    pub fn about(self, text: impl Into<String>) -> Self {
        Self { about: Some(text.into()), ..self }
    }
}

/// Which of its matching requests a fault affects, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    First,
    Nth(u32),
    /// Each.
    Every,
    /// One in this many, at pseudorandom positions that are the same in every run.
    OneIn(u32),
}

impl Position {
    /// Whether the request of this number, counted from one, is affected.
    fn meets(self, number: u32) -> bool {
        match self {
            Self::First => number == 1,
            Self::Nth(wanted) => number == wanted,
            Self::Every => true,
            Self::OneIn(0) => false,
            Self::OneIn(of) => scatter(number).is_multiple_of(u64::from(of)),
        }
    }
}

/// Maps consecutive numbers to evenly distributed ones (the finalizer of splitmix64).
fn scatter(number: u32) -> u64 {
    let mut bits = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum FaultKind {
    /// Throttled: `ThrottlingException`, `Throttling` from STS, 503 from S3.
    Throttling,
    /// An internal error: HTTP 500.
    InternalError,
    /// Service unavailable: HTTP 503.
    ServiceUnavailable,
    /// Carried out, but the response is delayed by this time.
    Slow(Duration),
    /// Not carried out: the connection is reset without a response.
    ConnectionReset,
    /// Carried out, but the response body is truncated.
    TruncatedBody,
    /// Carried out, but the response is an HTML page.
    NotJson,
    /// Carried out, but each member of the response has the wrong type.
    WrongTypes,
    /// Carried out, but the token of the next page is that of the requested page. An
    /// operation without pages is not affected.
    RepeatedToken,
    AccessDenied,
    /// Refused: the resource does not exist, with the operation's own error.
    NotFound,
    /// Refused: the caller's credentials are no longer valid.
    ExpiredCredentials,
    /// Refused: the caller's clock is wrong; the `Date` of the response is an hour ahead.
    ClockSkew,
    /// Carried out, but `PutEvaluations` stores nothing and returns every evaluation in
    /// `FailedEvaluations`. Other operations are not affected.
    FailedEvaluations,
}

impl FaultKind {
    /// Every kind except the one of `PutEvaluations` alone, so that tests can cover each kind of
    /// each operation; `slow` is the delay of the slow kind.
    pub fn all(slow: Duration) -> Vec<Self> {
        Self::named(slow).filter(|kind| *kind != Self::FailedEvaluations).collect()
    }

    fn named(slow: Duration) -> impl Iterator<Item = Self> {
        let with_delay =
            move |kind| if matches!(kind, Self::Slow(_)) { Self::Slow(slow) } else { kind };
        Self::iter().map(with_delay)
    }

    /// The names of all kinds.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::iter().map(Self::name)
    }

    /// The kind's name in files and in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The kind of this name; `slow` is the delay of the slow kind.
    pub fn from_name(name: &str, slow: Duration) -> Option<Self> {
        Self::named(slow).find(|kind| kind.name() == name)
    }
}

/// The injected faults, each with the number of its matching requests so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<(Fault, u32)>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.armed.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    /// The fault that affects this request: the first injected wins, but each counts the request.
    pub(crate) fn meet(&mut self, operation: Operation, mentions: &str) -> Option<FaultKind> {
        let mut met = None;
        for (fault, seen) in &mut self.armed {
            let concerned = fault.operation.is_none_or(|concerned| concerned == operation)
                && fault.about.as_ref().is_none_or(|text| mentions.contains(text.as_str()));
            if !concerned {
                continue;
            }
            *seen = seen.saturating_add(1);
            if met.is_none() && fault.position.meets(*seen) {
                met = Some(fault.kind);
            }
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Duration = Duration::from_secs(1);

    fn hits(position: Position, requests: u32) -> Vec<u32> {
        let mut faults = Faults::default();
        faults.add(Fault::of(Operation::DescribeKey, position, FaultKind::Throttling));
        (1..=requests).filter(|_| faults.meet(Operation::DescribeKey, "").is_some()).collect()
    }

    #[test]
    fn each_position_affects_the_requests_it_names() {
        assert_eq!(hits(Position::First, 4), [1]);
        assert_eq!(hits(Position::Nth(3), 4), [3]);
        assert_eq!(hits(Position::Every, 3), [1, 2, 3]);
        assert_eq!(hits(Position::OneIn(0), 9), [0_u32; 0]);
    }

    #[test]
    fn one_in_twenty_affects_the_same_requests_in_every_run() {
        let first = hits(Position::OneIn(20), 10_000);
        assert!((450..=550).contains(&first.len()), "{}", first.len());
        assert_eq!(first, hits(Position::OneIn(20), 10_000));
    }

    #[test]
    fn faults_do_not_affect_other_operations_or_resources() {
        let mut faults = Faults::default();
        let fault = Fault::of(Operation::DescribeKey, Position::First, FaultKind::NotFound);
        faults.add(fault.about("key/b"));
        assert_eq!(faults.meet(Operation::GetKeyPolicy, "key/b"), None);
        assert_eq!(faults.meet(Operation::DescribeKey, "key/a"), None);
        assert_eq!(faults.meet(Operation::DescribeKey, "key/b"), Some(FaultKind::NotFound));
        assert_eq!(faults.meet(Operation::DescribeKey, "key/b"), None);
    }

    #[test]
    fn every_fault_kind_is_found_by_its_name() {
        let others = FaultKind::all(SLOW);
        for kind in others.iter().copied().chain([FaultKind::FailedEvaluations]) {
            assert_eq!(FaultKind::from_name(kind.name(), SLOW), Some(kind));
        }
        assert_eq!(FaultKind::names().count(), others.len() + 1);
    }
}
