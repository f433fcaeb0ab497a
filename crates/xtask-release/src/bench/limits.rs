//! The limits of figures, absolute or relative to another figure of the same run.

use crate::bench::figure::Figure;

#[derive(Clone, Copy, Debug)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

use Limit::{AtLeast, AtMost};

/// A figure by which another one is divided, and its name in a sentence.
type Divisor = (&'static str, &'static str);

const LIMITS: [(&str, Limit, Option<Divisor>); 38] = [
    ("cold.tls", AtMost(3.5), Some(("cold.empty", "an empty function"))),
    ("cold.python-tls", AtLeast(45.0), Some(("cold.tls", "the function"))),
    ("cold.hook", AtMost(1.2), Some(("cold.tls", "the rule's function"))),
    ("cold.tls.memory", AtMost(9.0), None),
    ("memory.10000.peak", AtMost(9.0), None),
    ("warm.http", AtMost(1.15), Some(("warm.http.sdk", "the SDK's calls alone"))),
    ("warm.tls", AtMost(1.15), Some(("warm.tls.sdk", "the SDK's calls alone"))),
    ("schedule.5.20ms", AtMost(1.5), Some(("schedule.path", "the critical path"))),
    ("schedule.time.fit", AtLeast(0.99), None),
    ("size.x86_64", AtMost(3.0), None),
    ("size.arm64", AtMost(3.0), None),
    ("size.hook.x86_64", AtMost(3.0), None),
    ("size.hook.arm64", AtMost(3.0), None),
    ("rule.1", AtLeast(1e6), None),
    ("rule.100000", AtLeast(1e6), None),
    ("check.ofRead", AtLeast(0.25), None),
    ("check.timesJq", AtLeast(50.0), None),
    ("check.gzOfInflate", AtLeast(0.8), None),
    ("check.peakKib.check", AtMost(15_625.0), None),
    ("audit.ratio", AtMost(1.5), None),
    ("audit.peakMegabytes", AtMost(300.0), None),
    ("inventory.csv.ofDuckdb", AtMost(1.0), None),
    ("inventory.csv.ofLinear", AtMost(1.25), None),
    ("inventory.csv.peakMegabytes", AtMost(64.0), None),
    ("inventory.parquet.ofDuckdb", AtMost(1.0), None),
    ("inventory.parquet.ofLinear", AtMost(1.25), None),
    ("inventory.parquet.peakMegabytes", AtMost(64.0), None),
    ("logs.ratio", AtMost(1.2), None),
    ("logs.peakMegabytes", AtMost(64.0), None),
    ("preview.plan.seconds", AtMost(1.0), None),
    ("preview.plan.peakMegabytes", AtMost(200.0), None),
    ("preview.keysPlan.seconds", AtMost(1.0), None),
    ("preview.keysPlan.peakMegabytes", AtMost(200.0), None),
    ("preview.template.seconds", AtMost(1.0), None),
    ("html.interactive_ms", AtMost(3000.0), None),
    ("faults.lost.trailseal", AtMost(0.0), None),
    ("peers.medianSeconds.prowler", AtLeast(20.0), Some(("peers.medianSeconds.trailseal", "ours"))),
    (
        "peers.medianSeconds.custodian",
        AtLeast(3.0),
        Some(("peers.medianSeconds.trailseal", "ours")),
    ),
];

/// A figure compared with its limit.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) ratio: Option<f64>,
    pub(crate) limit: String,
    pub(crate) is_met: bool,
}

/// Compares a figure; `None` if it has no limit, or if the divisor was not measured.
pub(crate) fn compare(figure: &Figure, all: &[Figure]) -> Option<Comparison> {
    let (_, limit, divisor) = LIMITS.iter().find(|(id, ..)| *id == figure.text("id"))?;
    let (ratio, unit) = match divisor {
        None => (None, figure.text("unit").to_owned()),
        Some((id, name)) => {
            let divisor = all.iter().find(|other| other.text("id") == *id)?;
            (Some(figure.value() / divisor.value()), format!("x {name}"))
        }
    };
    let measured = ratio.unwrap_or(figure.value());
    let (limit, is_met) = match limit {
        AtMost(value) => (format!("at most {value} {unit}"), measured <= *value),
        AtLeast(value) => (format!("at least {value} {unit}"), measured >= *value),
    };
    Some(Comparison { ratio, limit, is_met })
}

/// The figures of these parts that have a limit and cannot be compared with it, because they or their
/// divisors were not measured. The name of a figure begins with its part.
pub(crate) fn not_compared(parts: &[String], figures: &[Figure]) -> Vec<&'static str> {
    let of_id = |id: &str| figures.iter().find(|figure| figure.text("id") == id);
    let is_compared = |id: &str| of_id(id).is_some_and(|figure| compare(figure, figures).is_some());
    let has_part = |id: &str| {
        id.split_once('.').is_some_and(|(part, _)| parts.iter().any(|named| named == part))
    };
    let ids = LIMITS.iter().map(|(id, ..)| *id);
    ids.filter(|id| has_part(id) && !is_compared(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(id: &str, value: f64) -> Figure {
        Figure::new(id, id, value, "ms")
    }

    #[test]
    fn a_figure_is_compared_with_its_limit() {
        let all = [figure("warm.http", 1.15), figure("warm.http.sdk", 1.0)];
        let met = compare(&all[0], &all).unwrap();
        let limit = "at most 1.15 x the SDK's calls alone";
        assert_eq!((met.limit.as_str(), met.is_met), (limit, true));
        assert!(compare(&all[1], &all).is_none());
        assert!(!compare(&figure("rule.1", 999_999.0), &[]).unwrap().is_met);
    }

    #[test]
    fn without_the_divisor_there_is_no_comparison() {
        assert!(compare(&figure("cold.tls", 5.0), &[]).is_none());
    }

    #[test]
    fn figures_with_a_limit_that_cannot_be_compared_are_named() {
        let parts = ["rule", "memory", "warm"].map(str::to_owned);
        assert_eq!(
            not_compared(&parts, &[figure("rule.1", 1.0), figure("warm.http", 1.0)]),
            ["memory.10000.peak", "warm.http", "warm.tls", "rule.100000"]
        );
        assert!(not_compared(&[], &[]).is_empty());
    }
}
