//! Documents, recognized by their members. One document may contain several kinds.

use serde_json::Value;
use trailseal_rule::{KEY_TYPE, KeyState, TRAIL_TYPE, TrailArn, json};

use super::items::{CAPTURED, NO_TIME, STATUS, is_present};
use super::{DocumentReader, read_json};
use crate::evidence::{account, text, unfold};
use crate::scan::list_names;

/// How deep envelopes may nest: SNS in Lambda's records, EventBridge in SNS.
const ENVELOPES_MAX: usize = 4;

/// The most records in one message; it gives only the number of the others.
const RECORDS_NAMED_MAX: usize = 10;

impl DocumentReader<'_> {
    /// Reads a document without a list that the scanner splits.
    pub(super) fn document_text(&mut self, text: &[u8]) -> Result<(), String> {
        let mut document = read_json(text, "a document")?;
        if self.document(&mut document, 0) {
            self.inventory.known_documents += 1;
            self.gaps(&document);
        } else {
            self.inventory.unknown_documents += 1;
            self.inventory.reports += u64::from(is_report(&document));
        }
        Ok(())
    }

    /// Reads a document without the elements of its lists; the scanner replaces the elements of a
    /// list that is not empty with `1`.
    pub(super) fn remainder_text(&mut self, text: &[u8]) -> Result<(), String> {
        let mut document = read_json(text, "a document")?;
        let trails = document.get("trailList").and_then(Value::as_array);
        self.inventory.known_documents += u64::from(trails.is_some());
        if self.is_judged() && trails.is_some_and(Vec::is_empty) {
            self.inventory.accounts.empty_lists.insert(self.observation.source);
        }
        self.gaps(&document);
        let is_known = self.document(&mut document, 0);
        self.inventory.known_documents += u64::from(is_known);
        Ok(())
    }

    /// Reads every known part of a document. Returns whether there is one.
    fn document(&mut self, document: &mut Value, depth: usize) -> bool {
        let mut is_known = self.items(document);
        is_known |= self.trails(document);
        is_known |= self.answer(document);
        is_known |= self.envelopes(document, depth);
        if document.get("invokingEvent").is_some() {
            let result = self.event(document);
            self.add_problem(result);
            is_known = true;
        }
        // The scanner reads the lists of a document, not those of a message in it.
        if is_known && depth > 0 {
            self.add_problem(refuse_lists(document));
        }
        is_known
    }

    /// Single items and the rows of a query.
    fn items(&mut self, document: &Value) -> bool {
        let object = |name: &str| document.get(name).filter(|value| value.is_object());
        let is_row = document.get("resourceType").is_some()
            && (document.get(STATUS).is_some() || document.get("configuration").is_some());
        let rows = document.get("Results").and_then(Value::as_array);
        let mut results: Vec<_> =
            rows.into_iter().flatten().map(|row| self.row_text(row)).collect();
        results.extend(object("configurationItem").map(|item| self.item(item)));
        results.extend(object("configurationItemSummary").map(|summary| self.summary(summary)));
        results.extend(object("ConfigurationItem").map(|item| self.current(item)));
        results.extend(is_row.then(|| match is_whole_item(document) {
            true => self.item(document),
            false => self.row(document),
        }));
        let is_known = rows.is_some() || !results.is_empty();
        results.into_iter().for_each(|result| self.add_problem(result));
        is_known
    }

    /// A row of `select-resource-config` is text that contains an object.
    fn row_text(&mut self, row: &Value) -> Result<(), String> {
        let parsed = match row.as_str() {
            Some(text) => read_json(text, "a row")?,
            None => row.clone(),
        };
        if !parsed.is_object() {
            return Err("a row of `Results` is not an object, or text that holds one".to_owned());
        }
        self.row(&parsed)
    }

    /// A row of a query, which may not have selected every member.
    fn row(&mut self, row: &Value) -> Result<(), String> {
        let missing = if is_present(row) { member_not_selected(row) } else { None };
        if let Some(missing) = missing {
            if self.is_judged() && text(row, "resourceType") == Some(TRAIL_TYPE) {
                self.add_account(account(row), text(row, "awsRegion"));
                self.inventory.accounts.may_have_a_trail(account(row));
            }
            return Err(format!(
                "a row of `{}` lacks `configuration.{missing}`: select `configuration` as a whole",
                text(row, "resourceId").unwrap_or_default()
            ));
        }
        self.current(row)
    }

    /// An item that may have neither a status nor a time. Without a status it is the current state,
    /// whose capture time is unknown.
    fn current(&mut self, item: &Value) -> Result<(), String> {
        let mut item = item.clone();
        let has_status = item.get(STATUS).is_some();
        if let (Some(members), false) = (item.as_object_mut(), has_status) {
            members.insert(STATUS.to_owned(), Value::from("OK"));
            members.entry(CAPTURED).or_insert_with(|| Value::from(NO_TIME));
        }
        self.item(&item)
    }

    /// Trails in the output of CloudTrail.
    fn trails(&mut self, document: &Value) -> bool {
        if document.get("Trails").is_some_and(Value::is_array) {
            self.add_problem(Err(NAMES_ONLY.to_owned()));
            return true;
        }
        let inner = document.get("Trail").filter(|value| value.is_object());
        let trail = inner.unwrap_or(document);
        if inner.is_none() && trail.get("TrailARN").is_none() {
            return false;
        }
        if self.is_judged() {
            let result = match trail.get("S3BucketName") {
                Some(_) => self.described_trail(trail),
                None => Err(NAMES_ONLY.to_owned()),
            };
            self.add_problem(result);
        }
        true
    }

    /// Envelopes of Amazon SNS and Amazon EventBridge. Returns whether one has a known content.
    fn envelopes(&mut self, document: &Value, depth: usize) -> bool {
        if depth >= ENVELOPES_MAX {
            return false;
        }
        let detail = document.get("detail-type").and(document.get("detail"));
        let mut is_known =
            detail.is_some_and(|detail| self.document(&mut detail.clone(), depth + 1));
        if text(document, "Type") == Some("Notification") {
            is_known |= self.notification(document, depth);
        }
        is_known |= self.records(document, depth);
        is_known
    }

    fn notification(&mut self, notification: &Value, depth: usize) -> bool {
        let Some(message) = text(notification, "Message") else { return false };
        match json::read(message) {
            Ok(mut content) => self.document(&mut content, depth + 1),
            Err(error) if error.is_data() => {
                self.add_problem(read_json(message, "a message").map(drop));
                true
            }
            // A message of text is nothing that is known.
            Err(_) => false,
        }
    }

    /// The records of an event of AWS Lambda. If one is known, each other one is a problem. Log
    /// files of CloudTrail have records too, none of which is known.
    fn records(&mut self, document: &Value, depth: usize) -> bool {
        let records = document.get("Records").and_then(Value::as_array).into_iter().flatten();
        let (mut is_known, mut unknown) = (false, Vec::new());
        for (index, record) in records.enumerate() {
            if record.get("Sns").is_some_and(|one| self.notification(one, depth)) {
                is_known = true;
            } else {
                unknown.push(index);
            }
        }
        if is_known && !unknown.is_empty() {
            let named = unknown.iter().take(RECORDS_NAMED_MAX);
            let named: Vec<_> = named.map(|index| format!("`Records[{index}]`")).collect();
            let more = match unknown.len().saturating_sub(RECORDS_NAMED_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            self.add_problem(Err(format!(
                "contains records that are not understood, and not judged: {}{more}",
                named.join(", ")
            )));
        }
        is_known
    }
}

/// A known part of a message must not hide a list beside it.
fn refuse_lists(message: &Value) -> Result<(), String> {
    let list = |name: &str| message.get(name).and_then(Value::as_array);
    let is_filled = |name: &&str| list(name).is_some_and(|list| !list.is_empty());
    match list_names().find(is_filled) {
        Some(name) => Err(format!(
            "contains a message with `{name}`, whose elements are not understood, and not judged: \
             give them as a document of their own"
        )),
        None => Ok(()),
    }
}

/// Whether an item alone is one of an event or a snapshot, which has every member. No query returns
/// `awsAccountId`: AWS Config's resource schema names the account `accountId`.
fn is_whole_item(item: &Value) -> bool {
    item.get(STATUS).is_some() && text(item, "awsAccountId").is_some()
}

/// Whether `-o json` of this program wrote the document.
fn is_report(document: &Value) -> bool {
    document.pointer("/tool/name").and_then(Value::as_str) == Some("trailseal")
}

const NAMES_ONLY: &str = "names trails but does not describe them: give what `aws cloudtrail \
    describe-trails` or `aws cloudtrail get-trail --name ARN` prints";

/// The members that the configuration of every trail and key has. One that is not in a row was not
/// selected, so that others, which an item can lack, may not have been selected either.
const OF_EVERY_TRAIL: [&str; 7] = [
    "name",
    "s3BucketName",
    "includeGlobalServiceEvents",
    "isMultiRegionTrail",
    "homeRegion",
    "trailARN",
    "logFileValidationEnabled",
];
const OF_EVERY_KEY: [&str; 8] =
    ["keyId", "arn", "creationDate", "enabled", "keyUsage", "keyState", "origin", "keyManager"];

/// A member of the configuration that the query of a row did not select, and without which the
/// trail or key could get another verdict.
fn member_not_selected(row: &Value) -> Option<&'static str> {
    let configuration = unfold(row.get("configuration"));
    let (required, last): (&[&str], _) = match text(row, "resourceType") {
        // Items from before there were organization trails do not have it.
        Some(TRAIL_TYPE) => {
            let arn = text(&configuration, "trailARN").and_then(|arn| TrailArn::parse(arn).ok());
            let is_own = arn.is_some_and(|arn| account(row) == Some(arn.owner().as_str()));
            (&OF_EVERY_TRAIL, (!is_own).then_some("isOrganizationTrail"))
        }
        // Imported material may expire (KMS API Reference, `KeyMetadata`). In most states the key
        // cannot be used whether or not it has expired.
        Some(KEY_TYPE) => {
            let model = text(&configuration, "expirationModel");
            let state = KeyState::from_kms(text(&configuration, "keyState").unwrap_or_default());
            let may_expire = text(&configuration, "origin") == Some("EXTERNAL")
                && model != Some("KEY_MATERIAL_DOES_NOT_EXPIRE")
                && may_be_usable(&state);
            (&OF_EVERY_KEY, may_expire.then_some("validTo"))
        }
        _ => return None,
    };
    let mut required = required.iter().copied().chain(last);
    required.find(|name| configuration.get(name).is_none_or(Value::is_null))
}

/// Whether a key in this state may be usable.
fn may_be_usable(state: &KeyState) -> bool {
    match state {
        KeyState::Enabled | KeyState::Updating | KeyState::Unrecognized(_) => true,
        KeyState::Creating
        | KeyState::Disabled
        | KeyState::PendingDeletion
        | KeyState::PendingImport
        | KeyState::PendingReplicaDeletion
        | KeyState::Unavailable => false,
    }
}
