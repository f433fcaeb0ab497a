//! Measured figures, each one line of JSON.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// Its machine-readable name: the part of the benchmark, and the measured quantity.
    id: String,
    /// Its readable name.
    about: String,
    value: f64,
    unit: &'static str,
    /// Nine of ten values are above it, and nine of ten are below the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    p10: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p90: Option<f64>,
    /// The number of measured values.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<usize>,
}

impl Figure {
    /// A figure that was measured once.
    pub(crate) fn once(id: &str, about: &str, value: f64, unit: &'static str) -> Self {
        let (id, about) = (id.to_owned(), about.to_owned());
        Self { id, about, value: rounded(value), unit, p10: None, p90: None, runs: None }
    }

    pub(crate) fn median(id: &str, about: &str, values: &Sorted, unit: &'static str) -> Self {
        Self {
            p10: Some(rounded(values.at(0.1))),
            p90: Some(rounded(values.at(0.9))),
            runs: Some(values.0.len()),
            ..Self::once(id, about, values.at(0.5), unit)
        }
    }

    /// Writes it to the standard output.
    pub(crate) fn print(&self) -> Result<(), Box<dyn Error>> {
        let mut out = stdout().lock();
        serde_json::to_writer(&mut out, self)?;
        writeln!(out)?;
        Ok(out.flush()?)
    }
}

/// Four significant digits or more are noise.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[derive(Clone, Debug)]
pub(crate) struct Sorted(Vec<f64>);

impl Sorted {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn milliseconds(durations: &[Duration]) -> Self {
        Self::of(durations.iter().map(|duration| duration.as_secs_f64() * 1e3).collect())
    }

    /// The value at this quantile; 0 if there are no values.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1) as f64;
        self.0.get((last * share).round() as usize).copied().unwrap_or_default()
    }
}

/// The least-squares line through points, and its coefficient of determination (1 is a perfect
/// fit).
pub(crate) fn line(points: &[(f64, f64)]) -> (f64, f64, f64) {
    let number = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / number;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        points.iter().map(|point| of(point.0 - x, point.1 - y)).sum()
    };
    let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
    let slope = xy / xx;
    (slope, y - slope * x, xy * xy / (xx * yy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_line() {
        let (slope, offset, fit) = line(&[(0.0, 1.0), (1.0, 3.0), (10.0, 21.0)]);
        assert!((slope - 2.0).abs() < 1e-9 && (offset - 1.0).abs() < 1e-9, "{slope} {offset}");
        assert!((fit - 1.0).abs() < 1e-9, "{fit}");
    }

    #[test]
    fn finds_and_rounds_percentiles() {
        let values = Sorted::of((0..=100).rev().map(f64::from).collect());
        assert_eq!((values.at(0.5), values.at(0.99), values.at(0.0)), (50.0, 99.0, 0.0));
        assert_eq!(Sorted::of(Vec::new()).at(0.5), 0.0);
        assert_eq!((rounded(1234.56), rounded(0.012_345_6), rounded(0.0)), (1235.0, 0.01235, 0.0));
    }
}
