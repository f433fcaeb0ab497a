//! Documents, told apart by what they hold: one document may hold several things, and each is read.

use serde_json::Value;

use super::items::text;
use super::{Complaint, Inventory, Role, ScanOptions, not_json};
use crate::newest::Sighting;

/// Envelopes within envelopes that are opened: SNS in Lambda's records, EventBridge in SNS.
const ENVELOPES_MAX: usize = 4;

/// What tells the time of an item or its state, where a query selects neither.
const STATUS: &str = "configurationItemStatus";
const CAPTURED: &str = "configurationItemCaptureTime";

impl Inventory {
    /// Takes a document that has no list that is read item by item.
    pub(super) fn take_document_text(
        &mut self,
        text: &[u8],
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let mut document: Value = serde_json::from_slice(text).map_err(not_json("a document"))?;
        if self.take_document(&mut document, options, sighting, 0) {
            self.known_pieces += 1;
        } else {
            self.unknown_documents += 1;
        }
        Ok(())
    }

    /// Takes what a document holds beside its lists, whose elements were taken before; a list that
    /// had elements holds `1`.
    pub(super) fn take_remainder(
        &mut self,
        text: &[u8],
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let mut document: Value = serde_json::from_slice(text).map_err(not_json("a document"))?;
        let list = |name: &str| document.get(name).and_then(Value::as_array);
        let trails = list("trailList");
        self.known_pieces += u64::from(trails.is_some());
        if options.role == Role::Judged && trails.is_some_and(Vec::is_empty) {
            self.accounts.empty_lists.insert(sighting.source);
        }
        let unprocessed = ["unprocessedResourceKeys", "UnprocessedResourceIdentifiers"];
        let missing: usize = unprocessed.into_iter().filter_map(list).map(Vec::len).sum();
        if missing > 0 {
            self.print_error(
                sighting,
                format!("lacks {missing} of the resources that were asked for"),
            );
        }
        let is_known = self.take_document(&mut document, options, sighting, 0);
        self.known_pieces += u64::from(is_known);
        Ok(())
    }

    fn print_error(&mut self, sighting: Sighting, message: String) {
        self.complaints.push(Complaint { source: sighting.source, message });
    }

    fn complain_of(&mut self, sighting: Sighting, taken: Result<(), String>) {
        if let Err(message) = taken {
            self.print_error(sighting, message);
        }
    }

    /// Takes everything that is known in a document; says whether anything is.
    fn take_document(
        &mut self,
        document: &mut Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
        depth: usize,
    ) -> bool {
        let mut is_known = self.take_items_of(document, options, sighting);
        is_known |= self.take_trails_of(document, options, sighting);
        is_known |= self.take_answers_of(document, options, sighting);
        is_known |= self.open_envelopes(document, options, sighting, depth);
        if document.get("invokingEvent").is_some() {
            let taken = self.take_event(document, options, sighting);
            self.complain_of(sighting, taken);
            is_known = true;
        }
        is_known
    }

    /// Items that stand alone, and rows of a query.
    fn take_items_of(
        &mut self,
        document: &Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> bool {
        let mut is_known = false;
        let object = |name: &str| document.get(name).filter(|value| value.is_object());
        let rows = document.get("Results").and_then(Value::as_array);
        for row in rows.into_iter().flatten() {
            let taken = self.take_row_text(row, options, sighting);
            self.complain_of(sighting, taken);
        }
        is_known |= rows.is_some();
        if let Some(item) = object("configurationItem") {
            let taken = self.take_item(item, options, sighting);
            self.complain_of(sighting, taken);
            is_known = true;
        }
        if let Some(summary) = object("configurationItemSummary") {
            let taken = self.take_summary(summary, options, sighting);
            self.complain_of(sighting, taken);
            is_known = true;
        }
        let is_row = document.get("resourceType").is_some()
            && (document.get(STATUS).is_some() || document.get("configuration").is_some());
        for item in object("ConfigurationItem").into_iter().chain(is_row.then_some(document)) {
            let taken = self.take_row(item, options, sighting);
            self.complain_of(sighting, taken);
            is_known = true;
        }
        is_known
    }

    /// A row of `select-resource-config` is text that holds an object.
    fn take_row_text(
        &mut self,
        row: &Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let parsed: Value = match row {
            Value::String(text) => serde_json::from_str(text).map_err(not_json("a row"))?,
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => other.clone(),
        };
        if !parsed.is_object() {
            return Err("a row of `Results` is not an object, or text that holds one".to_owned());
        }
        let is_gone = text(&parsed, STATUS).is_some_and(|status| status.contains("Deleted"));
        if !is_gone && !is_selected_whole(&parsed) {
            return Err(format!(
                "a row of `{}` lacks its configuration: select `configuration` as a whole",
                text(&parsed, "resourceId").unwrap_or_default()
            ));
        }
        self.take_row(&parsed, options, sighting)
    }

    /// An item of which a query may have selected neither the status nor the time: AWS Config then
    /// shows what is there now, and when it saw it is not known.
    fn take_row(
        &mut self,
        row: &Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let mut item = row.clone();
        let has_status = item.get(STATUS).is_some();
        if let (Some(members), false) = (item.as_object_mut(), has_status) {
            members.insert(STATUS.to_owned(), Value::from("OK"));
            members.entry(CAPTURED).or_insert_with(|| Value::from(super::items::NO_TIME));
        }
        self.take_item(&item, options, sighting)
    }

    /// Trails as CloudTrail shows them.
    fn take_trails_of(
        &mut self,
        document: &Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> bool {
        if document.get("Trails").is_some_and(Value::is_array) {
            self.print_error(sighting, NAMES_ONLY.to_owned());
            return true;
        }
        let inner = document.get("Trail").filter(|value| value.is_object());
        let trail = inner.unwrap_or(document);
        if inner.is_none() && trail.get("TrailARN").is_none() {
            return false;
        }
        if options.role == Role::Judged {
            let taken = match trail.get("S3BucketName") {
                Some(_) => self.take_described_trail(trail, sighting),
                None => Err(NAMES_ONLY.to_owned()),
            };
            self.complain_of(sighting, taken);
        }
        true
    }

    /// Envelopes of Amazon SNS and Amazon EventBridge.
    fn open_envelopes(
        &mut self,
        document: &Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
        depth: usize,
    ) -> bool {
        if depth >= ENVELOPES_MAX {
            return false;
        }
        let mut contents = Vec::new();
        if document.get("detail-type").is_some() {
            contents.extend(document.get("detail").cloned());
        }
        let message = |of: &Value| text(of, "Message").map(str::to_owned);
        let mut messages: Vec<String> = Vec::new();
        if text(document, "Type") == Some("Notification") {
            messages.extend(message(document));
        }
        let records = document.get("Records").and_then(Value::as_array);
        let of_sns = records.into_iter().flatten().filter_map(|record| record.get("Sns"));
        messages.extend(of_sns.filter_map(message));
        contents.extend(messages.iter().filter_map(|text| serde_json::from_str(text).ok()));
        let mut is_known = false;
        for mut content in contents {
            is_known |= self.take_document(&mut content, options, sighting, depth + 1);
        }
        is_known
    }
}

const NAMES_ONLY: &str = "names trails but does not describe them: give what `aws cloudtrail \
    describe-trails` or `aws cloudtrail get-trail --name ARN` prints";

/// Whether a row has all of its configuration. Without it, what is missing could be what decides.
fn is_selected_whole(row: &Value) -> bool {
    let configuration = match row.get("configuration") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(value) => value.clone(),
        None => Value::Null,
    };
    match text(row, "resourceType") {
        Some("AWS::CloudTrail::Trail") => {
            configuration.get("s3BucketName").is_some()
                && ["kmsKeyId", "isMultiRegionTrail", "includeGlobalServiceEvents"]
                    .iter()
                    .any(|name| configuration.get(name).is_some())
        }
        Some("AWS::KMS::Key") => configuration.get("keyState").is_some(),
        _ => true,
    }
}
