//! S3 Inventory reports as files.

#[cfg(test)]
mod inventory {
    #[path = "../synthetic/mod.rs"]
    mod synthetic;

    mod csv;
    mod damage;
    mod fuzz_corpus;
    mod parquet;
    mod s3;

    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;
    use trailseal_logs::inventory::{
        self, Column, InventoryError, LocalFiles, Manifest, Options, Outcome,
    };
    use trailseal_logs::{
        Class, Encryption, FileStatus, KeyName, Owner, StorageClass, Unread, Version,
    };

    use synthetic::Object;

    const FORMATS: [&str; 2] = ["CSV", "Parquet"];

    /// The key of a log file of 1 January 2026.
    fn key(minute: u32) -> String {
        format!(
            "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/01/01/111122223333_CloudTrail_\
             eu-central-1_20260101T00{minute:02}Z_Ab3dEf6hIj9kLm2n.json.gz"
        )
    }

    /// A report with one data file for each list of objects.
    fn report(format: &str, files: &[Vec<Object>]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let mut names = Vec::new();
        for (place, objects) in files.iter().enumerate() {
            let objects = objects.iter().cloned();
            let extension = if format == "CSV" { "csv.gz" } else { "parquet" };
            let name = format!("{place}.{extension}");
            let path = folder.path().join("data").join(&name);
            match format {
                "CSV" => synthetic::csv(&path, objects).unwrap(),
                _ => synthetic::parquet(&path, objects).unwrap(),
            }
            names.push(name);
        }
        seal(folder.path(), format, synthetic::COLUMNS, &names);
        folder
    }

    /// Writes the manifest of data files.
    fn seal(folder: &Path, format: &str, columns: &str, names: &[String]) {
        let schema = if format == "CSV" { columns } else { "message s3.inventory { }" };
        synthetic::manifest(folder, format, schema, names).unwrap();
    }

    fn manifest(folder: &Path) -> Result<Manifest, InventoryError> {
        inventory::read_manifest(&LocalFiles::of(&folder.join("manifest.json")))
    }

    fn read(folder: &Path) -> Outcome {
        read_with(folder, &OPTIONS)
    }

    const OPTIONS: Options<'static> =
        Options { threads: 2, scope: &|_| true, sample: 0, progress: &|_| {}, stop: &|| false };

    fn read_with(folder: &Path, options: &Options<'_>) -> Outcome {
        let files = LocalFiles::of(&folder.join("manifest.json"));
        inventory::read(&files, manifest(folder).unwrap(), options)
    }

    /// The files of each class.
    fn counts(outcome: &Outcome) -> Vec<(Class, u64)> {
        let rows = outcome.coverage.rows();
        rows.map(|(_, _, class, totals)| (class.clone(), totals.files)).collect()
    }

    fn class(status: FileStatus) -> Class {
        Class {
            status,
            storage: StorageClass::Standard,
            version: Version::Current,
            owner: Owner::NotListed,
        }
    }

    fn read_as(encryption: Encryption) -> Class {
        class(FileStatus::Read(encryption))
    }

    #[test]
    fn every_status_is_counted_by_itself() {
        let noncurrent = |object: Object| Object { is_latest: false, ..object };
        let marker = Object { is_delete_marker: true, ..Object::new(&key(9), "") };
        let objects = vec![
            Object::new(&key(0), "SSE-S3"),
            Object::new(&key(1), "SSE-KMS"),
            noncurrent(Object::new(&key(1), "SSE-S3")),
            Object::new(&key(2), "DSSE-KMS"),
            Object::new(&key(3), "SSE-C"),
            Object::new(&key(4), "NOT-SSE"),
            Object::new(&key(5), ""),
            Object::new(&key(6), "SSE-NEW"),
            Object { storage_class: "DEEP_ARCHIVE", ..Object::new(&key(7), "SSE-KMS") },
            marker,
            noncurrent(Object::new(&key(9), "SSE-KMS")),
        ];
        let mut expected = vec![
            (read_as(Encryption::SseS3), 1),
            (read_as(Encryption::SseKms(KeyName::Unnamed)), 1),
            (Class { version: Version::Noncurrent, ..read_as(Encryption::SseS3) }, 1),
            (read_as(Encryption::DsseKms(KeyName::Unnamed)), 1),
            (read_as(Encryption::SseC), 1),
            (read_as(Encryption::NotEncrypted), 1),
            (class(FileStatus::Unread(Unread::NotReported)), 1),
            (read_as(Encryption::Unrecognized), 1),
            (
                Class {
                    storage: StorageClass::DeepArchive,
                    ..read_as(Encryption::SseKms(KeyName::Unnamed))
                },
                1,
            ),
            (class(FileStatus::Unread(Unread::DeleteMarker)), 1),
            (
                Class {
                    version: Version::Noncurrent,
                    ..read_as(Encryption::SseKms(KeyName::Unnamed))
                },
                1,
            ),
        ];
        expected.sort();
        for format in FORMATS {
            let report = report(format, std::slice::from_ref(&objects));
            let outcome = read(report.path());
            assert!(outcome.is_complete(), "{format}: {:?}", outcome.unread);
            assert_eq!(counts(&outcome), expected, "{format}");
            assert_eq!((outcome.rows, outcome.missing.as_slice()), (11, [].as_slice()));
            let created = outcome.manifest.created.to_string();
            assert_eq!(created, "2026-11-28T01:00:00.000Z");
        }
    }

    #[test]
    fn both_formats_give_the_same_coverage_in_any_order_and_number_of_files() {
        let mut objects: Vec<Object> = (0..60)
            .map(|minute| Object::new(&key(minute), if minute < 30 { "SSE-S3" } else { "SSE-KMS" }))
            .collect();
        objects.push(Object::new("AWSLogs/111122223333/vpcflowlogs/a.log.gz", "SSE-S3"));
        objects.push(Object::new("AWSLogs/111122223333/CloudTrail/", "SSE-S3"));
        objects.push(Object::new(&key(0).replace(".json.gz", ".json"), "SSE-S3"));
        let whole = read(report("CSV", &[objects.clone()]).path()).coverage;
        assert_eq!((whole.others, whole.unrecognized), (2, 1));
        let newest = whole.rows().map(|(.., totals)| totals.newest.key.clone());
        assert_eq!(newest.collect::<Vec<_>>(), [key(29), key(59)]);
        for format in FORMATS {
            let parts: Vec<Vec<Object>> =
                objects.chunks(7).map(|part| part.iter().rev().cloned().collect()).collect();
            assert_eq!(read(report(format, &parts).path()).coverage, whole, "{format}");
        }
    }

    /// Each folder differs from the first one in one part, and its files alternate with those of the
    /// first one.
    #[test]
    fn each_folder_and_month_is_counted_by_itself() {
        let mut objects = Vec::new();
        for minute in 0..2 {
            let first = key(minute);
            for other in [
                first.replace("eu-central-1", "eu-west-1"),
                first.replace("111122223333", "777788889999"),
                first.replace("CloudTrail", "CloudTrail-Insight"),
                first.replace("AWSLogs/", "AWSLogs/o-exampleorg1/"),
                first.replace("AWSLogs/", "prefix/AWSLogs/"),
                first.replace("2026/01", "2026/02").replace("202601", "202602"),
            ] {
                objects.extend([&first, &other].map(|key| Object::new(key, "SSE-KMS")));
            }
        }
        for format in FORMATS {
            let outcome = read(report(format, std::slice::from_ref(&objects)).path());
            let mut found: Vec<_> = outcome
                .coverage
                .rows()
                .map(|(folder, month, _, totals)| {
                    let organization = folder.organization.clone().unwrap_or_default();
                    let (account, region) = (folder.account.to_string(), folder.region.to_string());
                    let place = [&folder.prefix, &organization, &account, &folder.kind, &region];
                    (place.map(String::as_str).join("/"), month.to_string(), totals.files)
                })
                .collect();
            found.sort();
            let mut expected = [
                ("//111122223333/CloudTrail/eu-central-1", "2026-01", 12),
                ("//111122223333/CloudTrail/eu-west-1", "2026-01", 2),
                ("//777788889999/CloudTrail/eu-central-1", "2026-01", 2),
                ("//111122223333/CloudTrail-Insight/eu-central-1", "2026-01", 2),
                ("/o-exampleorg1/111122223333/CloudTrail/eu-central-1", "2026-01", 2),
                ("prefix//111122223333/CloudTrail/eu-central-1", "2026-01", 2),
                ("//111122223333/CloudTrail/eu-central-1", "2026-02", 2),
            ]
            .map(|(folder, month, files)| (folder.to_owned(), month.to_owned(), files));
            expected.sort();
            assert_eq!(found, expected, "{format}");
        }
    }

    #[test]
    fn a_file_of_many_rows_is_read_to_its_end() {
        let own_key = |it: u32| key(0).replace("Ab3dEf6hIj9kLm2n", &format!("{it:016}"));
        let objects: Vec<_> = (0..8_193).map(|it| Object::new(&own_key(it), "SSE-S3")).collect();
        for format in FORMATS {
            let outcome = read(report(format, std::slice::from_ref(&objects)).path());
            assert!(outcome.is_complete(), "{format}: {:?}", outcome.unread);
            assert_eq!(outcome.rows, 8_193, "{format}");
            assert_eq!(counts(&outcome), [(read_as(Encryption::SseS3), 8_193)], "{format}");
        }
    }

    /// Each format can repeat a long text in a few bytes for each row.
    #[test]
    fn a_key_that_is_longer_than_any_of_s3_rejects_its_file() {
        let longest = "x".repeat(1024);
        for format in FORMATS {
            let outcome = read(report(format, &[vec![Object::new(&longest, "SSE-S3")]]).path());
            assert!(outcome.is_complete(), "{format}: {:?}", outcome.unread);
            let long = Object::new(&format!("{longest}x"), "SSE-S3");
            let outcome = read(report(format, &[vec![long]]).path());
            let reasons = outcome.unread.iter().map(|file| file.reason.as_str());
            let reason = reasons.collect::<String>();
            assert!(reason.contains("row 1: `Key` is `xxx"), "{format}: {reason}");
            assert!(reason.ends_with("expected at most 1,024 bytes"), "{format}: {reason}");
        }
    }

    #[test]
    fn the_scope_leaves_files_out() {
        let objects = vec![Object::new(&key(0), "SSE-S3"), Object::new(&key(1), "SSE-S3")];
        let report = report("Parquet", &[objects]);
        let scope = |file: &trailseal_logs::FileKey<'_>| file.key == key(1);
        let outcome = read_with(report.path(), &Options { scope: &scope, ..OPTIONS });
        assert_eq!(counts(&outcome), [(read_as(Encryption::SseS3), 1)]);
        assert!(outcome.is_complete());
    }

    #[test]
    fn an_interrupted_run_is_partial() {
        let files: Vec<_> = (0..4).map(|it| vec![Object::new(&key(it), "SSE-KMS")]).collect();
        let report = report("CSV", &files);
        let read = std::sync::atomic::AtomicUsize::new(0);
        let options = Options {
            threads: 1,
            progress: &|files| read.store(files, std::sync::atomic::Ordering::Relaxed),
            stop: &|| read.load(std::sync::atomic::Ordering::Relaxed) == 2,
            ..OPTIONS
        };
        let outcome = read_with(report.path(), &options);
        assert!(outcome.is_interrupted && !outcome.is_complete());
        assert_eq!(outcome.rows, 2);
        assert_eq!(outcome.unread.len(), 2, "{:?}", outcome.unread);
    }

    #[test]
    fn a_run_that_ends_within_a_data_file_reads_no_more_of_it() {
        for format in FORMATS {
            let report = report(format, &[vec![Object::new(&key(0), "SSE-KMS")]]);
            let asked = std::sync::atomic::AtomicUsize::new(0);
            // The file is opened, and then the run ends.
            let stop = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
            let outcome = read_with(report.path(), &Options { stop: &stop, ..OPTIONS });
            assert!(outcome.is_interrupted && outcome.rows == 0, "{format}: {outcome:?}");
            assert_eq!(outcome.unread[0].reason, "the run was ended before it was read");
        }
    }

    #[test]
    fn forged_sizes_of_data_files_are_no_overflow() {
        let files: Vec<_> = (0..2).map(|it| vec![Object::new(&key(it), "SSE-KMS")]).collect();
        let report = report("CSV", &files);
        let path = report.path().join("manifest.json");
        let json = fs::read_to_string(&path).unwrap();
        let parts: Vec<&str> = json.split("\"size\": ").collect();
        let forged = parts[1..].iter().map(|part| {
            format!("\"size\": {}{}", u64::MAX, part.trim_start_matches(char::is_numeric))
        });
        let json = format!("{}{}", parts[0], forged.collect::<String>());
        let md5 = u128::from_be_bytes(<md5::Md5 as md5::Digest>::digest(&json).into());
        fs::write(report.path().join("manifest.checksum"), format!("{md5:032x}")).unwrap();
        fs::write(&path, json).unwrap();
        assert_eq!(manifest(report.path()).unwrap().bytes(), u64::MAX);
        let outcome = read(report.path());
        assert_eq!((outcome.rows, outcome.unread.len()), (0, 2));
        assert!(outcome.unread[0].reason.contains("but the manifest says"), "{outcome:?}");
    }

    #[test]
    fn data_files_are_found_wherever_they_were_copied() {
        let report = report("CSV", &[vec![Object::new(&key(0), "SSE-S3")]]);
        let folder = report.path();
        let config = folder.join("copy/inventory/trail-logs/all");
        for (manifest, data) in [
            (folder.join("beside"), folder.join("beside")),
            (config.join("2026-11-28T01-00Z"), config.join("data")),
            (folder.join("apart"), folder.join("apart/inventory/trail-logs/all/data")),
        ] {
            fs::create_dir_all(&manifest).unwrap();
            fs::create_dir_all(&data).unwrap();
            fs::copy(folder.join("data/0.csv.gz"), data.join("0.csv.gz")).unwrap();
            for name in ["manifest.json", "manifest.checksum"] {
                fs::copy(folder.join(name), manifest.join(name)).unwrap();
            }
            let outcome = read(&manifest);
            assert!(outcome.is_complete(), "{}: {:?}", manifest.display(), outcome.unread);
        }
    }

    #[test]
    fn a_report_without_encryption_counts_nothing_as_encrypted() {
        let report = report("CSV", &[vec![Object::new(&key(0), "SSE-KMS")]]);
        let columns = synthetic::COLUMNS.replace("EncryptionStatus", "ChecksumAlgorithm");
        seal(report.path(), "CSV", &columns, &["0.csv.gz".to_owned()]);
        let outcome = read(report.path());
        assert_eq!(outcome.missing, [Column::EncryptionStatus]);
        assert_eq!(counts(&outcome), [(class(FileStatus::Unread(Unread::NotReported)), 1)]);
    }
}
