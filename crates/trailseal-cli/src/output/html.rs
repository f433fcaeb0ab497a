//! The report as one page: it needs no network and no script to be read, and nothing that a trail
//! is called can do anything in it.
//!
//! INVARIANT (inert): whatever comes from the input is escaped by the template; the page's policy
//! (`seal`) admits its own style and script by their digest and nothing else; and characters that
//! could hide or turn text round are made visible on the way out (`sanitizing_writer`).
//!
//! INVARIANT (bounded): findings are told in full up to a number and in a line each up to another;
//! beyond these, and for what passes, trails are counted. The page says so wherever it counts.

mod causes;
mod csp;
mod headline;
mod heat;
mod listing;
mod places;
mod policy;
mod remarks;
mod sanitizing_writer;
mod standing;
mod trail_evidence;
mod words;

use std::borrow::Borrow;
use std::fmt;
use std::io::{self, Write};

use askama::Template;
use trailseal_rule::CHECKS;

use crate::report::{ControlNumber, NotEvaluated, Report, TrailReport};
use causes::{Cause, causes};
use headline::Headline;
use heat::HeatMap;
use listing::Listing;
use places::Places;
use remarks::{Remark, remarks};
use sanitizing_writer::SanitizingWriter;
use standing::{Standing, VerdictCounts};
use words::{Count, moment};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut sanitizing_writer = SanitizingWriter::new(out);
    let written = Page::of(report).render_into(&mut sanitizing_writer);
    sanitizing_writer.finish()?;
    written.map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a Report,
    style: &'static str,
    script: &'static str,
    policy: String,
    headline: Headline,
    generated: String,
    parameters: Vec<String>,
    control: Option<&'a ControlNumber>,
    controls: Vec<Numbers<'a>>,
    tally: VerdictCounts,
    places: Places<'a>,
    heat: HeatMap,
    causes: Vec<Cause<'a>>,
    listing: Listing<'a>,
    remarks: Vec<Remark<'a>>,
    checks: Vec<Known>,
    not_evaluated: Vec<NotEvaluated<'a>>,
}

/// The numbers of the control in a publication.
struct Numbers<'a> {
    publication: &'a str,
    numbers: String,
}

/// A check, in the words of the rule.
struct Known {
    id: &'static str,
    sentence: &'static str,
    why: &'static str,
    fails_when: &'static str,
}

impl<'a> Page<'a> {
    fn of(report: &'a Report) -> Self {
        let mut tally = VerdictCounts::default();
        report.trails.iter().for_each(|trail| tally.add(Standing::of(trail)));
        let places = Places::of(report);
        Self {
            report,
            style: STYLE,
            script: SCRIPT,
            policy: csp::policy(STYLE, SCRIPT),
            headline: Headline::of(report, &tally),
            generated: moment(&report.generated_at),
            parameters: parameters(report),
            controls: controls(report),
            control: report.controls.iter().rfind(|control| control.publication.contains("AWS")),
            heat: HeatMap::of(&places),
            places,
            causes: causes(&report.trails),
            listing: Listing::of(&report.trails),
            remarks: remarks(&report.trails),
            checks: CHECKS
                .iter()
                .map(|check| Known {
                    id: check.id.as_str(),
                    sentence: check.sentence,
                    why: check.why,
                    fails_when: check.fails_when,
                })
                .collect(),
            not_evaluated: report.not_evaluated(),
            tally,
        }
    }

    fn count(&self, number: impl Borrow<usize>) -> Count {
        Count(*number.borrow())
    }

    /// The parts of a message, and whether each is a value in backticks.
    fn ticked<'t>(&self, message: &'t str) -> Vec<(bool, &'t str)> {
        words::ticked(message)
    }

    fn standings(&self) -> [Standing; 4] {
        Standing::ALL
    }
}

fn parameters(report: &Report) -> Vec<String> {
    let text =
        |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    report.parameters.iter().map(|(name, value)| format!("{name}={}", text(value))).collect()
}

fn controls(report: &Report) -> Vec<Numbers<'_>> {
    let mut controls: Vec<Numbers<'_>> = Vec::new();
    for ControlNumber { publication, number } in &report.controls {
        match controls.last_mut().filter(|last| last.publication == publication) {
            Some(last) => last.numbers.push_str(&format!(", {number}")),
            None => controls.push(Numbers { publication, numbers: number.clone() }),
        }
    }
    controls
}

/// What a trail is called by people.
fn name(trail: &TrailReport) -> &str {
    let from_arn = trail.arn.as_deref().and_then(|arn| arn.rsplit('/').next());
    from_arn.filter(|name| !name.is_empty()).unwrap_or(&trail.resource_id)
}

impl fmt::Debug for Page<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Page").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
