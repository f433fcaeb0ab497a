//! The progress of a journal as text.

use std::fmt::Write;

use trailseal_rule::one_line;

use crate::journal::{Phase, Progress, StepState};
use crate::plan_data::Purpose;
use crate::render::people::step_text;

/// The state of each step.
pub fn progress_text(progress: &Progress) -> String {
    let journal = one_line(&progress.journal);
    let mut out = format!("Journal {journal} of trail {}\n", progress.remediation.plan.trail);
    if let Some(key) = &progress.created_key {
        let _ = writeln!(out, "  created key {key}");
    }
    for phase in std::iter::once(&progress.remediation).chain(&progress.back_out) {
        write_phase(&mut out, phase);
    }
    out
}

fn write_phase(out: &mut String, phase: &Phase) {
    let purpose = match phase.plan.purpose {
        Purpose::Seal => "Plan",
        Purpose::BackOut => "Back-out",
    };
    let _ = writeln!(out, "{purpose}: {}", summary(phase));
    for (progress, step) in phase.steps.iter().zip(&phase.plan.steps) {
        let state = match progress.state {
            StepState::Pending => "not begun",
            StepState::Uncertain if progress.is_refused => "refused by AWS",
            StepState::Uncertain => "may have happened",
            StepState::Done => "done, not read back",
            StepState::Verified if progress.may_have_happened => "done and read back",
            StepState::Verified => "already in place",
        };
        let _ = writeln!(out, "  {:<20} {}: {}", state, step.id, step_text(step));
        if let Some(id) = &progress.request_id {
            let _ = writeln!(out, "  {:<20} request {}", "", one_line(id));
        }
    }
}

fn summary(phase: &Phase) -> String {
    match (&phase.stopped, phase.is_finished) {
        (None, true) => "finished".to_owned(),
        (Some(why), true) => format!("finished, then: {}", one_line(why)),
        (Some(why), false) => format!("stopped: {}", one_line(why)),
        (None, false) => "not finished".to_owned(),
    }
}
