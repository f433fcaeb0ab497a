//! Runs the command against a lab.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use trailseal_lab::{Denial, Lab, State};

/// The management account of the lab's own state.
pub(super) const MANAGEMENT: &str = "111122223333";
pub(super) const MEMBER: &str = "444455556666";
/// The role of the default state in the member account, and the external ID that it requires.
pub(super) const AS_MEMBER: [&str; 4] =
    ["--role-name", "trailseal-member", "--external-id", "trailseal-central"];

pub(super) struct Desk {
    pub(super) lab: Lab,
    home: PathBuf,
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Run {
    pub(super) fn of(command: &mut Command) -> Self {
        Self::from_output(command.output().unwrap())
    }

    pub(super) fn from_output(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(super) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.err);
        self
    }

    /// The report of `-o json`, validated against its schema.
    pub(super) fn report(&self) -> Value {
        let report: Value = serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"));
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report-1.schema.json");
        let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&report).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(self.rendered("json"), self.out);
        report
    }

    /// What `render` makes of the report of `-o json`.
    pub(super) fn rendered(&self, format: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
        command.args(["render", "-", "-o", format]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(self.out.as_bytes()).unwrap();
        let rendered = Self::from_output(child.wait_with_output().unwrap());
        assert!((0..=2).contains(&rendered.code) && !rendered.out.is_empty(), "{}", rendered.err);
        rendered.out
    }

    /// Members of the report's summary.
    pub(super) fn summary<const N: usize>(&self, names: [&str; N]) -> [u64; N] {
        let report = self.report();
        names.map(|name| report["summary"][name].as_u64().unwrap())
    }

    /// The verdict of each trail, by `ACCOUNT/REGION/NAME`.
    pub(super) fn verdicts(&self) -> BTreeMap<String, String> {
        let report = self.report();
        let verdict = |trail: &Value| {
            let [account, region, name, verdict] =
                ["account", "region", "resourceId", "compliance"]
                    .map(|member| trail[member].as_str().unwrap().to_owned());
            (format!("{account}/{region}/{name}"), verdict)
        };
        report["trails"].as_array().unwrap().iter().map(verdict).collect()
    }

    /// The only error line, after the line with the caller.
    pub(super) fn error(&self) -> &str {
        self.only_error(2)
    }

    /// The same of a command that could not start.
    pub(super) fn not_started(&self) -> &str {
        self.only_error(3)
    }

    fn only_error(&self, code: i32) -> &str {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        let rest = self.err.strip_prefix("caller: ").and_then(|line| line.split_once('\n'));
        let rest = rest.map_or(self.err.as_str(), |(_, rest)| rest);
        let line = rest.strip_prefix("error: ").unwrap_or_else(|| panic!("{self:?}")).trim_end();
        assert!(!line.contains('\n'), "{line}");
        line
    }
}

impl Desk {
    /// A lab with its default state.
    pub(super) async fn open() -> Self {
        Self::with(State::default_state().unwrap()).await
    }

    pub(super) async fn with(state: State) -> Self {
        static DESKS: AtomicU32 = AtomicU32::new(0);
        let number = DESKS.fetch_add(1, Ordering::Relaxed);
        let name = format!("trailseal-audit-{}-{number}", std::process::id());
        let home = std::env::temp_dir().join(name);
        fs::create_dir_all(home.join(".aws/sso/cache")).unwrap();
        Self { lab: Lab::start(state).await.unwrap(), home }
    }

    /// A lab with an organization, whose accounts have a role `Audit`.
    pub(super) async fn of_organization(accounts: u32, regions: &[&str]) -> Self {
        Self::with(State::organization(accounts, regions, "Audit")).await
    }

    pub(super) fn audit_organization(&self, more: &[&str]) -> Run {
        self.run(&member(0), &[ORGANIZATION.as_slice(), more].concat())
    }

    /// Writes a file in the home folder.
    pub(super) fn write(&self, path: &str, text: &str) {
        fs::write(self.home.join(path), text).unwrap();
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// The command without credentials or Region; its endpoint is the lab.
    pub(super) fn bare(&self, arguments: &[&str]) -> Command {
        self.bare_of("audit", arguments)
    }

    fn bare_of(&self, subcommand: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
        command
            .arg(subcommand)
            .args(arguments)
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", self.lab.url())
            .env("AWS_MAX_ATTEMPTS", "3");
        command
    }

    pub(super) fn command(&self, account: &str, arguments: &[&str]) -> Command {
        self.command_of("audit", account, arguments)
    }

    /// The same of another subcommand.
    pub(super) fn command_of(
        &self,
        subcommand: &str,
        account: &str,
        arguments: &[&str],
    ) -> Command {
        let credentials = self.lab.credentials(account);
        let mut command = self.bare_of(subcommand, arguments);
        command
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
            .env("AWS_SESSION_TOKEN", credentials.session_token);
        command
    }

    pub(super) fn profile(&self, account: &str) -> String {
        let credentials = self.lab.credentials(account);
        format!(
            "aws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        )
    }

    pub(super) fn run(&self, account: &str, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(account, arguments))
    }

    pub(super) fn start(&self, account: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(account, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.home);
    }
}

/// Asserts that the text contains all of these parts.
#[track_caller]
pub(super) fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is missing: {text}");
    }
}

/// The first line of standard error: the caller, its account and its Region.
pub(super) fn caller(account: &str, region: &str) -> String {
    let arn = format!("arn:aws:sts::{account}:assumed-role/trailseal-function/trailseal");
    format!("caller: {arn} of account {account}, Region {region}\n")
}

/// The arguments of an audit of [`State::organization`].
pub(super) const ORGANIZATION: [&str; 4] = ["--accounts", "organization", "--role-name", "Audit"];

/// A denial without a policy that explains it.
pub(super) fn denial(account: &str, operation: &str) -> Denial {
    let (account, operation) = (account.to_owned(), operation.to_owned());
    Denial { account, operation, policy: Some("none".to_owned()), ..Denial::default() }
}

/// The ID of an account of [`State::organization`].
pub(super) fn member(number: u64) -> String {
    (100_000_000_000 + number).to_string()
}
