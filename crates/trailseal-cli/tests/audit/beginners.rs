//! Common mistakes of new users: each leads to one line that says what to do next.

use std::process::Command;
use std::time::Duration;

use trailseal_lab::{Fault, FaultKind, Operation, Position};

use super::desk::{
    AS_MEMBER, Desk, MANAGEMENT, MEMBER, ORGANIZATION, Run, caller, denial, member, says,
};

fn bare(desk: &Desk, arguments: &[&str]) -> Run {
    Run::of(desk.bare(arguments).env("AWS_REGION", "us-east-1"))
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_missing_credentials() {
    let desk = Desk::open().await;
    let run = bare(&desk, &[]);
    says(run.not_started(), &["no AWS credentials were found", "aws sso login", "--profile"]);
    assert_eq!(desk.lab.take_calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_missing_region() {
    let desk = Desk::open().await;
    let run = Run::of(desk.command(MANAGEMENT, &[]).env_remove("AWS_REGION"));
    says(run.not_started(), &["no AWS Region is set", "AWS_REGION", "--region"]);
    // `--region` is sufficient.
    let arguments = ["--region", "us-east-1,eu-west-1", "--quiet"];
    let run = Run::of(desk.command(MANAGEMENT, &arguments).env_remove("AWS_REGION"));
    assert_eq!((run.code, run.err.as_str()), (1, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_region_that_does_not_exist_or_is_not_enabled() {
    let desk = Desk::open().await;
    for (region, words) in [
        ("Frankfurt", &["`Frankfurt`", "AWS_REGION"][..]),
        ("af-south-1", &["`af-south-1`", "InvalidClientTokenId", "names a Region that is enabled"]),
    ] {
        says(Run::of(desk.command(MANAGEMENT, &[]).env("AWS_REGION", region)).not_started(), words);
    }
    // A well-formed name of a Region that does not exist: the connection fails.
    let mut command = desk.command(MANAGEMENT, &[]);
    command.env("AWS_REGION", "us-esat-1").env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let run = Run::of(command.env("AWS_MAX_ATTEMPTS", "1"));
    let endpoint = "AWS_ENDPOINT_URL is set, so requests go to http://";
    says(
        run.not_started(),
        &["`us-esat-1` is the name of a Region", "that AWS is reachable", endpoint],
    );
    says(run.not_started(), &["did you mean `us-east-1`?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_does_not_exist_says_what_it_is_and_what_to_do() {
    let desk = Desk::open().await;
    let run = desk.run(MANAGEMENT, &["--region", "us-east-1,eu-wset-1"]).exits(2);
    says(&run.err, &["`eu-wset-1` is not a Region that this release knows", "`eu-west-1`?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_output_folder_is_reported_before_any_aws_call() {
    let desk = Desk::open().await;
    let run = desk.run(MANAGEMENT, &["-o", "json=no/such/report.json"]);
    says(run.not_started(), &["folder `no/such`", "`no/such/report.json`", "make it"]);
    assert_eq!(desk.lab.take_calls().len(), 0);
}

/// At a terminal of each width, no line of the progress is longer than the terminal.
#[tokio::test(flavor = "multi_thread")]
async fn the_progress_never_wraps() {
    const AT_A_TERMINAL: &str = "
import fcntl, os, pty, struct, sys, termios
columns, program = int(sys.argv[1]), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    os.execv(program[0], program)
seen = b''
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    seen += piece
sys.stdout.write(seen.decode())
";
    let desk = Desk::of_organization(12, &["us-east-1"]).await;
    desk.lab.set_latency(Duration::from_millis(20));
    for columns in [20, 40, 80] {
        let audit = desk.command(&member(0), &ORGANIZATION);
        let mut python = Command::new("python3");
        python.args(["-c", AT_A_TERMINAL, &columns.to_string()]).arg(audit.get_program());
        python.args(audit.get_args()).arg("--output=json=/dev/null").env_clear();
        python.envs(audit.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let out = String::from_utf8(python.env("TERM", "xterm").output().unwrap().stdout).unwrap();
        let shown = out.split("\u{1b}[2K").map(plain);
        let shown: Vec<String> = shown.filter(|line| line.contains(" of 12")).collect();
        assert!(!shown.is_empty(), "{out:?}");
        assert!(shown.iter().all(|line| line.chars().count() <= columns), "{shown:?}");
    }
}

/// The first line of a text without the sequences of a terminal.
fn plain(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    text.trim_start_matches('\r').split(['\r', '\n']).next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_invalid_or_expired_credentials() {
    let desk = Desk::open().await;
    let run = Run::of(desk.command(MANAGEMENT, &[]).env_remove("AWS_SESSION_TOKEN"));
    says(run.not_started(), &["AWS does not know these credentials", "session token"]);
    let fault = FaultKind::ExpiredCredentials;
    desk.lab.inject(Fault::of(Operation::GetCallerIdentity, Position::Every, fault));
    says(desk.run(MANAGEMENT, &[]).not_started(), &["has expired (ExpiredToken)", "sign in again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_credentials_that_expire_during_the_audit() {
    let desk = Desk::open().await;
    let fault = FaultKind::ExpiredCredentials;
    desk.lab.inject(Fault::of(Operation::DescribeTrails, Position::Every, fault));
    let run = desk.run(MANAGEMENT, &["-o", "json"]).exits(2);
    let problem = run.report()["accounts"][0]["problem"].to_string();
    says(&problem, &["has expired (ExpiredTokenException)", "sign in again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_a_credential_process() {
    let desk = Desk::open().await;
    let credentials = desk.lab.credentials(MEMBER);
    let answer = serde_json::json!({
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
    });
    desk.write("answer.json", &answer.to_string());
    desk.write(
        ".aws/config",
        "[profile works]\nregion = us-east-1\ncredential_process = cat answer.json\n\
         [profile fails]\nregion = us-east-1\ncredential_process = false\n",
    );
    let mut command = desk.bare(&["--profile", "works", "-o", "json"]);
    let run = Run::of(command.current_dir(desk.home()));
    assert!(run.err.starts_with(&caller(MEMBER, "us-east-1")), "{}", run.err);
    assert_eq!(run.report()["accounts"][0]["id"], MEMBER);
    let run = Run::of(desk.bare(&["--profile", "fails"]).current_dir(desk.home()));
    says(run.not_started(), &["cannot be read", "aws sts get-caller-identity --profile fails"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_missing_or_expired_single_sign_on() {
    let desk = Desk::open().await;
    desk.write(
        ".aws/config",
        "[profile audit]\nregion = us-east-1\nsso_session = company\n\
         sso_account_id = 111122223333\nsso_role_name = Audit\n\
         [sso-session company]\nsso_region = us-east-1\n\
         sso_start_url = https://company.awsapps.com/start\n",
    );
    let expected = ["single sign-on is missing or has expired", "aws sso login --profile audit"];
    says(bare(&desk, &["--profile", "audit"]).not_started(), &expected);
    let token = "{\"accessToken\": \"t\", \"expiresAt\": \"2020-01-01T00:00:00Z\", \
                 \"region\": \"us-east-1\", \"startUrl\": \"https://company.awsapps.com/start\"}";
    desk.write(&format!(".aws/sso/cache/{SHA1_OF_COMPANY}.json"), token);
    says(bare(&desk, &["--profile", "audit"]).not_started(), &expected);
}

/// The name of the token's file: the SHA-1 hash of the name `company`, as for all AWS tools.
const SHA1_OF_COMPANY: &str = "71b21161ffa1e6516bcc072aaf5ef38cbe85b511";

#[tokio::test(flavor = "multi_thread")]
async fn reports_callers_that_cannot_list_accounts() {
    let desk = Desk::open().await;
    let organization = [["--accounts", "organization"].as_slice(), &AS_MEMBER].concat();
    let denied = "organizations:ListAccounts was denied";
    for (account, words) in [
        (MEMBER, &[denied, "management account", "--accounts ID,ID"][..]),
        ("777788889999", &["777788889999 is not in an organization", "leave --accounts out"]),
    ] {
        says(desk.run(account, &organization).error(), words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_accounts_need_a_role() {
    let desk = Desk::open().await;
    for accounts in [MEMBER, "organization"] {
        let run = desk.run(MANAGEMENT, &["--accounts", accounts]);
        says(run.error(), &[MEMBER, "--role-name"]);
    }
    // The caller's own account does not need a role.
    let run = desk.run(MANAGEMENT, &["--accounts", MANAGEMENT, "--quiet"]);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_denied_list_regions_in_the_callers_account() {
    let mut state = trailseal_lab::State::default_state().unwrap();
    state.denials.push(denial(MANAGEMENT, "account:ListRegions"));
    let desk = Desk::with(state).await;
    let run = desk.run(MANAGEMENT, &[]).exits(2);
    says(&run.err, &["account:ListRegions", "was denied", "name the Regions with --region"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_reported_before_any_call() {
    let desk = Desk::open().await;
    for (arguments, words) in [
        (vec!["--accounts", "12"], "account id"),
        (vec!["--accounts", ","], "the list is empty"),
        (vec!["--region", "Frankfurt"], "Region"),
        (vec!["--role-name", "Audit"], "--accounts"),
        (vec!["--accounts", MEMBER, "--role-name", "arn:aws:iam::1:role/x"], "not its ARN"),
        (vec!["--concurrency", "0"], "1..=1000"),
        (vec!["--aggregator", "a", "--accounts", MEMBER], "cannot be used with"),
        (vec!["-p", "noTrials=NON_COMPLIANT"], "noTrials"),
        (vec!["--quiet", "--verbose"], "cannot be used with"),
    ] {
        says(&desk.run(MANAGEMENT, &arguments).exits(3).err, &[words]);
    }
    assert_eq!(desk.lab.take_calls().len(), 0);
}
