//! The statement for Athena, run on DuckDB, and its results.

#[cfg(test)]
mod athena {
    mod results;

    use std::env;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::time::UNIX_EPOCH;

    use serde_json::{Value, json};
    use trailseal_logs::athena::{self, Outcome, Table};
    use trailseal_logs::{
        Class, Coverage, Encryption, FileStatus, KeyName, Owner, StorageClass, Unread, Version,
    };
    use trailseal_rule::{BucketName, KeyArn, Timestamp};

    const KEY: &str =
        "arn:aws:kms:eu-central-1:111122223333:key/a0000000-0000-4000-8000-000000000001";

    const BUCKET: &str = "trail.logs";

    const REMEDY: &str = "run `cargo xtask test`, which installs duckdb and sqlglot, or name a \
                          Python that has them in TRAILSEAL_PYTHON";

    fn python() -> PathBuf {
        let installed = "../../.tools/python/bin/python";
        env::var_os("TRAILSEAL_PYTHON")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(installed), PathBuf::from)
    }

    /// A table with columns and rows.
    struct Rows {
        table: Table,
        path: [&'static str; 3],
        columns: Vec<[&'static str; 2]>,
        rows: Vec<Vec<Value>>,
    }

    impl Rows {
        /// The text of the result.
        fn run(&self) -> String {
            let document = json!({
                "statement": athena::query(&self.table, &bucket()),
                "path": self.path,
                "columns": self.columns,
                "rows": self.rows,
            });
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/athena/run.py");
            let mut command = Command::new(python());
            command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}; {REMEDY}"));
            let mut input = child.stdin.take().unwrap();
            input.write_all(document.to_string().as_bytes()).unwrap();
            drop(input);
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{REMEDY}");
            String::from_utf8(output.stdout).unwrap()
        }

        fn outcome(&self) -> Outcome {
            let text = self.run();
            athena::read(text.as_bytes(), &bucket())
                .unwrap_or_else(|error| panic!("{error}: {text}"))
        }
    }

    /// An object with a sequence number, as the metadata table has it.
    struct Object<'a> {
        key: &'a str,
        sequence: u32,
        marker: Value,
        encryption: Value,
        kms: Value,
    }

    fn metadata(objects: &[Object<'_>]) -> Rows {
        let rows = objects.iter().map(|object| {
            let Object { key, sequence, marker, encryption, kms } = object;
            let sequence = format!("{sequence:08}");
            vec![
                json!(BUCKET),
                json!(key),
                json!(sequence),
                marker.clone(),
                json!(10),
                json!("STANDARD"),
                encryption.clone(),
                kms.clone(),
            ]
        });
        Rows {
            table: table("metadata"),
            path: ["s3tablescatalog/aws-s3", "b_trail_logs", "inventory"],
            columns: vec![
                ["bucket", "VARCHAR"],
                ["key", "VARCHAR"],
                ["sequence_number", "VARCHAR"],
                ["is_delete_marker", "BOOLEAN"],
                ["size", "BIGINT"],
                ["storage_class", "VARCHAR"],
                ["encryption_status", "VARCHAR"],
                ["kms_key_arn", "VARCHAR"],
            ],
            rows: rows.collect(),
        }
    }

    /// An inventory table. The columns of one over CSV are text, and its keys are encoded.
    fn inventory(name: &str, kinds: [&'static str; 3], rows: Vec<Vec<Value>>) -> Rows {
        let [flag, size, _] = kinds;
        Rows {
            table: table(name),
            path: ["awsdatacatalog", "logs", "all"],
            columns: vec![
                ["bucket", "VARCHAR"],
                ["key", "VARCHAR"],
                ["is_latest", flag],
                ["is_delete_marker", flag],
                ["size", size],
                ["storage_class", "VARCHAR"],
                ["encryption_status", "VARCHAR"],
                ["dt", "VARCHAR"],
            ],
            rows,
        }
    }

    fn table(text: &str) -> Table {
        Table::parse(text, &bucket()).unwrap()
    }

    fn bucket() -> BucketName {
        BucketName::parse(BUCKET).unwrap()
    }

    fn key(minute: u32) -> String {
        format!(
            "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/01/01/111122223333_CloudTrail_\
             eu-central-1_20260101T00{minute:02}Z_Ab3dEf6hIj9kLm2n.json.gz"
        )
    }

    fn class(status: FileStatus) -> Class {
        Class {
            status,
            storage: StorageClass::Standard,
            version: Version::Current,
            owner: Owner::NotListed,
        }
    }

    fn counts(coverage: &Coverage) -> Vec<(Class, u64, u64)> {
        let rows = coverage.rows();
        rows.map(|(_, _, class, totals)| (class.clone(), totals.files, totals.bytes)).collect()
    }

    #[test]
    fn the_metadata_table_names_keys_and_null_is_not_encrypted() {
        let [first, second, third, gone] = [key(0), key(1), key(2), key(3)];
        let object = |key, sequence, marker, encryption, kms| Object {
            key,
            sequence,
            marker,
            encryption,
            kms,
        };
        let rows = metadata(&[
            object(&first, 1, Value::Null, json!("SSE-KMS"), json!(KEY)),
            object(&second, 2, json!(false), json!("SSE-KMS"), Value::Null),
            object(&third, 4, json!(false), Value::Null, Value::Null),
            object(&third, 3, json!(false), json!("DSSE-KMS"), json!(KEY)),
            object(&gone, 5, json!(false), json!("SSE-S3"), Value::Null),
            object(&gone, 6, json!(true), Value::Null, Value::Null),
        ]);
        let outcome = rows.outcome();
        assert_eq!((outcome.objects, outcome.as_of), (6, None));
        let queried_at = outcome.queried_at.unwrap().epoch_millis();
        let now = UNIX_EPOCH.elapsed().unwrap().as_millis();
        let age = i64::try_from(now).unwrap() - queried_at;
        assert!((0..120_000).contains(&age), "the time of the query in UTC: {age} ms ago");
        let named = KeyName::Arn(KeyArn::parse(KEY).unwrap());
        let noncurrent = |status| Class { version: Version::Noncurrent, ..class(status) };
        let read = FileStatus::Read;
        let mut expected = vec![
            (class(read(Encryption::SseKms(named.clone()))), 1, 10),
            (class(read(Encryption::SseKms(KeyName::Unnamed))), 1, 10),
            (class(read(Encryption::NotEncrypted)), 1, 10),
            (noncurrent(read(Encryption::DsseKms(named))), 1, 10),
            (noncurrent(read(Encryption::SseS3)), 1, 10),
            (class(FileStatus::Unread(Unread::DeleteMarker)), 1, 10),
        ];
        expected.sort();
        assert_eq!(counts(&outcome.coverage), expected);
    }

    #[test]
    fn an_inventory_table_of_any_format_counts_the_newest_report() {
        let prefixed = format!("a b+c/{}", key(0));
        let encoded = prefixed.replace('+', "%2B").replace(' ', "+");
        let row = |key: &str, latest: Value, marker: Value, size: Value, status: Value| {
            vec![
                json!(BUCKET),
                json!(key),
                latest,
                marker,
                size,
                json!("STANDARD"),
                status,
                json!("2026-11-28-01-00"),
            ]
        };
        let typed = vec![
            row(&prefixed, json!(true), json!(false), json!(7), json!("SSE-KMS")),
            row(&key(1), json!(false), json!(false), json!(7), json!("NOT-SSE")),
            row(&key(2), json!(true), json!(true), Value::Null, Value::Null),
            row(&key(3), json!(true), json!(false), json!(7), Value::Null),
            vec![
                json!(BUCKET),
                json!("old"),
                json!(true),
                json!(true),
                json!(1),
                json!(""),
                json!(""),
                json!("2026-11-27-01-00"),
            ],
        ];
        let text = vec![
            row(&encoded, json!("true"), json!("false"), json!("7"), json!("SSE-KMS")),
            row(&key(1), json!("false"), json!("false"), json!("7"), json!("NOT-SSE")),
            row(&key(2), json!("true"), json!("true"), json!(""), json!("")),
            row(&key(3), json!("true"), json!("false"), json!("7"), json!("")),
        ];
        let rows = inventory("inventory=logs.all", ["BOOLEAN", "BIGINT", ""], typed);
        let of_types = rows.outcome();
        let rows = inventory("inventory-csv=logs.all", ["VARCHAR", "VARCHAR", ""], text);
        let queried_at = of_types.queried_at;
        assert!(queried_at.is_some());
        assert_eq!(Outcome { queried_at, ..rows.outcome() }, of_types);
        assert_eq!(of_types.objects, 4);
        assert_eq!(of_types.as_of, Timestamp::parse("2026-11-28T01:00:00.000Z").ok());
        let folders = of_types.coverage.rows().map(|(folder, ..)| folder.prefix.clone());
        assert!(folders.into_iter().any(|prefix| prefix == "a b+c"));
        let mut expected = vec![
            (class(FileStatus::Read(Encryption::SseKms(KeyName::Unnamed))), 1, 7),
            (
                Class {
                    version: Version::Noncurrent,
                    ..class(FileStatus::Read(Encryption::NotEncrypted))
                },
                1,
                7,
            ),
            (class(FileStatus::Unread(Unread::DeleteMarker)), 1, 0),
            (class(FileStatus::Unread(Unread::NotReported)), 1, 7),
        ];
        expected.sort();
        let mut found = counts(&of_types.coverage);
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn objects_of_other_buckets_are_not_counted() {
        let (own, other) = (key(0), key(1));
        let object = |key, encryption| Object {
            key,
            sequence: 1,
            marker: json!(false),
            encryption,
            kms: Value::Null,
        };
        // The other bucket has a newer version of the same key, too.
        let later = Object { sequence: 2, ..object(&own, json!("SSE-KMS")) };
        let mut of_metadata =
            metadata(&[object(&own, json!("SSE-S3")), later, object(&other, json!("SSE-KMS"))]);
        let row = |bucket: &str, key: &str, status: &str, dt: &str| {
            let values = [bucket, key, "true", "false", "10", "STANDARD", status, dt];
            values.map(|value| json!(value)).to_vec()
        };
        let of_inventory = inventory(
            "inventory-csv=logs.all",
            ["VARCHAR", "VARCHAR", ""],
            vec![
                row(BUCKET, &own, "SSE-S3", "2026-11-27-01-00"),
                row("other", &other, "SSE-KMS", "2026-11-27-01-00"),
                row("other", &own, "SSE-KMS", "2026-11-28-01-00"),
            ],
        );
        for row in &mut of_metadata.rows[1..] {
            row[0] = json!("other");
        }
        let expected = vec![(class(FileStatus::Read(Encryption::SseS3)), 1, 10)];
        for rows in [of_metadata, of_inventory] {
            let outcome = rows.outcome();
            assert_eq!((outcome.objects, counts(&outcome.coverage)), (1, expected.clone()));
        }
    }

    /// Keys of every form, and the same with one change each.
    fn keys() -> Vec<String> {
        let digest = "AWSLogs/111122223333/CloudTrail-Digest/us-west-2/2025/06/01/111122223333_\
                      CloudTrail-Digest_us-west-2_my_trail.v-1_us-east-1_20250601T001530Z_backfill.json.gz";
        let forms = [
            key(0),
            digest.to_owned(),
            digest.replace("_backfill", ""),
            format!("o-exampleorg1/{}", key(1).replace("AWSLogs/", "AWSLogs/o-exampleorg1/")),
            format!("a/AWSLogs/b\n\u{202e}/{}", key(2)),
            key(3).replace("Z_", "Z").replace("us-east-1", "us-gov-west-1"),
            key(4).replace("20260101T", "20251231T"),
            "AWSLogs/111122223333/CloudTrail/us-east-1/2026/02/28/".to_owned(),
            key(5).replace("2026/01/01/", "2026/01/01/sub/"),
            key(6).replace("2026/01/01/", "2026/01/32//"),
            "AWSLogs/o-exampleorg1/111122223333/CloudTrail-Insight/us-east-1/x".to_owned(),
            format!("AWSLogs/111122223333/CloudTrail/eu-central-1/2026/01/01/{}", key(7)),
            format!("a/AWSLogs/o-exampleorg1/111122223333/CloudTrail-Digest/eu-west-1/{}", key(8)),
        ];
        let mut keys: Vec<String> = forms.to_vec();
        let mut random: u64 = 1;
        let mut next = |bound: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(random >> 33).unwrap() % bound
        };
        let alphabet: Vec<char> = "/_-.ZT0123459aAzo\n+% ".chars().collect();
        for _ in 0..4000 {
            let mut key: Vec<char> = forms[next(forms.len())].chars().collect();
            let place = next(key.len());
            match next(3) {
                0 => key[place] = alphabet[next(alphabet.len())],
                1 => key.insert(place, alphabet[next(alphabet.len())]),
                _ => drop(key.remove(place)),
            }
            keys.push(key.into_iter().collect());
        }
        keys.sort();
        keys.dedup();
        keys
    }

    #[test]
    fn the_statement_reads_names_as_the_other_sources_do() {
        let keys = keys();
        let mut expected = Coverage::default();
        let mut objects = Vec::new();
        for key in &keys {
            expected.count(key, &class(FileStatus::Read(Encryption::SseS3)), 10);
            objects.push(Object {
                key,
                sequence: 1,
                marker: json!(false),
                encryption: json!("SSE-S3"),
                kms: Value::Null,
            });
        }
        let outcome = metadata(&objects).outcome();
        assert_eq!(outcome.objects, u64::try_from(keys.len()).unwrap());
        let coverage = outcome.coverage;
        assert!(coverage.rows().eq(expected.rows()));
        let set_aside = |coverage: &Coverage| (coverage.unrecognized, coverage.others);
        assert_eq!(set_aside(&coverage), set_aside(&expected));
        assert!(coverage.unrecognized > 500 && coverage.others > 500 && keys.len() > 2000);
    }
}
