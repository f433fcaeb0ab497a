//! Checks what the state says about the objects in buckets.

use super::{Checked, account_id, arn, each, expect, region, text, word};
use crate::model;
use crate::state::{Encryption, EncryptionType, LogFiles, MetadataTables, Object};

/// The longest time from the first file to the last: 20 years, in milliseconds.
const LONGEST: i64 = 20 * 366 * 86_400_000;

pub(super) fn log_files(files: &LogFiles) -> Checked {
    text("bucket", &files.bucket)?;
    if let Some(prefix) = &files.prefix {
        let is_prefix = !prefix.is_empty() && !prefix.ends_with('/');
        expect(is_prefix, "prefix", "a prefix that does not end with a slash")?;
    }
    if let Some(organization) = &files.organization {
        expect(is_organization(organization), "organization", "an ID such as `o-exampleorgid`")?;
    }
    each("accounts", &files.accounts, |id| account_id("", id))?;
    each("regions", &files.regions, |name| region("", name))?;
    let kind = files.kind.strip_prefix("CloudTrail");
    let is_kind = kind.is_some_and(|rest| {
        let word = rest.strip_prefix('-').unwrap_or_default();
        let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        rest.is_empty() || is_word
    });
    expect(is_kind, "kind", "`CloudTrail`, alone or with a word as in `CloudTrail-Digest`")?;
    let span = files.to.saturating_sub(files.from);
    expect((1..=LONGEST).contains(&span), "to", "a time after `from`, at most 20 years later")?;
    let is_rate = (1..=86_400).contains(&files.files_per_day);
    expect(is_rate, "filesPerDay", "a whole number from 1 to 86400")?;
    let is_named = files.kind != "CloudTrail-Digest" || files.trail.is_some();
    expect(is_named, "trail", "a trail, since the names of digest files contain it")?;
    if let Some(trail) = &files.trail {
        arn("trail", trail, "cloudtrail", "trail")?;
    }
    word("storageClass", &files.storage_class, &model::STORAGE_CLASSES)?;
    each("encryption", &files.encryption, |encryption| encryption_of("", encryption))?;
    let is_sorted = files.encryption.is_sorted_by_key(|encryption| encryption.since);
    expect(is_sorted, "encryption", "the oldest first")
}

fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        (10..=32).contains(&id.len()) && id.bytes().all(is_letter)
    })
}

/// A key belongs to the kinds that use KMS, and to no other.
fn encryption_of(name: &str, encryption: &Encryption) -> Checked {
    let by_kms = [EncryptionType::SseKms, EncryptionType::DsseKms].contains(&encryption.kind);
    let at = if name.is_empty() { "kmsKeyId".to_owned() } else { format!("{name}.kmsKeyId") };
    let expected = if by_kms { "a key" } else { "no key, since KMS does not encrypt" };
    expect(by_kms == encryption.kms_key_id.is_some(), &at, expected)
}

pub(super) fn object(object: &Object) -> Checked {
    text("bucket", &object.bucket)?;
    let is_key = (1..=1024).contains(&object.key.len());
    expect(is_key, "key", "a key of at most 1024 bytes")?;
    let of_its_own = object.content.is_none() || object.file.is_none();
    expect(of_its_own, "content", "either `content` or `file`")?;
    word("storageClass", &object.storage_class, &model::STORAGE_CLASSES)?;
    encryption_of("encryption", &object.encryption)?;
    expect(object.encryption.since.is_none(), "encryption.since", "`null`")?;
    object.owner.iter().try_for_each(|owner| account_id("owner", owner))
}

pub(super) fn metadata_tables(tables: &MetadataTables) -> Checked {
    let statuses = &model::METADATA_TABLE_STATUSES;
    word("metadataTables.journal", &tables.journal, statuses)?;
    let mut inventory = tables.inventory.iter();
    inventory.try_for_each(|status| word("metadataTables.inventory", status, statuses))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::services::with;
    use crate::state::State;

    fn fault(list: &str, base: &Value, name: &str, value: Value) -> String {
        let state = json!({ "trailsealLab": 1, list: [with(base, name, value)] });
        let mut faults = State::from_value("state", &state).unwrap_err().faults;
        assert_eq!(faults.len(), 1);
        faults.remove(0)
    }

    #[test]
    fn a_fault_of_log_files_and_objects_is_named() {
        let files = json!({ "bucket": "b", "accounts": ["111122223333"], "regions": ["us-east-1"],
                            "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z",
                            "filesPerDay": 24 });
        let by_kms = json!({ "type": "SSE-KMS" });
        let since =
            |day: u8| json!({ "type": "SSE-S3", "since": format!("2026-01-0{day}T00:00:00Z") });
        for (name, value, expected) in [
            ("bucket", json!(""), "bucket`: expected a string"),
            ("prefix", json!("a/"), "prefix`: expected a prefix that does not end"),
            ("organization", json!("o-x"), "organization`: expected an ID such as"),
            ("accounts", json!(["1"]), "accounts[0]`: expected an account id"),
            ("regions", json!(["x"]), "regions[0]`: expected a Region"),
            ("kind", json!("CloudTrail-2"), "kind`: expected `CloudTrail`"),
            ("kind", json!("CloudTrail-Digest"), "trail`: expected a trail"),
            ("trail", json!("main"), "trail`: expected an ARN"),
            ("to", json!("2026-01-01T00:00:00Z"), "to`: expected a time after `from`"),
            ("to", json!("2126-01-01T00:00:00Z"), "to`: expected a time after `from`"),
            ("filesPerDay", json!(0), "filesPerDay`: expected a whole number"),
            ("storageClass", json!("COLD"), "storageClass`: expected one of"),
            ("encryption", json!([by_kms]), "encryption[0].kmsKeyId`: expected a key"),
            ("encryption", json!([since(2), since(1)]), "encryption`: expected the oldest first"),
            ("encryption", json!([{ "type": "SSE" }]), "encryption[0].type`: unknown variant"),
        ] {
            let found = fault("logFiles", &files, name, value);
            assert!(found.starts_with(&format!("`logFiles[0].{expected}")), "{found}");
        }
        let object = json!({ "bucket": "b", "key": "k", "lastModified": "2026-01-01T00:00:00Z",
                             "file": "x" });
        for (name, value, expected) in [
            ("key", json!("k".repeat(1025)), "key`: expected a key of at most 1024 bytes"),
            ("content", json!("YQ"), "content`: expected base64"),
            ("content", json!("YQ=="), "content`: expected either `content` or `file`"),
            ("encryption", by_kms, "encryption.kmsKeyId`: expected a key"),
            ("encryption", json!({ "kmsKeyId": "k" }), "encryption.kmsKeyId`: expected no key"),
            ("encryption", since(1), "encryption.since`: expected `null`"),
            ("owner", json!("me"), "owner`: expected an account id"),
        ] {
            let found = fault("objects", &object, name, value);
            assert!(found.starts_with(&format!("`objects[0].{expected}")), "{found}");
        }
        let bucket = json!({ "name": "b", "account": "111122223333", "region": "us-east-1" });
        let found = fault("buckets", &bucket, "metadataTables", json!({ "journal": "GONE" }));
        assert!(
            found.starts_with("`buckets[0].metadataTables.journal`: expected one of"),
            "{found}"
        );
    }
}
