//! How the runs differ: what can explain a change that no trail explains.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::report::{AccountReport, AccountStatus, RegionReport, Report};

/// A difference of the runs.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) of: Subject,
    /// The parameter, the pattern of the exemption, the account, or account and Region.
    pub(super) name: Option<String>,
    /// Absent if the old run does not have it.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Subject {
    Tool,
    Command,
    Caller,
    Parameter,
    Exemption,
    Account,
    Region,
}

impl Subject {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "TOOL",
            Self::Command => "COMMAND",
            Self::Caller => "CALLER",
            Self::Parameter => "PARAMETER",
            Self::Exemption => "EXEMPTION",
            Self::Account => "ACCOUNT",
            Self::Region => "REGION",
        }
    }
}

impl Difference {
    /// Both values in words.
    pub(super) fn sentence(&self) -> String {
        let absent = match self.of {
            Subject::Parameter => "not set",
            Subject::Account => "not requested",
            Subject::Region => "not audited",
            Subject::Tool | Subject::Command | Subject::Caller | Subject::Exemption => "none",
        };
        let [old, new] = [&self.old, &self.new].map(|value| value.as_deref().unwrap_or(absent));
        let name = self.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        format!("{name}{old}, now {new}")
    }
}

/// All differences of the runs, in the order of [`Subject`].
pub(super) fn differences(old: &Report, new: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut add = |of: Subject, read: &dyn Fn(&Report) -> BTreeMap<String, String>| {
        found.extend(different(of, &read(old), &read(new)));
    };
    let one = |value: String| BTreeMap::from([(String::new(), value)]);
    add(Subject::Tool, &|report| one(report.tool.version.clone()));
    // A report of 0.1.0 does not say how it was made.
    if let (Some(_), Some(_)) = (&old.run, &new.run) {
        let run = |report: &Report| report.run.clone().into_iter();
        add(Subject::Command, &|report| {
            run(report).map(|run| (String::new(), run.command)).collect()
        });
        add(Subject::Caller, &|report| {
            run(report).filter_map(|run| Some((String::new(), run.caller?.arn))).collect()
        });
    }
    add(Subject::Parameter, &|report| report.parameters.clone());
    add(Subject::Exemption, &exemptions);
    add(Subject::Account, &|report| {
        report.accounts.iter().map(|account| (account.id.clone(), status(account))).collect()
    });
    let both = completed_in_both(old, new);
    add(Subject::Region, &|report| regions(report, &both));
    found
}

fn different(
    of: Subject,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differs = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    differs
        .map(|name| Difference {
            of,
            name: Some(name.clone()).filter(|name| !name.is_empty()),
            old: old.get(name).cloned(),
            new: new.get(name).cloned(),
        })
        .collect()
}

/// The state of each exemption, by pattern and source.
fn exemptions(report: &Report) -> BTreeMap<String, String> {
    let state = report.exemptions.iter().map(|exemption| {
        let until = exemption.until.as_ref().map(|day| format!(" until {day}")).unwrap_or_default();
        let name = format!("{} ({})", exemption.pattern, exemption.source);
        (name, format!("{}{until}", exemption.state.as_str()))
    });
    state.collect()
}

fn status(account: &AccountReport) -> String {
    let because = |what: &str, why: &Option<String>| match why {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    };
    match account.status() {
        AccountStatus::Completed => "completed".to_owned(),
        AccountStatus::Refused => because("refused", &account.problem),
        AccountStatus::Skipped => because("skipped", &account.left_out),
        AccountStatus::Interrupted => "interrupted".to_owned(),
    }
}

/// The accounts whose Regions can be compared.
fn completed_in_both(old: &Report, new: &Report) -> BTreeSet<String> {
    let completed = |report: &Report| -> BTreeSet<String> {
        let completed = |account: &&AccountReport| account.status() == AccountStatus::Completed;
        report.accounts.iter().filter(completed).map(|account| account.id.clone()).collect()
    };
    completed(old).intersection(&completed(new)).cloned().collect()
}

fn regions(report: &Report, accounts: &BTreeSet<String>) -> BTreeMap<String, String> {
    let state = |region: &RegionReport| match &region.problem {
        None => "read".to_owned(),
        Some(problem) => format!("not read: {problem}"),
    };
    let accounts = report.accounts.iter().filter(|account| accounts.contains(&account.id));
    let all = accounts.flat_map(|account| {
        account
            .regions
            .iter()
            .map(move |region| (format!("{} {}", account.id, region.region), state(region)))
    });
    all.collect()
}
