//! The results of the steps as plain text of at most 100 columns.

use std::io::{self, Write};
use std::time::Duration;

use trailseal_lab::{Call, PutEvaluation};

use super::report::{Report, StepReport, Totals};
use super::steps::Origin;

const COLUMNS_MAX: usize = 100;
const LABEL_COLUMNS: usize = 16;

/// Writes the page; `colour` is for a terminal.
pub(super) fn write(report: &Report<'_>, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let plural = if report.steps.len() == 1 { "event" } else { "events" };
    writeln!(
        out,
        "{} {plural} for the real function, against an AWS account on loopback",
        report.steps.len()
    )?;
    field(out, "program", &report.bootstrap.display().to_string())?;
    for (index, step) in report.steps.iter().enumerate() {
        write_step(index + 1, step, colour, out)?;
    }
    write_summary(report, colour, out)?;
    write_next(report, out)
}

fn write_step(
    number: usize,
    step: &StepReport<'_>,
    colour: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "\n{number:>2}. {}", painted(&step.step.title, BOLD, colour))?;
    let place =
        format!("{} in account {}, {}", step.trigger(), step.step.account, step.step.region);
    field(out, "trigger", &place)?;
    field(out, "resource", step.resource())?;
    field(out, "calls", &calls(&step.calls))?;
    for evaluation in &step.evaluations {
        write_evaluation(step, evaluation, colour, out)?;
    }
    if let Some(failure) = step.failure() {
        field(out, "failed", &painted_first(&failure, colour))?;
    }
    if let Some(status) = step.hook_status() {
        field(out, "answer", &painted_first(&status, colour))?;
        let message = step.hook_answer().and_then(|answer| answer.get("message")?.as_str());
        field(out, "message", message.unwrap_or("none"))?;
    } else if step.evaluations.is_empty() {
        field(out, "reported", "nothing")?;
    }
    if let Some(missed) = step.missed() {
        field(out, "EXPECTED", missed)?;
    }
    Ok(())
}

fn write_evaluation(
    step: &StepReport<'_>,
    evaluation: &PutEvaluation,
    colour: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let verdict = evaluation.compliance_type.as_str();
    let verdict = painted(verdict, paint_of(verdict), colour);
    if evaluation.resource_id == step.resource() {
        field(out, "verdict", &verdict)?;
    } else {
        let of = format!("{verdict} for {} {}", evaluation.resource_type, evaluation.resource_id);
        field(out, "verdict", &of)?;
    }
    field(out, "annotation", evaluation.annotation.as_deref().unwrap_or("none"))
}

/// The calls in order; repeated calls in a row are counted.
fn calls(calls: &[Call]) -> String {
    let mut told: Vec<(String, usize)> = Vec::new();
    for call in calls {
        let words = call_in_words(call);
        match told.last_mut() {
            Some((last, times)) if *last == words => *times += 1,
            Some(_) | None => told.push((words, 1)),
        }
    }
    let told = told.into_iter().map(|(words, times)| match times {
        1 => words,
        _ => format!("{words}, {times} times"),
    });
    joined(told.collect(), "; ")
}

fn joined(parts: Vec<String>, separator: &str) -> String {
    if parts.is_empty() { "none".to_owned() } else { parts.join(separator) }
}

fn call_in_words(call: &Call) -> String {
    let region = call.region.as_deref().map(|region| format!(" in {region}")).unwrap_or_default();
    let outcome = match (&call.error, call.status) {
        (_, None) => "connection reset".to_owned(),
        (_, Some(status)) if call.operation == "s3:HeadBucket" => status.to_string(),
        (Some(error), Some(_)) => error.clone(),
        (None, Some(_)) => "ok".to_owned(),
    };
    format!("{}{region}: {outcome}", call.operation)
}

fn write_summary(report: &Report<'_>, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let Totals { verdicts, answers, calls, failures } = report.tally();
    writeln!(out, "\n{}", painted("Summary", BOLD, colour))?;
    let mut counted: Vec<String> =
        verdicts.iter().map(|(verdict, number)| format!("{number} {verdict}")).collect();
    counted.push(format!("{failures} failed"));
    counted.extend(answers.iter().map(|(status, number)| format!("{number} hook {status}")));
    field(out, "events", &format!("{}: {}", report.steps.len(), counted.join(", ")))?;
    let counted = calls.iter().map(|(operation, number)| format!("{number} {operation}"));
    field(out, "calls", &joined(counted.collect(), ", "))?;
    for used in &report.used {
        let memory =
            used.memory.map(|memory| format!(", {} KiB of memory at its peak", memory.peak_kib));
        let cold = in_milliseconds(used.cold_start);
        field(out, "function", &format!("started in {cold}{}", memory.unwrap_or_default()))?;
    }
    for alias in &report.created_keys {
        field(out, "SIDE EFFECT", &format!("KMS had to make an AWS managed key for {alias}"))?;
    }
    match (report.origin, report.as_expected()) {
        (Origin::Scenario, true) => field(out, "expectation", "every outcome is the expected one"),
        (Origin::Scenario, false) => {
            field(out, "expectation", "NOT every outcome is the expected one")
        }
        (Origin::ChangedScenario | Origin::Files, _) => Ok(()),
    }
}

fn write_next(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let lines = match report.origin {
        Origin::Scenario => [
            "cargo xtask lab -- EVENT.json               an event or a configuration item of your own",
            "cargo xtask lab -- --parameter profile=cis  what the benchmark's own words let pass",
            "cargo xtask lab -- --serve                  keep the account up for any AWS SDK or CLI",
        ],
        Origin::ChangedScenario | Origin::Files => [
            "cargo xtask lab                       the default scenario",
            "cargo xtask lab -- --state FILE       an account of your own (crates/trailseal-lab/STATE.md)",
            "cargo xtask lab -- --json EVENT.json  the same as one JSON document",
        ],
    };
    writeln!(out, "\nNext")?;
    lines.iter().try_for_each(|line| writeln!(out, "    {line}"))
}

fn in_milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// A label and its text, wrapped with a hanging indent.
fn field(out: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
    let width = COLUMNS_MAX - LABEL_COLUMNS;
    let mut lines = wrapped(text, width).into_iter();
    let first = lines.next().unwrap_or_default();
    writeln!(out, "    {label:<11} {first}")?;
    lines.try_for_each(|line| writeln!(out, "{:LABEL_COLUMNS$}{line}", ""))
}

/// Wraps the text at spaces into lines of at most `width` characters; a long word stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let joined = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && joined > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const GREY: &str = "90";

fn paint_of(verdict: &str) -> &'static str {
    match verdict {
        "COMPLIANT" => GREEN,
        "NON_COMPLIANT" => RED,
        _ => GREY,
    }
}

/// The text in a terminal color.
fn painted(text: &str, paint: &str, colour: bool) -> String {
    if colour { format!("\u{1b}[{paint}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Only the first word is red: in wrapped text the color would continue into the label.
fn painted_first(text: &str, colour: bool) -> String {
    let (first, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
    let paint = if first == "SUCCESS" { GREEN } else { RED };
    format!("{}{rest}", painted(first, paint, colour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrapped("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrapped("a bbbbbbbb c", 4), ["a", "bbbbbbbb", "c"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
