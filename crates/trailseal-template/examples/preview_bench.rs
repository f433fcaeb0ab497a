//! Measures how long a Terraform plan of 50 MB and a template of 1 MB take to be read and judged, and
//! the peak memory. Prints one line of JSON.
//!
//! ```text
//! cargo run --profile dist -p trailseal-template --example preview_bench
//! ```
//!
//! Each document is read by a process of its own, from a file.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs, io};

use serde_json::{Value, json};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp};
use trailseal_template::{Place, Preview, Values, is_plan, read_plan, read_template};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Bytes of the plan.
const PLAN_BYTES: usize = 50_000_000;

/// Keys and trails of the plan in which each has a name of its own.
const NAMES: usize = 30_000;

/// Trails of the template, each with a bucket: about 1 MB.
const TEMPLATE_TRAILS: usize = 6_550;

fn main() -> Result<()> {
    if let Some(file) = env::args().nth(1) {
        return read(Path::new(&file));
    }
    let folder = env::temp_dir().join(format!("preview-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let measured = measure(&folder);
    fs::remove_dir_all(&folder)?;
    writeln!(io::stdout(), "{}", measured?)?;
    Ok(())
}

fn measure(folder: &Path) -> Result<Value> {
    let documents = [
        ("plan", mixed_plan()?),
        ("keysPlan", plan_of_keys()?),
        ("namesPlan", plan_of_names()?),
        ("template", template()?),
    ];
    let mut line = json!({ "benchmark": "preview" });
    for (name, text) in documents {
        let file: PathBuf = folder.join(name);
        fs::write(&file, &text)?;
        let output = Command::new(env::current_exe()?).arg(&file).output()?;
        let read: Value = serde_json::from_slice(&output.stdout)?;
        for member in ["seconds", "peakMegabytes", "trails"] {
            let number = read.get(member).cloned().unwrap_or_default();
            if let Some(members) = line.as_object_mut() {
                members.insert(format!("{name}.{member}"), number);
            }
        }
        if let Some(members) = line.as_object_mut() {
            members.insert(format!("{name}.megabytes"), json!(text.len() as f64 / 1e6));
        }
    }
    Ok(line)
}

/// Reads and judges a document.
fn read(file: &Path) -> Result<()> {
    let begin = Instant::now();
    let text = fs::read_to_string(file)?;
    let place = Place {
        account: AccountId::parse("111122223333")?,
        region: Region::parse("eu-central-1")?,
        scope: String::new(),
    };
    let values = Values::default();
    let preview: Preview = if text.starts_with('{') && is_plan(&text) {
        read_plan("plan.json", &text, &place, None)?
    } else {
        read_template("template.yaml", &text, place, &BTreeMap::new(), &values)?
    };
    let parameters = Parameters::default();
    let now = Timestamp::from_epoch_millis(0);
    let context = EvaluationContext { parameters: &parameters, now };
    for trail in &preview.trails {
        std::hint::black_box(trail.judge(&context, &values.supplied));
    }
    let line = json!({
        "seconds": begin.elapsed().as_secs_f64(),
        "peakMegabytes": peak_kib() as f64 * 1024.0 / 1e6,
        "trails": preview.trails.len(),
    });
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

/// The peak memory of this process so far on Linux; 0 on other systems.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A plan in which one of a hundred resources is a key, a bucket or a trail.
fn mixed_plan() -> Result<String> {
    plan(|number| match number % 100 {
        0 => key(number),
        1 => trail(number),
        _ => other(number),
    })
}

/// A plan of keys and trails alone.
fn plan_of_keys() -> Result<String> {
    plan(|number| if number % 2 == 0 { key(number) } else { trail(number) })
}

/// A plan in which each key and each trail has a name of its own, and its block in the configuration.
fn plan_of_names() -> Result<String> {
    let mut blocks = Vec::new();
    let mut text = String::from("{\"format_version\":\"1.2\",\"resource_changes\":[");
    for number in 0..NAMES {
        let mut change = if number % 3 == 1 { trail(number) } else { key(number) };
        let name = format!("r{number}");
        let kind = change.get("type").cloned().unwrap_or_default();
        let address = format!("{}.{name}", kind.as_str().unwrap_or_default());
        if let Some(members) = change.as_object_mut() {
            members.insert("address".to_owned(), json!(address));
            members.insert("name".to_owned(), json!(name));
            members.remove("index");
        }
        blocks.push(json!({ "address": address, "mode": "managed", "type": kind, "name": name,
            "provider_config_key": "aws", "expressions": {} }));
        write!(text, "{}{change}", if number > 0 { "," } else { "" })?;
    }
    let root = json!({ "root_module": { "resources": blocks } });
    write!(text, "],\"configuration\":{root}}}")?;
    Ok(text)
}

fn plan(resource: impl Fn(usize) -> Value) -> Result<String> {
    let mut text = String::from("{\"format_version\":\"1.2\",\"resource_changes\":[");
    let mut number = 0;
    while text.len() < PLAN_BYTES {
        if number > 0 {
            text.push(',');
        }
        write!(text, "{}", resource(number))?;
        number += 1;
    }
    text.push_str("],\"configuration\":{\"root_module\":{}}}");
    Ok(text)
}

fn change(kind: &str, number: usize, values: &Value) -> Value {
    json!({
        "address": format!("{kind}.r[{number}]"), "mode": "managed", "type": kind, "name": "r",
        "index": number, "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": { "actions": ["no-op"], "before": values, "after": values, "after_unknown": {},
            "before_sensitive": {}, "after_sensitive": {} },
    })
}

fn arn(number: usize) -> String {
    format!("arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-{number:012}")
}

fn key(number: usize) -> Value {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "kms:*", "Resource": "*" }] });
    let values = json!({
        "arn": arn(number), "is_enabled": true, "key_usage": "ENCRYPT_DECRYPT",
        "customer_master_key_spec": "SYMMETRIC_DEFAULT", "enable_key_rotation": true,
        "region": "eu-central-1", "policy": policy.to_string(), "description": "x".repeat(400),
    });
    change("aws_kms_key", number, &values)
}

fn trail(number: usize) -> Value {
    let values = json!({
        "name": format!("trail-{number}"), "region": "eu-central-1", "s3_bucket_name": "logs",
        "kms_key_id": arn(number - 1), "is_multi_region_trail": true,
        "is_organization_trail": false, "event_selector": [],
    });
    change("aws_cloudtrail", number, &values)
}

fn other(number: usize) -> Value {
    let tags: BTreeMap<String, usize> = (0..60).map(|tag| (format!("tag-{tag}"), tag)).collect();
    change("aws_instance", number, &json!({ "tags": tags, "user_data": "y".repeat(800) }))
}

/// A template in which each trail has a bucket of its own and all have one key.
fn template() -> Result<String> {
    let mut text = String::from("Resources:\n  Key: {Type: AWS::KMS::Key}\n");
    for number in 0..TEMPLATE_TRAILS {
        writeln!(text, "  B{number}: {{Type: AWS::S3::Bucket}}")?;
        writeln!(
            text,
            "  T{number}: {{Type: AWS::CloudTrail::Trail, Properties: {{IsLogging: true, \
             S3BucketName: !Ref B{number}, KMSKeyId: !GetAtt Key.Arn}}}}"
        )?;
    }
    Ok(text)
}
