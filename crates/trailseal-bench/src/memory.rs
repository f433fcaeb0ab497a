//! Memory after many events.

use std::error::Error;

use trailseal_lab::{Function, Memory};

use crate::Settings;
use crate::figure::Figure;
use crate::testbed::{Over, Testbed};
use crate::warm::once;

const EARLY: usize = 100;
const EVENTS: usize = 10_000;

pub(crate) async fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let testbed = Testbed::new(1, &settings.folder).await?;
    let event = testbed.change(&[]);
    let mut function =
        Function::spawn(&settings.function, &testbed.lab, testbed.settings(Over::Tls)).await?;
    for number in 1..=EVENTS {
        once(&mut function, &testbed, &event).await?;
        if number == EARLY || number == EVENTS {
            print(number, function.memory().ok_or("the function is gone")?)?;
        }
    }
    Ok(())
}

fn print(events: usize, memory: Memory) -> Result<(), Box<dyn Error>> {
    for (id, kib) in [("peak", memory.peak_kib), ("resident", memory.resident_kib)] {
        let words = format!("{id} memory after {events} events, TLS");
        let mib = kib as f64 / 1024.0;
        Figure::once(&format!("memory.{events}.{id}"), &words, mib, "MiB").print()?;
    }
    Ok(())
}
