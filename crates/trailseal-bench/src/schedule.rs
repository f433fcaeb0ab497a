//! Scheduled runs with more and more trails.

use std::error::Error;
use std::time::Duration;

use trailseal_lab::{Function, Outcome};

use crate::Settings;
use crate::figure::{Figure, Sorted, line};
use crate::stand::{Over, Stand};

const TIME: Duration = Duration::from_secs(60);
const LATENCY: Duration = Duration::from_millis(20);
/// The most trails that a Region admits.
const QUOTA: usize = 5;
const TRAILS: [usize; 5] = [1, QUOTA, 10, 100, 1000];
/// The trails and the discovery of their ids at once, then key and bucket at once, then the
/// evaluations: no run with a trail can be faster than three answers.
const WAVES: u32 = 3;

pub(crate) async fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for trails in TRAILS {
        let stand = Stand::new(trails, &settings.folder).await?;
        let of_function = stand.settings_of_one_address(Over::Http);
        let mut function = Function::spawn(&settings.function, &stand.lab, of_function).await?;
        let runs = settings.runs.unwrap_or(20).min(2000 / trails).max(3);
        let at_once = median(&mut function, &stand, trails, runs).await?;
        let words = format!("a schedule, {trails} trails, no latency");
        Figure::median(&format!("schedule.{trails}"), &words, &at_once, "ms").tell()?;
        let peak = function.memory().map(|memory| memory.peak_kib as f64 / 1024.0);
        let peak = peak.unwrap_or_default();
        let words = format!("most memory in a schedule, {trails} trails");
        Figure::once(&format!("schedule.{trails}.memory"), &words, peak, "MiB").tell()?;
        times.push((trails as f64, at_once.at(0.5)));
        peaks.push((trails as f64, peak));
        stand.lab.set_latency(LATENCY);
        let late = median(&mut function, &stand, trails, runs.min(10)).await?;
        let words = format!("a schedule, {trails} trails, 20 ms latency");
        Figure::median(&format!("schedule.{trails}.20ms"), &words, &late, "ms").tell()?;
    }
    let path = (LATENCY * WAVES).as_secs_f64() * 1e3;
    Figure::once("schedule.path", "three answers one after the other, 20 ms latency", path, "ms")
        .tell()?;
    for (id, points, unit) in
        [("schedule.time", &times, "ms/trail"), ("schedule.peak", &peaks, "MiB/trail")]
    {
        let (slope, _, fit) = line(points);
        Figure::once(&format!("{id}.slope"), "each further trail", slope, unit).tell()?;
        Figure::once(&format!("{id}.fit"), "how straight that line is (R²)", fit, "of 1").tell()?;
    }
    Ok(())
}

/// The first run, which opens connections, does not count.
async fn median(
    function: &mut Function,
    stand: &Stand,
    trails: usize,
    runs: usize,
) -> Result<Sorted, Box<dyn Error>> {
    let event = stand.schedule();
    let mut durations = Vec::new();
    for run in 0..=runs {
        let invocation = function.invoke(&event, TIME).await?;
        let put = stand.lab.take_put_evaluations().len();
        drop((stand.lab.take_calls(), function.take_lines()?));
        if !matches!(invocation.outcome, Outcome::Response(_)) || put != trails {
            let outcome = invocation.outcome;
            return Err(format!("{trails} trails: {outcome:?}, {put} evaluations").into());
        }
        if run > 0 {
            durations.push(invocation.duration);
        }
    }
    Ok(Sorted::milliseconds(&durations))
}
