//! The result of a run.

/// The result of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many findings Security Hub accepted, archived ones included.
    pub accepted: usize,
    /// How many findings were sent as archived, because their trail is gone.
    pub archived: usize,
    /// How many findings were left alone, because another run updated them meanwhile.
    pub newer: usize,
}
