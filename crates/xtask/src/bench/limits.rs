//! The limits of figures, by themselves or relative to another figure of the same run.

use crate::bench::figure::Figure;

/// Whether a limit is a maximum or a minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    AtMost,
    AtLeast,
}

/// The limit of a figure.
#[derive(Clone, Copy, Debug)]
struct Limit {
    figure: &'static str,
    /// The figure by which it is divided, and that figure's name in a sentence.
    divisor: Option<(&'static str, &'static str)>,
    side: Side,
    value: f64,
}

const fn at_most(figure: &'static str, value: f64) -> Limit {
    Limit { figure, divisor: None, side: Side::AtMost, value }
}

const fn at_least(figure: &'static str, value: f64) -> Limit {
    Limit { figure, divisor: None, side: Side::AtLeast, value }
}

impl Limit {
    const fn times(self, figure: &'static str, name: &'static str) -> Self {
        Self { divisor: Some((figure, name)), ..self }
    }
}

const LIMITS: [Limit; 21] = [
    at_most("cold.tls", 3.5).times("cold.empty", "an empty function"),
    at_least("cold.python-tls", 45.0).times("cold.tls", "the function"),
    at_most("cold.tls.memory", 9.0),
    at_most("memory.10000.peak", 9.0),
    at_most("warm.http", 1.3).times("warm.http.bare", "the bare calls"),
    at_most("warm.tls", 1.3).times("warm.tls.bare", "the bare calls"),
    at_most("schedule.5.20ms", 1.5).times("schedule.path", "the critical path"),
    at_least("schedule.time.fit", 0.99),
    at_most("size.x86_64", 3.0),
    at_most("size.arm64", 3.0),
    at_least("rule.1", 1e6),
    at_least("rule.100000", 1e6),
    at_least("check.ofRead", 0.25),
    at_least("check.timesJq", 50.0),
    at_least("check.gzOfInflate", 0.8),
    at_most("check.peakKib.check", 15_625.0),
    at_most("audit.ratio", 1.5),
    at_most("audit.peakMegabytes", 300.0),
    at_most("html.interactive_ms", 3000.0),
    at_least("peers.medianSeconds.prowler", 20.0).times("peers.medianSeconds.trailseal", "ours"),
    at_least("peers.medianSeconds.custodian", 3.0).times("peers.medianSeconds.trailseal", "ours"),
];

/// A figure and its limit.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) figure: Figure,
    pub(crate) ratio: Option<f64>,
    pub(crate) limit: Option<LimitResult>,
}

/// A limit, and whether the figure meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LimitResult {
    pub(crate) text: String,
    pub(crate) is_met: bool,
}

/// Each figure, with its limit if it has one and the divisor was measured too.
pub(crate) fn rows(figures: &[Figure]) -> Vec<Row> {
    figures.iter().map(|figure| row(figure, figures)).collect()
}

fn row(figure: &Figure, figures: &[Figure]) -> Row {
    let none = Row { figure: figure.clone(), ratio: None, limit: None };
    let Some(limit) = LIMITS.iter().find(|limit| limit.figure == figure.id) else { return none };
    let (ratio, measured, unit) = match limit.divisor {
        None => (None, figure.value, figure.unit.clone()),
        Some((divisor, name)) => {
            let Some(divisor) = figures.iter().find(|other| other.id == divisor) else {
                return none;
            };
            let ratio = figure.value / divisor.value;
            (Some(ratio), ratio, format!("x {name}"))
        }
    };
    let (side, is_met) = match limit.side {
        Side::AtMost => ("at most", measured <= limit.value),
        Side::AtLeast => ("at least", measured >= limit.value),
    };
    let text = format!("{side} {} {unit}", limit.value);
    Row { ratio, limit: Some(LimitResult { text, is_met }), ..none }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(id: &str, value: f64) -> Figure {
        Figure::new(id, id, value, "ms")
    }

    #[test]
    fn a_figure_is_compared_with_its_limit() {
        let all = rows(&[figure("warm.http", 1.3), figure("warm.http.bare", 1.0)]);
        let limit = all[0].limit.clone().unwrap();
        assert_eq!((limit.text.as_str(), limit.is_met), ("at most 1.3 x the bare calls", true));
        assert!(all[1].limit.is_none());
        let low = rows(&[figure("rule.1", 999_999.0)]);
        assert!(!low[0].limit.as_ref().unwrap().is_met);
    }

    #[test]
    fn without_the_divisor_there_is_no_limit() {
        let alone = rows(&[figure("cold.tls", 5.0)]);
        assert!(alone[0].ratio.is_none() && alone[0].limit.is_none());
    }
}
