//! Instructions of one change in a warm function, counted by callgrind: the same in every run.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use trailseal_lab::{Function, FunctionSettings};

use crate::Settings;
use crate::bare;
use crate::figure::Figure;
use crate::testbed::{Over, Testbed};
use crate::warm::once;

/// The difference between a longer and a shorter run is counted.
const SHORT: usize = 20;
const LONG: usize = 120;

pub(crate) async fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let testbed = Testbed::new(1, &settings.folder).await?;
    let event = testbed.change(&[]);
    let over = Over::Http;
    let bare = bare::settings(settings, &testbed, &event, over).await?;
    let of_function = testbed.settings_of_one_address(over);
    for (id, about, program, of_program) in [
        ("instructions", "instructions of a change, warm, HTTP", &settings.function, of_function),
        (
            "instructions.sdk",
            "instructions of its calls with the SDK alone",
            &settings.sdk,
            bare.clone(),
        ),
        ("instructions.bare", "instructions of the same calls made bare", &settings.bare, bare),
    ] {
        // The output of the longer run is kept for `callgrind_annotate`.
        let out = settings.folder.join(format!("callgrind.{id}.out"));
        let short = count(&testbed, program, &of_program, &event, SHORT, &out).await?;
        let long = count(&testbed, program, &of_program, &event, LONG, &out).await?;
        let each = (long - short) / (LONG - SHORT) as f64 / 1e3;
        Figure::once(id, about, each, "thousand").print()?;
        if id == "instructions" {
            let words = "instructions of a cold start and 20 changes, HTTP";
            Figure::once("instructions.cold", words, short / 1e3, "thousand").print()?;
        }
    }
    Ok(())
}

/// The instructions of a process that handles this number of events.
async fn count(
    testbed: &Testbed,
    program: &Path,
    settings: &FunctionSettings,
    event: &[u8],
    events: usize,
    out: &Path,
) -> Result<f64, Box<dyn Error>> {
    if out.exists() {
        fs::remove_file(out)?;
    }
    let mut settings = settings.clone();
    settings.arguments = vec![
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", out.display()),
        program.display().to_string(),
    ];
    let mut function = Function::spawn(Path::new("valgrind"), &testbed.lab, settings).await?;
    for _ in 0..events {
        once(&mut function, testbed, event).await?;
    }
    let process = function.process_id().ok_or("the function is gone")?;
    // Callgrind writes its counts when the process is terminated; it could not if it were killed.
    Command::new("kill").arg("-TERM").arg(process.to_string()).status()?;
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(out).unwrap_or_default();
        let total = text.lines().find_map(|line| line.strip_prefix("summary: "));
        if let Some(total) = total {
            return Ok(total.trim().parse()?);
        }
        if begun.elapsed() > Duration::from_secs(20) {
            return Err(format!("`{}` has no summary", out.display()).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
