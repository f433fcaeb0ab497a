//! Cold starts: from the start of the process to its first response.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use trailseal_lab::{Function, FunctionSettings, Outcome};

use crate::Settings;
use crate::figure::{Figure, Sorted};
use crate::testbed::{Over, Testbed};

const TIME: Duration = Duration::from_secs(30);

/// A measured program.
struct Candidate {
    id: &'static str,
    about: &'static str,
    function: Function,
    event: Vec<u8>,
    does: Does,
    until_ready: Vec<Duration>,
    until_response: Vec<Duration>,
    peak_kib: Vec<f64>,
}

/// What a program does with its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Nothing,
    /// It reports a trail as COMPLIANT.
    Report,
    /// It accepts a trail that CloudFormation is about to create.
    Accept,
}

/// Runs every program in turn, repeatedly, so that a slow machine slows all of them.
pub(crate) async fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let testbed = Testbed::new(1, &settings.folder).await?;
    let mut candidates = candidates(settings, &testbed).await?;
    for run in 0..=settings.runs.unwrap_or(40) {
        for candidate in &mut candidates {
            // The first start of each program only loads its files into memory.
            candidate.start(&testbed, run > 0).await?;
        }
    }
    for candidate in &candidates {
        candidate.print()?;
    }
    Ok(())
}

async fn candidates(
    settings: &Settings,
    testbed: &Testbed,
) -> Result<Vec<Candidate>, Box<dyn Error>> {
    use Over::{DistantTls, Http, Tls};
    let ours = testbed.change(&[]);
    let theirs = testbed.change(&[("AssumeRoleMode", "false")]);
    let hook = Testbed::hook_request();
    let rust = |program, over| (program, testbed.settings(over));
    let python = |over| python(testbed, settings, over);
    let mut candidates = Vec::new();
    for (id, about, (program, of_program), event) in [
        ("empty", "an empty function", rust(settings.empty.as_path(), Http), &ours),
        ("http", "the function, HTTP", rust(&settings.function, Http), &ours),
        ("tls", "the function, TLS", rust(&settings.function, Tls), &ours),
        ("distant", "the function, TLS, 20 ms away", rust(&settings.function, DistantTls), &ours),
        ("hook", "the Hook's function, TLS", rust(&settings.hook, Tls), &hook),
        ("python-http", "the Python rule, HTTP", python(Http), &theirs),
        ("python-tls", "the Python rule, TLS", python(Tls), &theirs),
    ] {
        candidates.push(Candidate {
            id,
            about,
            function: Function::rest(program, &testbed.lab, of_program).await?,
            event: event.clone(),
            does: match id {
                "empty" => Does::Nothing,
                "hook" => Does::Accept,
                _ => Does::Report,
            },
            until_ready: Vec::new(),
            until_response: Vec::new(),
            peak_kib: Vec::new(),
        });
    }
    Ok(candidates)
}

fn python<'a>(
    testbed: &Testbed,
    settings: &'a Settings,
    over: Over,
) -> (&'a Path, FunctionSettings) {
    let mut of_python = testbed.settings(over);
    of_python.arguments = ["-m", "awslambdaric", "rule.lambda_handler"].map(str::to_owned).to_vec();
    let folder = settings.rule.display().to_string();
    for name in ["PYTHONPATH", "LAMBDA_TASK_ROOT"] {
        of_python.environment.push((name.to_owned(), folder.clone()));
    }
    (&settings.python, of_python)
}

impl Candidate {
    async fn start(&mut self, testbed: &Testbed, counts: bool) -> Result<(), Box<dyn Error>> {
        let first = self.function.first_response(&self.event, TIME).await?;
        self.function.stop().await?;
        let put = testbed.lab.take_put_evaluations();
        drop((testbed.lab.take_calls(), self.function.take_lines()?));
        let answered = match &first.outcome {
            Outcome::Response(answer) => {
                self.does != Does::Accept
                    || answer.get("hookStatus").is_some_and(|status| status == "SUCCESS")
            }
            Outcome::Failed { .. } | Outcome::Exited { .. } | Outcome::TimedOut => false,
        };
        let verdicts: Vec<&str> = put.iter().map(|one| one.compliance_type.as_str()).collect();
        let expected: &[&str] = if self.does == Does::Report { &["COMPLIANT"] } else { &[] };
        if !answered || verdicts != expected {
            let outcome = first.outcome;
            return Err(format!("{} ended with {outcome:?} and put {verdicts:?}", self.id).into());
        }
        if counts {
            self.until_ready.push(first.until_ready);
            self.until_response.push(first.duration);
            self.peak_kib.extend(first.memory.map(|memory| memory.peak_kib as f64));
        }
        Ok(())
    }

    fn print(&self) -> Result<(), Box<dyn Error>> {
        let Self { id, about, .. } = self;
        let answered = Sorted::milliseconds(&self.until_response);
        Figure::median(&format!("cold.{id}"), &format!("cold start: {about}"), &answered, "ms")
            .print()?;
        let asked = Sorted::milliseconds(&self.until_ready);
        let words = format!("of it until it asks for its event: {about}");
        Figure::median(&format!("cold.{id}.init"), &words, &asked, "ms").print()?;
        let peak = Sorted::of(self.peak_kib.iter().map(|kib| kib / 1024.0).collect());
        let words = format!("most memory in a cold start: {about}");
        Figure::median(&format!("cold.{id}.memory"), &words, &peak, "MiB").print()
    }
}
