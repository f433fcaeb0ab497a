//! Scheduled runs with increasing numbers of trails, compared with a replay of the same calls.

use std::error::Error;
use std::time::Duration;

use trailseal_lab::{Function, Outcome};

use crate::Settings;
use crate::bare;
use crate::figure::{Figure, Sorted, line};
use crate::testbed::{Over, Testbed};

const TIME: Duration = Duration::from_secs(60);
const LATENCY: Duration = Duration::from_millis(20);
/// The maximum number of trails in a Region.
const QUOTA: usize = 5;
const TRAILS: [usize; 5] = [1, QUOTA, 10, 100, 1000];
/// Trails and their IDs are read concurrently, then key and bucket concurrently, then evaluations
/// are submitted: no run with a trail can be faster than three round trips.
const WAVES: u32 = 3;
/// The maximum number of runs without latency; fewer with many trails.
const RUNS: usize = 200;
const TRAILS_IN_ALL_MAX: usize = 100_000;
/// Runs with latency, which makes them all similar.
const LATE_RUNS: usize = 10;

pub(crate) async fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for trails in TRAILS {
        let (time, peak) = with(trails, settings).await?;
        times.push((trails as f64, time));
        peaks.push((trails as f64, peak));
    }
    let path = (LATENCY * WAVES).as_secs_f64() * 1e3;
    Figure::once("schedule.path", "three answers one after the other, 20 ms latency", path, "ms")
        .print()?;
    for (id, points, unit) in
        [("schedule.time", &times, "ms/trail"), ("schedule.peak", &peaks, "MiB/trail")]
    {
        let (slope, _, fit) = line(points);
        Figure::once(&format!("{id}.slope"), "each further trail", slope, unit).print()?;
        Figure::once(&format!("{id}.fit"), "how straight that line is (R²)", fit, "of 1")
            .print()?;
    }
    Ok(())
}

/// Measures with this number of trails; returns the median without latency in milliseconds, and the
/// peak memory in MiB.
async fn with(trails: usize, settings: &Settings) -> Result<(f64, f64), Box<dyn Error>> {
    let testbed = Testbed::new(trails, &settings.folder).await?;
    let event = testbed.schedule();
    let of_bare = bare::settings(settings, &testbed, &event, Over::Http).await?;
    let of_function = testbed.settings_of_one_address(Over::Http);
    let mut function = Function::spawn(&settings.function, &testbed.lab, of_function).await?;
    let mut bare = Function::spawn(&settings.bare, &testbed.lab, of_bare).await?;
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for run in 0..=settings.runs.unwrap_or(RUNS).min(TRAILS_IN_ALL_MAX / trails) {
        let took = once(&mut function, &testbed, &event, trails).await?;
        let bare_took = once(&mut bare, &testbed, &event, trails).await?;
        // The first run, which opens connections, does not count.
        if run > 0 {
            ours.push(took);
            bares.push(bare_took);
        }
    }
    let (ours, bares) = (Sorted::milliseconds(&ours), Sorted::milliseconds(&bares));
    let (id, words) = (format!("schedule.{trails}"), format!("a schedule, {trails} trails"));
    Figure::median(&id, &format!("{words}, no latency"), &ours, "ms").print()?;
    let about = format!("{words}, no latency: 99 of 100 within");
    Figure::once(&format!("{id}.p99"), &about, ours.at(0.99), "ms").print()?;
    let about = format!("{words}: the same calls made bare, one after the other");
    Figure::median(&format!("{id}.bare"), &about, &bares, "ms").print()?;
    let peak = function.memory().ok_or("the function is gone")?.peak_kib as f64 / 1024.0;
    Figure::once(&format!("{id}.memory"), &format!("{words}: most memory"), peak, "MiB").print()?;

    testbed.lab.set_latency(LATENCY);
    let mut late = Vec::new();
    for _ in 0..LATE_RUNS {
        late.push(once(&mut function, &testbed, &event, trails).await?);
    }
    let late = Sorted::milliseconds(&late);
    Figure::median(&format!("{id}.20ms"), &format!("{words}, 20 ms latency"), &late, "ms")
        .print()?;
    Ok((ours.at(0.5), peak))
}

/// One run, which must submit an evaluation for each trail.
async fn once(
    function: &mut Function,
    testbed: &Testbed,
    event: &[u8],
    trails: usize,
) -> Result<Duration, Box<dyn Error>> {
    let invocation = function.invoke(event, TIME).await?;
    let put = testbed.lab.take_put_evaluations().len();
    drop((testbed.lab.take_calls(), function.take_lines()?));
    if matches!(invocation.outcome, Outcome::Response(_)) && put == trails {
        return Ok(invocation.duration);
    }
    Err(format!("{trails} trails: {:?}, {put} evaluations", invocation.outcome).into())
}
