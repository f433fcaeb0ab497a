//! The report as one HTML page, readable without network and without script.
//!
//! INVARIANT (inert): the template escapes all text from the input, the content security policy
//! allows only the page's own style and script, and [`HtmlWriter`] replaces characters that
//! could hide text or change its direction.
//!
//! INVARIANT (complete): every result of the report is in the page with its evidence. A limited
//! number of findings is shown in full, and the other results in packs; a page with very many
//! results has the packs as text, which the script turns into elements when the reader opens one.

mod causes;
mod grid;
mod headline;
mod heat;
mod listing;
mod pack;
mod places;
mod policy;
mod status;
mod text;
mod trail_evidence;

use std::borrow::Borrow;
use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use trailseal_plan::shell_word;
use trailseal_rule::{CHECKS, Check, Timestamp};

use super::HtmlWriter;
use crate::report::{ControlNumber, NotEvaluated, Report, Run};
use causes::{Cause, Remark, causes, no_cause, remarks};
use headline::Headline;
use heat::HeatMap;
use listing::Listing;
use places::Places;
use status::VerdictCounts;
use text::Count;

pub(crate) use grid::{Column, Grid};
pub(crate) use status::TrailStatus;
pub(crate) use text::{counted, shortened, ticked};

pub(crate) const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = HtmlWriter::new(out);
    let rendered = Page::of(report).render_into(&mut writer);
    writer.finish()?;
    rendered.map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a Report,
    style: &'static str,
    script: &'static str,
    policy: String,
    headline: Headline,
    created: Timestamp,
    /// The command line of the run, as a shell reads it.
    command: String,
    parameters: Vec<String>,
    control: Option<&'a ControlNumber>,
    controls: Vec<Numbers<'a>>,
    /// The verdicts on trails, and on accounts without one.
    results: VerdictCounts,
    places: Places<'a>,
    heat: HeatMap,
    causes: Vec<Cause<'a>>,
    no_cause: &'static str,
    listing: Listing<'a>,
    remarks: Vec<Remark<'a>>,
    checks: Vec<&'static Check>,
    not_evaluated: Vec<NotEvaluated<'a>>,
    warnings: Vec<String>,
}

/// The numbers of the controls of a publication.
struct Numbers<'a> {
    publication: &'a str,
    numbers: String,
}

impl<'a> Page<'a> {
    fn of(report: &'a Report) -> Self {
        let trails = VerdictCounts::of_all(&report.own_trails());
        let places = Places::of(report);
        Self {
            report,
            style: STYLE,
            script: SCRIPT,
            policy: content_security_policy(STYLE, Some(SCRIPT)),
            headline: Headline::of(report, &trails),
            created: report.run.as_ref().map_or(report.generated_at, |run| run.finished_at),
            command: report.run.as_ref().map(command).unwrap_or_default(),
            parameters: report
                .parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            controls: controls(report),
            control: report.controls.iter().rfind(|control| control.publication.contains("AWS")),
            heat: HeatMap::of(&places),
            places,
            causes: causes(&report.trails),
            no_cause: no_cause(report, &trails),
            listing: Listing::of(report),
            remarks: remarks(&report.trails),
            checks: CHECKS.to_vec(),
            not_evaluated: report.not_evaluated(),
            warnings: report.warnings().collect(),
            results: VerdictCounts::of_all(&report.own_results()),
        }
    }

    fn count(&self, number: impl Borrow<usize>) -> Count {
        Count(*number.borrow())
    }

    /// The parts of a message, and whether each is a value in backticks.
    fn ticked<'t>(&self, message: &'t str) -> Vec<(bool, &'t str)> {
        text::ticked(message)
    }

    fn statuses(&self) -> [TrailStatus; 5] {
        TrailStatus::ALL
    }
}

pub(crate) fn command(run: &Run) -> String {
    let variables =
        run.environment.iter().map(|(name, value)| format!("{name}={}", shell_word(value)));
    let words =
        ["trailseal", &run.command].into_iter().chain(run.arguments.iter().map(String::as_str));
    variables.chain(words.map(shell_word)).collect::<Vec<_>>().join(" ")
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

/// The page's content security policy (Content Security Policy Level 3). It allows only this style
/// and this script: no requests, forms or frames, and the script cannot turn text into markup.
pub(crate) fn content_security_policy(style: &str, script: Option<&str>) -> String {
    let script = match script {
        Some(script) => format!("script-src 'sha256-{}'; ", digest(script)),
        None => String::new(),
    };
    format!(
        "default-src 'none'; style-src 'sha256-{}'; {script}base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        digest(style)
    )
}

fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests;
