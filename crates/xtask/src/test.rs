//! `cargo xtask test`: runs stages one after the other and tells how long each took.

use std::io::Write;
use std::time::Instant;

use crate::failure::Failure;
use crate::project::Project;
use crate::stages::{STAGES, Stage};

/// A stage that ran, and how long it took.
#[derive(Debug)]
struct Timing {
    name: &'static str,
    seconds: f64,
}

/// Runs all stages, or those that are named, in their order.
pub(crate) fn run(
    project: &Project,
    arguments: &[String],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if arguments.iter().any(|word| word == "--list") {
        return list(&STAGES, out).map_err(Failure::output);
    }
    let stages = select(&STAGES, arguments)?;
    run_stages(project, &stages, out)
}

fn list(stages: &[Stage], out: &mut dyn Write) -> std::io::Result<()> {
    for stage in stages {
        writeln!(out, "{:<10} {}", stage.name, stage.about)?;
    }
    Ok(())
}

fn select<'a>(stages: &'a [Stage], names: &[String]) -> Result<Vec<&'a Stage>, Failure> {
    for name in names {
        if !stages.iter().any(|stage| stage.name == name) {
            let known: Vec<&str> = stages.iter().map(|stage| stage.name).collect();
            return Err(Failure::usage(format!(
                "there is no stage `{name}`; expected {}",
                known.join(", ")
            )));
        }
    }
    let is_wanted =
        |stage: &&Stage| names.is_empty() || names.iter().any(|name| name == stage.name);
    Ok(stages.iter().filter(is_wanted).collect())
}

fn run_stages(project: &Project, stages: &[&Stage], out: &mut dyn Write) -> Result<(), Failure> {
    let mut timings = Vec::new();
    for stage in stages {
        say(out, &format!("==> {}: {}\n", stage.name, stage.about))?;
        let began = Instant::now();
        let outcome = (stage.run)(project);
        let seconds = began.elapsed().as_secs_f64();
        timings.push(Timing { name: stage.name, seconds });
        match outcome {
            Ok(()) => say(out, &format!("==> {}: {seconds:.1} seconds\n", stage.name))?,
            Err(failure) => {
                say(out, &table(&timings))?;
                let why = failure.message().unwrap_or("see the errors above").to_owned();
                return Err(Failure::task(format!("stage `{}` failed: {why}", stage.name)));
            }
        }
    }
    say(out, &table(&timings))
}

/// Writes at once: the programs that a stage runs write to the same place.
fn say(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)
}

fn table(timings: &[Timing]) -> String {
    let mut text = format!("\n{:<10} {:>8}\n", "stage", "seconds");
    for timing in timings {
        text.push_str(&format!("{:<10} {:>8.1}\n", timing.name, timing.seconds));
    }
    let total: f64 = timings.iter().map(|timing| timing.seconds).sum();
    text.push_str(&format!("{:<10} {total:>8.1}\n", "total"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAKES: [Stage; 3] = [
        Stage { name: "one", about: "the first", run: |_| Ok(()) },
        Stage {
            name: "two",
            about: "the second",
            run: |_| Err(Failure::task("no flour: buy some")),
        },
        Stage { name: "three", about: "the third", run: |_| Ok(()) },
    ];

    fn names(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn run_fakes(words: &[&str]) -> (Result<(), Failure>, String) {
        let project = Project::locate().unwrap();
        let stages = select(&FAKES, &names(words)).unwrap();
        let mut out = Vec::new();
        let outcome = run_stages(&project, &stages, &mut out);
        (outcome, String::from_utf8(out).unwrap())
    }

    #[test]
    fn stages_run_in_their_own_order_and_are_timed() {
        let (outcome, text) = run_fakes(&["three", "one"]);
        assert!(outcome.is_ok());
        let began: Vec<&str> = text.lines().filter(|line| line.contains(": the ")).collect();
        assert_eq!(began, ["==> one: the first", "==> three: the third"]);
        assert!(text.contains("\nstage       seconds\none  "), "{text}");
        assert!(text.contains("\ntotal  "), "{text}");
    }

    #[test]
    fn the_first_failing_stage_ends_the_run_with_its_name() {
        let (outcome, text) = run_fakes(&[]);
        let failure = outcome.unwrap_err();
        assert_eq!(failure.message(), Some("stage `two` failed: no flour: buy some"));
        assert_eq!(failure.exit_code(), 1);
        assert!(!text.contains("three"), "{text}");
    }

    #[test]
    fn an_unknown_stage_is_wrong_usage_and_nothing_runs() {
        let failure = select(&FAKES, &names(&["one", "four"])).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert_eq!(failure.message(), Some("there is no stage `four`; expected one, two, three"));
    }

    #[test]
    fn stages_are_listed_with_what_they_do() {
        let mut out = Vec::new();
        list(&FAKES, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().next(), Some("one        the first"));
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn no_two_stages_share_a_name() {
        for (index, stage) in STAGES.iter().enumerate() {
            assert!(STAGES.iter().skip(index + 1).all(|other| other.name != stage.name));
        }
    }
}
