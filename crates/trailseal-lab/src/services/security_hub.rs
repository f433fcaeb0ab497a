//! Security Hub: findings of the account's own default product.

use serde_json::{Map, Value, json};

use super::{Request, text};
use crate::moments;
use crate::refusal::Refusal;
use crate::requests::FINDINGS_MAX;

/// What an import cannot change (Security Hub User Guide, "BatchImportFindings for finding
/// providers").
const OF_THE_CUSTOMER: [&str; 4] = ["Note", "UserDefinedFields", "VerificationState", "Workflow"];

pub(super) fn batch_import_findings(request: &mut Request<'_>) -> Value {
    let findings = request.list("Findings");
    let mut failed = Vec::new();
    for finding in findings {
        match admit(request, finding) {
            Ok(()) => store(request, finding),
            Err((code, message)) => failed.push(json!({
                "Id": text(finding, "Id"), "ErrorCode": code, "ErrorMessage": message,
            })),
        }
    }
    json!({
        "FailedCount": failed.len(),
        "SuccessCount": findings.len() - failed.len(),
        "FailedFindings": failed,
    })
}

/// Why a finding is not accepted: a code and a message, which AWS documents only in part.
fn admit(request: &mut Request<'_>, finding: &Value) -> Result<(), (&'static str, &'static str)> {
    let (account, region) = (request.account(), request.region());
    let product = format!("arn:aws:securityhub:{region}:{account}:product/{account}/default");
    if text(finding, "AwsAccountId") != account || text(finding, "ProductArn") != product {
        return Err((
            "InvalidAccess",
            "The caller may not import findings of this account or product",
        ));
    }
    let id = text(finding, "Id");
    let mut due = request.lab_state.send_back.iter_mut();
    if let Some(due) = due.find(|due| due.times_left > 0 && due.resource_id == id) {
        due.times_left -= 1;
        return Err(("InvalidInput", "The lab was told to refuse this finding"));
    }
    let is_time = |name: &str| moments::from_iso(text(finding, name)).is_some();
    if !(is_time("CreatedAt") && is_time("UpdatedAt")) {
        return Err(("InvalidInput", "CreatedAt and UpdatedAt are times of ISO 8601"));
    }
    Ok(())
}

fn store(request: &mut Request<'_>, finding: &Value) {
    let region = request.region();
    let findings = &mut request.lab_state.state.findings;
    let same = |stored: &&mut Value| {
        ["Id", "ProductArn"].iter().all(|name| text(stored, name) == text(finding, name))
    };
    let updated = |finding: &Value| moments::from_iso(text(finding, "UpdatedAt"));
    match findings.iter_mut().find(same) {
        // "If UpdatedAt on the update matches or occurs before UpdatedAt on the existing finding,
        // then the update request is ignored."
        Some(stored) if updated(finding) <= updated(stored) => {}
        Some(stored) => *stored = completed(finding, Some(stored), region),
        None => findings.push(completed(finding, None, region)),
    }
}

/// The finding with what Security Hub adds.
fn completed(finding: &Value, stored: Option<&Value>, region: &str) -> Value {
    let mut members: Map<String, Value> = finding.as_object().cloned().unwrap_or_default();
    for name in OF_THE_CUSTOMER {
        if let Some(value) = stored.and_then(|stored| stored.get(name)) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    if stored.is_some_and(|stored| is_reopened(stored, finding)) {
        members.insert("Workflow".to_owned(), json!({ "Status": "NEW" }));
    }
    let id = format!("{}/{}", text(finding, "ProductArn"), text(finding, "Id"));
    let fields = members.entry("ProductFields").or_insert_with(|| json!({}));
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("aws/securityhub/FindingId".to_owned(), Value::from(id));
        fields.insert("aws/securityhub/ProductName".to_owned(), json!("Default"));
    }
    let of_provider = |name: &str| finding.get("FindingProviderFields")?.get(name).cloned();
    let added = [
        ("CompanyName", Some(json!("Personal"))),
        ("ProductName", Some(json!("Default"))),
        ("Region", Some(json!(region))),
        ("Severity", of_provider("Severity")),
        ("Types", of_provider("Types")),
        ("Workflow", Some(json!({ "Status": "NEW" }))),
        ("WorkflowState", Some(json!("NEW"))),
    ];
    for (name, value) in added {
        if let Some(value) = value {
            members.entry(name).or_insert(value);
        }
    }
    Value::Object(members)
}

/// Whether an update resets what people did with a finding (Security Hub API Reference,
/// `WorkflowUpdate`): it is active again, or passes no longer.
fn is_reopened(stored: &Value, finding: &Value) -> bool {
    let status = |of: &Value| of.pointer("/Compliance/Status").cloned().unwrap_or(Value::Null);
    let workflow = stored.pointer("/Workflow/Status").and_then(Value::as_str);
    let is_done = matches!(workflow, Some("NOTIFIED" | "RESOLVED"));
    let is_back =
        text(stored, "RecordState") == "ARCHIVED" && text(finding, "RecordState") == "ACTIVE";
    is_done && (is_back || (status(stored) == "PASSED" && status(finding) != "PASSED"))
}

/// The findings of the account in the Region. Filters apply to a page, so that a page before the last
/// one can be empty.
pub(super) fn get_findings(request: &Request<'_>) -> Result<Value, Refusal> {
    let (account, region) = (request.account(), request.region());
    let place = format!(":securityhub:{region}:");
    let visible: Vec<Value> = request
        .state()
        .findings
        .iter()
        .filter(|finding| text(finding, "AwsAccountId") == account)
        .filter(|finding| text(finding, "ProductArn").contains(&place))
        .cloned()
        .collect();
    let (page, next) = request.page(visible, FINDINGS_MAX, "findings")?;
    let empty = Map::new();
    let filters = request.body.get("Filters").and_then(Value::as_object).unwrap_or(&empty);
    let mut found = Vec::new();
    for finding in page {
        let mut is_wanted = true;
        for (name, filter) in filters {
            is_wanted &= matches(text(&finding, name), filter)?;
        }
        if is_wanted {
            found.push(finding);
        }
    }
    Ok(json!({ "Findings": found, "NextToken": next }))
}

/// Filters of one member are joined by *or*.
fn matches(value: &str, filters: &Value) -> Result<bool, Refusal> {
    let mut is_match = false;
    for filter in filters.as_array().map_or(&[][..], Vec::as_slice) {
        let wanted = text(filter, "Value");
        is_match |= match text(filter, "Comparison") {
            "EQUALS" => value == wanted,
            "PREFIX" => value.starts_with(wanted),
            other => {
                let message = format!("the lab does not serve the comparison `{other}`");
                return Err(Refusal::new("InvalidInputException", message));
            }
        };
    }
    Ok(is_match)
}
