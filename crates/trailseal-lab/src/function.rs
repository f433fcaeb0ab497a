//! The function as Lambda runs it: a separate process that gets events from the Runtime API.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use crate::arn::partition_of;
use crate::lab::Lab;
use crate::moments;
use crate::runtime_api::{Delivery, Outcome, RuntimeApi};

/// The time in which a function must request its first event, as in Lambda.
const INIT_TIME: Duration = Duration::from_secs(10);

/// How a function is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSettings {
    /// The account that the function runs in.
    pub account: String,
    /// The Region that the function runs in.
    pub region: String,
    /// Arguments of the program, if any.
    pub arguments: Vec<String>,
    /// The memory limit in its environment, in MiB.
    pub memory_mib: u32,
    /// Environment variables that add to or replace those that Lambda sets.
    pub environment: Vec<(String, String)>,
}

impl FunctionSettings {
    /// A function in an account and a Region, with nothing else set.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        let (account, region) = (account.into(), region.into());
        let (arguments, environment) = (Vec::new(), Vec::new());
        Self { account, region, arguments, memory_mib: 128, environment }
    }
}

/// The invocation of the function with one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    pub outcome: Outcome,
    /// The time from delivery to the outcome.
    pub duration: Duration,
}

/// A cold start, from the start of the process to its first response.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstResponse {
    /// What became of the event.
    pub outcome: Outcome,
    /// From the start of the process to its first request for an event: Lambda's init phase.
    pub until_ready: Duration,
    /// From the start of the process to the outcome.
    pub duration: Duration,
    /// The process's memory, right after the outcome.
    pub memory: Option<Memory>,
}

/// The memory of the function's process, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// The peak resident memory (`VmHWM`).
    pub peak_kib: u64,
    /// The current resident memory (`VmRSS`).
    pub resident_kib: u64,
}

/// The function's process.
///
/// If the process ends, the next event starts a new one, as in Lambda.
#[derive(Debug)]
pub struct Function {
    program: PathBuf,
    settings: FunctionSettings,
    endpoint: String,
    runtime: RuntimeApi,
    process: Option<Child>,
    /// The function's output, in unnamed files, so that everything written before a response is
    /// available when the response arrives.
    stdout: Tape,
    stderr: Tape,
    cold_start: Duration,
    starts: u32,
}

impl Function {
    /// Starts the function and waits until it asks for its first event.
    ///
    /// # Errors
    ///
    /// The program cannot be started, ends, reports an error or stays silent for ten seconds; the
    /// message contains its output.
    pub async fn spawn(program: &Path, lab: &Lab, settings: FunctionSettings) -> io::Result<Self> {
        let mut function = Self::rest(program, lab, settings).await?;
        function.start().await?;
        Ok(function)
    }

    /// The function without a running process, as between two bursts of events.
    ///
    /// # Errors
    ///
    /// Opening a port or file failed.
    pub async fn rest(
        program: &Path,
        lab: &Lab,
        mut settings: FunctionSettings,
    ) -> io::Result<Self> {
        let runtime = RuntimeApi::start().await?;
        let credentials = lab.credentials(&settings.account);
        let own = [
            ("AWS_ACCESS_KEY_ID".to_owned(), credentials.access_key_id),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), credentials.secret_access_key),
            ("AWS_SESSION_TOKEN".to_owned(), credentials.session_token),
        ];
        settings.environment.splice(0..0, own);
        Ok(Self {
            program: program.to_owned(),
            endpoint: lab.url(),
            settings,
            runtime,
            process: None,
            stdout: Tape::create()?,
            stderr: Tape::create()?,
            cold_start: Duration::ZERO,
            starts: 0,
        })
    }

    /// Starts a new process with the event already queued, and measures the time to its response.
    ///
    /// # Errors
    ///
    /// The process cannot be ended or started.
    pub async fn first_response(
        &mut self,
        event: &[u8],
        time: Duration,
    ) -> io::Result<FirstResponse> {
        self.stop().await?;
        let said = self.deliver(event, time);
        let mut polls = self.runtime.polls();
        polls.mark_unchanged();
        let begun = Instant::now();
        self.process = Some(self.launch()?);
        let mut until_ready = None;
        let outcome = {
            let mut outcome = pin!(outcome(self.process.as_mut(), said, time));
            loop {
                tokio::select! {
                    biased;
                    _ = polls.changed(), if until_ready.is_none() => {
                        until_ready = Some(begun.elapsed());
                    }
                    outcome = &mut outcome => break outcome?,
                }
            }
        };
        let duration = begun.elapsed();
        self.cold_start = until_ready.unwrap_or(duration);
        let (until_ready, memory) = (self.cold_start, self.memory());
        Ok(FirstResponse { outcome, until_ready, duration, memory })
    }

    /// The latest time from the start of the process to its first request for an event.
    pub fn cold_start(&self) -> Duration {
        self.cold_start
    }

    /// The number of times the process was started.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// The process id, while there is a process.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().and_then(Child::id)
    }

    /// The memory of the process, while there is one.
    pub fn memory(&self) -> Option<Memory> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process_id()?)).ok()?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some(Memory { peak_kib: kib("VmHWM:")?, resident_kib: kib("VmRSS:")? })
    }

    /// The lines that the function wrote to stdout and stderr since the last call.
    ///
    /// # Errors
    ///
    /// The output files cannot be read.
    pub fn take_lines(&mut self) -> io::Result<Vec<String>> {
        let mut lines = self.stdout.take_lines()?;
        lines.extend(self.stderr.take_lines()?);
        Ok(lines)
    }

    /// Sends an event to the function and waits for the result.
    ///
    /// # Errors
    ///
    /// The process had ended and cannot be restarted.
    pub async fn invoke(&mut self, event: &[u8], time: Duration) -> io::Result<Invocation> {
        if !self.is_running()? {
            self.start().await?;
        }
        let begun = Instant::now();
        let said = self.deliver(event, time);
        let outcome = outcome(self.process.as_mut(), said, time).await?;
        let duration = begun.elapsed();
        if matches!(outcome, Outcome::TimedOut | Outcome::Exited { .. }) {
            self.stop().await?;
        }
        Ok(Invocation { outcome, duration })
    }

    /// Ends the process; the next event starts a new one.
    ///
    /// # Errors
    ///
    /// The process cannot be ended.
    pub async fn stop(&mut self) -> io::Result<()> {
        self.runtime.forget();
        match self.process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Queues an event for the next process that asks for one.
    fn deliver(&self, event: &[u8], time: Duration) -> oneshot::Receiver<Outcome> {
        let allowed = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.runtime.deliver(Delivery {
            event: event.to_vec(),
            deadline: moments::now().saturating_add(allowed),
            function_arn: self.function_arn(),
        })
    }

    fn function_arn(&self) -> String {
        let FunctionSettings { account, region, .. } = &self.settings;
        format!("arn:{}:lambda:{region}:{account}:function:trailseal", partition_of(region))
    }

    fn is_running(&mut self) -> io::Result<bool> {
        match &mut self.process {
            Some(process) => Ok(process.try_wait()?.is_none()),
            None => Ok(false),
        }
    }

    async fn start(&mut self) -> io::Result<()> {
        self.runtime.forget();
        let begun = Instant::now();
        let mut polls = self.runtime.polls();
        polls.mark_unchanged();
        let mut process = self.launch()?;
        let failed = tokio::select! {
            biased;
            changed = polls.changed() => changed.err().map(|_| "the Runtime API ended".to_owned()),
            status = process.wait() => Some(format!("ended with {}", status?)),
            () = tokio::time::sleep(INIT_TIME) => Some("asked for no event in 10 seconds".to_owned()),
        };
        self.cold_start = begun.elapsed();
        let Some(failed) = failed else {
            self.process = Some(process);
            return Ok(());
        };
        process.kill().await?;
        let said = self.runtime.take_init_error();
        let said = said.map(|error| format!(": {}: {}", error.error_type, error.error_message));
        let lines = self.take_lines()?.join("\n");
        let message = format!(
            "`{}` {failed}{}{}{lines}",
            self.program.display(),
            said.unwrap_or_default(),
            if lines.is_empty() { "" } else { "; it wrote:\n" },
        );
        Err(io::Error::other(message))
    }

    fn launch(&mut self) -> io::Result<Child> {
        let process = self.command()?.spawn().map_err(|error| {
            let program = self.program.display();
            io::Error::new(error.kind(), format!("cannot start `{program}`: {error}"))
        })?;
        self.starts = self.starts.saturating_add(1);
        Ok(process)
    }

    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.settings.arguments)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
            .env("AWS_LAMBDA_RUNTIME_API", self.runtime.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "trailseal")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.settings.memory_mib.to_string())
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/trailseal")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "lab")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023")
            .env("AWS_REGION", &self.settings.region)
            .env("AWS_DEFAULT_REGION", &self.settings.region)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .envs(self.settings.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(self.stdout.file.try_clone()?)
            .stderr(self.stderr.file.try_clone()?)
            .kill_on_drop(true);
        Ok(command)
    }
}

/// Waits for the function's response, its exit or the timeout.
async fn outcome(
    process: Option<&mut Child>,
    said: oneshot::Receiver<Outcome>,
    time: Duration,
) -> io::Result<Outcome> {
    let ended = async {
        match process {
            Some(process) => process.wait().await,
            None => std::future::pending().await,
        }
    };
    Ok(tokio::select! {
        biased;
        said = said => said.unwrap_or(Outcome::TimedOut),
        status = ended => Outcome::Exited { status: status?.to_string() },
        () = tokio::time::sleep(time) => Outcome::TimedOut,
    })
}

/// A file that is appended to and read once from its beginning.
#[derive(Debug)]
struct Tape {
    file: File,
    read: u64,
}

impl Tape {
    fn create() -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("trailseal-lab-{}-{number}.log", std::process::id());
        let path = std::env::temp_dir().join(name);
        let file = File::options().append(true).read(true).create_new(true).open(&path)?;
        // The open file remains usable; only its name is removed, so no file is left behind.
        std::fs::remove_file(&path)?;
        Ok(Self { file, read: 0 })
    }

    /// The new complete lines; a line that is still being written is returned by a later call.
    fn take_lines(&mut self) -> io::Result<Vec<String>> {
        let length = self.file.metadata()?.len().saturating_sub(self.read);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.file.read_exact_at(&mut bytes, self.read)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        bytes.truncate(whole);
        self.read += u64::try_from(whole).unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    }
}
