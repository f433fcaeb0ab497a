//! Requests that are never answered: for tests that kill the waiting process.

/// Where a change hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hang {
    /// Before it is carried out.
    BeforeTheChange,
    /// After it was carried out.
    AfterTheChange,
}

/// The one change that will hang, and whether it does now.
#[derive(Debug, Default)]
pub(crate) struct Hangs {
    /// The number of the change, counted from one, and where it hangs.
    pub(crate) due: Option<(u32, Hang)>,
    pub(crate) seen: u32,
    pub(crate) hung: bool,
}

impl Hangs {
    /// Where this change hangs, if it does.
    pub(crate) fn meet(&mut self) -> Option<Hang> {
        self.seen = self.seen.saturating_add(1);
        let (_, hang) = self.due.filter(|(number, _)| *number == self.seen)?;
        self.hung = true;
        Some(hang)
    }
}
