//! The terminal sessions of README and `docs` run word for word; only dates may differ.
//!
//! `TRYCMD=overwrite` writes the present output into the pages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use trailseal_lab::{Hang, Lab, State};

use super::{Folder, trailseal};

const ACCOUNT: &str = "111122223333";

/// A command of a session and what it prints.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    command: String,
    output: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_the_docs_run_word_for_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = vec![root.join("README.md")];
    pages.extend(fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    let mut checked = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let mut updated = text.clone();
        for block in blocks(&text) {
            let lab = Lab::start(State::default_state().unwrap()).await.unwrap();
            let folder = Folder::new(&format!("session-{}", checked.len()));
            let shell = Shell { lab: &lab, folder: &folder.0 };
            let steps = steps(block);
            if name == "REMEDIATION.md" {
                shell.kill_in_third_step(&steps[0].command);
            }
            let run = steps.iter().map(|Step { command, .. }| Step {
                command: command.clone(),
                output: shell.run(command),
            });
            let run: Vec<Step> = run.collect();
            let differs = written(&run) != written(&steps);
            if differs && std::env::var_os("TRYCMD").is_some_and(|value| value == "overwrite") {
                let lines = run.iter().map(|step| format!("$ {}\n{}", step.command, step.output));
                updated = updated.replace(block, &lines.collect::<String>());
            } else {
                assert_eq!(written(&run), written(&steps), "{name}");
            }
            checked.push(name.clone());
        }
        if updated != text {
            fs::write(&page, updated).unwrap();
        }
    }
    checked.sort();
    checked.dedup();
    assert_eq!(checked, ["LOGS.md", "OUTPUT.md", "PREVIEW.md", "README.md", "REMEDIATION.md"]);
}

#[test]
fn readme_says_that_the_served_account_needs_a_second_terminal() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (before, _) = readme.split_once("```console").unwrap();
    let paragraph = before.trim_end().rsplit("\n\n").next().unwrap();
    for part in ["cargo xtask lab -- --serve", "second terminal", "`export`"] {
        assert!(paragraph.contains(part), "{part}: {paragraph}");
    }
}

#[test]
fn only_dates_of_a_session_may_differ() {
    assert_eq!(dated("a-2026-11-24.jsonl 1", "DATE"), "a-DATE.jsonl 1");
    assert_eq!(dated("2026-11-2", "DATE"), "2026-11-2");
    let file = "us-east-1/2026/11/24/1_CloudTrail_us-east-1_20261124T1002Z_a";
    let expected = "us-east-1/DATE/1_CloudTrail_us-east-1_DATE_a";
    assert_eq!(dated(file, "DATE"), expected);
    let months = "2026-08–2026-11 2026-08";
    assert_eq!(replaced(months, &MONTHS, "MONTHS"), "MONTHS MONTHS");
    let block = "$ one\na\nb\n$ two | cat\n";
    let step = |command: &str, output: &str| Step {
        command: command.to_owned(),
        output: output.to_owned(),
    };
    assert_eq!(steps(block), [step("one", "a\nb\n"), step("two | cat", "")]);
    assert_eq!(blocks("x\n```console\n$ one\n```\n```sh\n$ two\n```\n"), ["$ one\n"]);
}

/// The contents of the blocks of `console`.
fn blocks(page: &str) -> Vec<&str> {
    let rest = page.split("```console\n").skip(1);
    rest.map(|rest| rest.split_once("```").unwrap().0).collect()
}

fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                steps.push(Step { command: command.to_owned(), output: String::new() });
            }
            None => {
                let step = steps.last_mut().expect("a session begins with a command");
                step.output.push_str(&format!("{line}\n"));
            }
        }
    }
    steps
}

/// The session with the same date and the same months everywhere.
fn written(steps: &[Step]) -> Vec<String> {
    let text = |step: &Step| dated(&format!("$ {}\n{}", step.command, step.output), "DATE");
    steps.iter().map(|step| replaced(&text(step), &MONTHS, "MONTHS")).collect()
}

/// The months of log files, which are moved with the days.
const MONTHS: [&str; 2] = ["0000-00–0000-00", "0000-00"];

/// The text with each date replaced, also in the folders and names of log files.
fn dated(text: &str, date: &str) -> String {
    replaced(text, &["0000-00-00", "0000/00/00", "00000000T0000Z"], date)
}

/// The text with each part of one of these forms replaced; a zero stands for any digit.
fn replaced(text: &str, forms: &[&str], by: &str) -> String {
    let has_form = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                _ => byte == form,
            })
    };
    let at_start = |text: &str| {
        let forms = forms.iter();
        let mut forms = forms.filter_map(|form| text.get(..form.len()).map(|start| (start, form)));
        forms.find(|(start, form)| has_form(start, form)).map(|(start, _)| start.len())
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let found = at_start(rest);
        let (head, tail) = rest.split_at(found.unwrap_or(next.len_utf8()));
        out.push_str(if found.is_some() { by } else { head });
        rest = tail;
    }
    out
}

/// A terminal whose environment has the lines that the served lab prints.
pub(super) struct Shell<'a> {
    pub(super) lab: &'a Lab,
    pub(super) folder: &'a Path,
}

impl Shell<'_> {
    /// What a terminal shows: both streams.
    fn run(&self, command: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec 2>&1\n{}", self.today(command))]);
        let output = self.prepared(&mut shell).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// The command with the date of the journal that a command before it has written.
    pub(super) fn today(&self, command: &str) -> String {
        let names = fs::read_dir(self.folder).unwrap();
        let mut names =
            names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let date = names.find_map(|name| {
            let name = name.strip_suffix(".jsonl")?;
            let date = name.get(name.len().checked_sub(10)?..)?;
            dated(date, "").is_empty().then(|| date.to_owned())
        });
        date.map_or_else(|| command.to_owned(), |date| dated(command, &date))
    }

    /// Runs the command until it waits for the answer to its third change, and kills it.
    fn kill_in_third_step(&self, command: &str) {
        self.lab.hang_at_change(3, Hang::BeforeTheChange);
        let words = command.split_whitespace().skip(1);
        let mut run = trailseal();
        let mut run = self
            .prepared(run.args(words))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while !self.lab.has_hung() {
            assert!(begun.elapsed() < Duration::from_secs(60), "`{command}` made no third change");
            std::thread::sleep(Duration::from_millis(5));
        }
        run.kill().unwrap();
        run.wait().unwrap();
        self.lab.clear_hang();
    }

    pub(super) fn prepared<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let credentials = self.lab.credentials(ACCOUNT);
        let program = PathBuf::from(env!("CARGO_BIN_EXE_trailseal"));
        let system = std::env::var("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", format!("{}:{system}", program.parent().unwrap().display()))
            .env("HOME", self.folder)
            .env("AWS_ENDPOINT_URL", self.lab.url())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
            .env("AWS_SESSION_TOKEN", credentials.session_token)
            .current_dir(self.folder)
            .stdin(Stdio::null())
    }
}
