//! The contradictions of exemptions.

use serde_json::{Map, Value};
use trailseal_rule::{Exemption, Parameters};

use crate::report::{ExemptionReport, Report};

/// The most exemptions of a report: each is compared with every trail.
const EXEMPTIONS_MAX: usize = 10_000;

/// Exemptions that the rule refuses, and those with another state or another number of trails.
pub(super) fn contradictions(report: &Report) -> Vec<String> {
    let number = report.exemptions.len();
    if number > EXEMPTIONS_MAX {
        return vec![format!("`exemptions` has {number} entries, more than {EXEMPTIONS_MAX}")];
    }
    let mut found = Vec::new();
    for (index, said) in report.exemptions.iter().enumerate() {
        let place = format!("`exemptions[{index}]` ({})", said.pattern);
        let Some(exemption) = exemption(said) else {
            found.push(format!("{place}: the rule refuses its `pattern` or `until`"));
            continue;
        };
        let is = ExemptionReport::of(&exemption, &report.trails, report.generated_at);
        if said.state != is.state {
            let (said, is) = (said.state.as_str(), is.state.as_str());
            found.push(format!("{place}: its `state` is {said}, but it is {is}"));
        }
        if said.trails != is.trails {
            let (said, is) = (said.trails, is.trails);
            found.push(format!("{place}: its `trails` is {said}, but it matches {is}"));
        }
    }
    found
}

/// The exemption as the rule reads it.
fn exemption(said: &ExemptionReport) -> Option<Exemption> {
    let day = said.until.as_ref().map_or_else(String::new, |day| format!("@{day}"));
    let text = format!("{}{day}", said.pattern);
    let given = Map::from_iter([("exemptTrails".to_owned(), Value::from(text))]);
    let read = Parameters::parse(&given).ok()?.exempt_trails;
    let mut read = read.into_iter();
    read.next().filter(|_| read.next().is_none())
}
