//! Every `trailseal` command in a block of `sh` or `yaml` on a page, and in the help texts, works.
//!
//! Those that ask AWS ask the lab's account, by its names.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trailseal_lab::{Lab, State};

use super::sessions::Shell;
use super::{Folder, trailseal};

const STATE: &str = include_str!("../../../trailseal-lab/state/default.json");

/// What stands for a name of the reader, and the name in the lab's account.
const REPLACED: [(&str, &str); 17] = [
    ("FOLDER-OR-FILE", "snapshots"),
    ("--aggregator NAME --aggregator-region REGION", "--aggregator organization"),
    ("--aggregator-region eu-central-1", ""),
    ("eu-central-1,eu-west-1", "us-east-1,eu-west-1"),
    ("logs management-events", "logs sealed"),
    ("s3://trail-logs/org", "s3://example-trail-logs-us-east-1/sealed"),
    ("s3://trail-logs", "s3://example-trail-logs-us-east-1"),
    ("s3://reports/trail-logs/", "s3://example-inventory/example-trail-logs-us-east-1/"),
    ("remediate audit", "remediate unencrypted"),
    ("-audit-", "-unencrypted-"),
    ("--create-key --alias alias/trail-logs", "--create-key --alias alias/new"),
    ("remediate TRAIL", "remediate unencrypted"),
    ("--key KEY", "--key alias/trail-logs"),
    ("--journal JOURNAL", "--journal journal.jsonl"),
    ("--back-out JOURNAL", "--back-out journal.jsonl"),
    // Nobody types the account ID here.
    ("--apply --yes", "--apply"),
    ("--apply", "--apply --yes"),
];

/// A result of Athena, of a query a while ago: it is counted, and proves no trail.
const ATHENA_RESULT: &str = "\
class,bucket,as_of,prefix,organization,account,kind,region,month,is_latest,is_delete_marker,\
encryption,kms_key_arn,storage_class,files,bytes,oldest,newest,queried_at
file,example-trail-logs-us-east-1,,sealed,,111122223333,CloudTrail,us-east-1,2026-11,true,false,\
SSE-KMS,arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111,STANDARD,1,10,\
sealed/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/01/\
111122223333_CloudTrail_us-east-1_20261101T1002Z_Ab3dEf6hIj9kLm2n.json.gz,\
sealed/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/01/\
111122223333_CloudTrail_us-east-1_20261101T1002Z_Ab3dEf6hIj9kLm2n.json.gz,2026-11-02T00:00:00Z
,,,,,,,,,,,,,,1,10,,,2026-11-02T00:00:00Z
";

#[tokio::test(flavor = "multi_thread")]
async fn documented_commands_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    pages.extend(fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    let mut texts: Vec<String> =
        pages.iter().map(|page| fs::read_to_string(page).unwrap()).collect();
    let all = [
        "audit",
        "check",
        "compare",
        "completions",
        "explain",
        "logs",
        "man",
        "preview",
        "remediate",
        "render",
        "schema",
    ];
    for subcommand in all {
        let help = trailseal().args([subcommand, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let (_, examples) = help.split_once("Example").expect("each help has an example");
        texts.push(format!("```sh\n{examples}\n```\n"));
    }
    let mut subcommands = BTreeSet::new();
    for text in texts {
        // A page's commands follow each other, as those of a plan, its run and its back-out.
        let mut state: Value = serde_json::from_str(STATE).unwrap();
        for files in state["logFiles"].as_array_mut().unwrap() {
            files["filesPerDay"] = json!(1);
        }
        for trail in state["trails"].as_array_mut().unwrap() {
            trail["latestDeliveryTime"] = json!("2026-11-23T00:05:00Z");
        }
        let roles = ["111122223333:role/SecurityAudit", "444455556666:role/SecurityAudit"];
        let roles = roles.into_iter().chain(["111122223333:role/Audit", "444455556666:role/Audit"]);
        for role in roles.chain(["444455556666:role/ReadLogs"]) {
            let role = json!({
                "arn": format!("arn:aws:iam::{role}"), "trustedAccounts": ["111122223333"],
            });
            state["roles"].as_array_mut().unwrap().push(role);
        }
        let lab = Lab::start(State::from_value("default", &state).unwrap()).await.unwrap();
        let folder = Folder::new("shown");
        write_inputs_of_logs(&state, &folder.0);
        let shell = Shell { lab: &lab, folder: &folder.0 };
        for command in commands(&text) {
            subcommands.insert(run(&shell, &command));
        }
    }
    assert_eq!(subcommands, BTreeSet::from(all.map(str::to_owned)));
}

/// Runs a command, whose arguments these are; returns its subcommand.
fn run(shell: &Shell<'_>, command: &str) -> String {
    let command = shell.today(command);
    let words: Vec<&str> = command.split_whitespace().collect();
    let subcommand = words[0];
    let files = words.windows(2).filter(|pair| pair[0] == "-o").map(|pair| pair[1]);
    let files = files.filter_map(|output| output.split_once('='));
    let files: Vec<_> = files.map(|(_, file)| shell.folder.join(file)).collect();
    for file in &files {
        let _was_absent = fs::remove_file(file);
    }
    let mut program = trailseal();
    shell.prepared(program.args(&words));
    if words.contains(&"-") {
        let input = if subcommand == "render" { "report.json" } else { "trails.json" };
        program.stdin(File::open(shell.folder.join(input)).unwrap());
    }
    let output = program.output().unwrap();
    let (out, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // The lab's account has files that cannot be read, and its aggregator collects one account.
    let works = match output.status.code() {
        Some(0 | 1) => true,
        Some(2) => ["audit", "logs"].contains(&subcommand) && out.contains("PARTIAL: "),
        _ => false,
    };
    assert!(works, "{command}: {:?}\n{out}\n{errors}", output.status);
    for file in files {
        let is_there = fs::metadata(&file).is_ok_and(|file| file.len() > 0);
        assert!(is_there, "{} is missing after {command}", file.display());
    }
    subcommand.to_owned()
}

/// What `trailseal logs` reads in the current folder: an inventory of the lab's bucket, and a
/// result of Athena.
fn write_inputs_of_logs(state: &Value, folder: &Path) {
    fs::write(folder.join("coverage.csv"), ATHENA_RESULT).unwrap();
    for object in state["objects"].as_array().unwrap() {
        let key = object["key"].as_str().unwrap();
        let Some(key) = key.strip_prefix("example-trail-logs-us-east-1/all/") else {
            continue;
        };
        let path = folder.join("inventory").join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let content = STANDARD.decode(object["content"].as_str().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The arguments of each `trailseal` command in a block of `sh` or `yaml`.
fn commands(page: &str) -> Vec<String> {
    let page = page.replace("\\\n", " ");
    let mut is_shell = false;
    let mut commands = Vec::new();
    for line in page.lines().map(str::trim) {
        if line.starts_with("```") {
            is_shell = line == "```sh" || line == "```yaml";
        } else if is_shell {
            commands.extend(arguments(line));
        }
    }
    commands
}

fn arguments(line: &str) -> Option<String> {
    let begin = line.strip_prefix("trailseal ");
    let begin = begin.or_else(|| Some(line.split_once("| trailseal ")?.1));
    let begin = begin.or_else(|| Some(line.split_once("&& trailseal ")?.1));
    let begin = begin.or_else(|| Some(line.split_once("run: trailseal ")?.1))?;
    let end = [" #", " || ", " > "].into_iter().filter_map(|end| begin.find(end)).min();
    let command = end.map_or(Some(begin), |end| begin.get(..end))?;
    let replaced =
        REPLACED.iter().fold(command.to_owned(), |text, (from, to)| text.replace(from, to));
    Some(replaced)
}
