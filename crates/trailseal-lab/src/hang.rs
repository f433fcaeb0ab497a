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
    due: Option<(u32, Hang)>,
    seen: u32,
    pub(crate) hung: bool,
}

impl Hangs {
    /// Makes the change of this number hang, counted from now and from one.
    pub(crate) fn arm(&mut self, number: u32, hang: Hang) {
        *self = Self { due: Some((number, hang)), seen: 0, hung: false };
    }

    /// Makes no further change hang.
    pub(crate) fn disarm(&mut self) {
        *self = Self::default();
    }

    /// Where this change hangs, if it does.
    pub(crate) fn meet(&mut self) -> Option<Hang> {
        self.seen = self.seen.saturating_add(1);
        let (_, hang) = self.due.filter(|(number, _)| *number == self.seen)?;
        self.hung = true;
        Some(hang)
    }
}
