//! The bars: what a figure must come to, by itself or against another one of the same run.

use crate::bench::figure::Figure;

/// Which side of the bar is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    AtMost,
    AtLeast,
}

/// What a figure must come to.
#[derive(Clone, Copy, Debug)]
struct Bar {
    of: &'static str,
    /// The figure that it is divided by, and its name in a sentence.
    against: Option<(&'static str, &'static str)>,
    side: Side,
    bar: f64,
}

const fn at_most(of: &'static str, bar: f64) -> Bar {
    Bar { of, against: None, side: Side::AtMost, bar }
}

const fn at_least(of: &'static str, bar: f64) -> Bar {
    Bar { of, against: None, side: Side::AtLeast, bar }
}

impl Bar {
    const fn times(self, figure: &'static str, name: &'static str) -> Self {
        Self { against: Some((figure, name)), ..self }
    }
}

const BARS: [Bar; 21] = [
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

/// A figure beside its bar.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) figure: Figure,
    pub(crate) ratio: Option<f64>,
    pub(crate) bar: Option<Held>,
}

/// A bar, and whether it is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) words: String,
    pub(crate) is_met: bool,
}

/// Each figure, with its bar if it has one and what it is divided by was measured too.
pub(crate) fn rows(figures: &[Figure]) -> Vec<Row> {
    figures.iter().map(|figure| row(figure, figures)).collect()
}

fn row(figure: &Figure, figures: &[Figure]) -> Row {
    let none = Row { figure: figure.clone(), ratio: None, bar: None };
    let Some(bar) = BARS.iter().find(|bar| bar.of == figure.id) else { return none };
    let (ratio, measured, what) = match bar.against {
        None => (None, figure.value, figure.unit.clone()),
        Some((against, name)) => {
            let Some(other) = figures.iter().find(|other| other.id == against) else {
                return none;
            };
            let ratio = figure.value / other.value;
            (Some(ratio), ratio, format!("x {name}"))
        }
    };
    let (words, is_met) = match bar.side {
        Side::AtMost => ("at most", measured <= bar.bar),
        Side::AtLeast => ("at least", measured >= bar.bar),
    };
    let words = format!("{words} {} {what}", bar.bar);
    Row { ratio, bar: Some(Held { words, is_met }), ..none }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(id: &str, value: f64) -> Figure {
        Figure::once(id, id, value, "ms")
    }

    #[test]
    fn a_figure_is_held_against_its_bar() {
        let all = rows(&[figure("warm.http", 1.3), figure("warm.http.bare", 1.0)]);
        let held = all[0].bar.clone().unwrap();
        assert_eq!((held.words.as_str(), held.is_met), ("at most 1.3 x the bare calls", true));
        assert!(all[1].bar.is_none());
        let low = rows(&[figure("rule.1", 999_999.0)]);
        assert!(!low[0].bar.as_ref().unwrap().is_met);
    }

    #[test]
    fn what_was_not_measured_is_not_divided_by() {
        let alone = rows(&[figure("cold.tls", 5.0)]);
        assert!(alone[0].ratio.is_none() && alone[0].bar.is_none());
    }
}
