//! A change in a warm function, compared with the same calls of the SDK alone, and with a replay of
//! the requests without the SDK.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use trailseal_lab::{Function, FunctionSettings, Outcome};

use crate::Settings;
use crate::bare;
use crate::figure::{Figure, Sorted};
use crate::testbed::{Over, Testbed};

const TIME: Duration = Duration::from_secs(30);
/// Unmeasured events at the start and after each change of the measured program.
const UNMEASURED: usize = 200;
const BLOCK: usize = 100;

/// Measures the programs in turn, in blocks of events.
pub(crate) async fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    for (over, id, words) in [(Over::Http, "http", "HTTP"), (Over::Tls, "tls", "TLS")] {
        let testbed = Testbed::new(1, &settings.folder).await?;
        let event = testbed.change(&[]);
        let of_function = testbed.settings_of_one_address(over);
        let of_bare = bare::settings(settings, &testbed, &event, over).await?;
        let mut function = Warm::start(&settings.function, &testbed, of_function, &event).await?;
        let mut sdk = Warm::start(&settings.sdk, &testbed, of_bare.clone(), &event).await?;
        let mut bare = Warm::start(&settings.bare, &testbed, of_bare, &event).await?;
        for _ in 0..settings.runs.unwrap_or(40) {
            function.block(&testbed).await?;
            sdk.block(&testbed).await?;
            bare.block(&testbed).await?;
        }
        function.print(&format!("warm.{id}"), &format!("a change, warm, {words}"))?;
        sdk.print(
            &format!("warm.{id}.sdk"),
            &format!("its calls made with the SDK alone, {words}"),
        )?;
        bare.print(&format!("warm.{id}.bare"), &format!("the same calls made bare, {words}"))?;
    }
    Ok(())
}

struct Warm<'a> {
    function: Function,
    event: &'a [u8],
    durations: Vec<Duration>,
}

impl<'a> Warm<'a> {
    async fn start(
        program: &Path,
        testbed: &Testbed,
        settings: FunctionSettings,
        event: &'a [u8],
    ) -> Result<Self, Box<dyn Error>> {
        let mut function = Function::spawn(program, &testbed.lab, settings).await?;
        for _ in 0..UNMEASURED {
            once(&mut function, testbed, event).await?;
        }
        Ok(Self { function, event, durations: Vec::new() })
    }

    async fn block(&mut self, testbed: &Testbed) -> Result<(), Box<dyn Error>> {
        for _ in 0..BLOCK {
            self.durations.push(once(&mut self.function, testbed, self.event).await?);
        }
        Ok(())
    }

    fn print(&self, id: &str, about: &str) -> Result<(), Box<dyn Error>> {
        let sorted = Sorted::milliseconds(&self.durations);
        Figure::median(id, about, &sorted, "ms").print()?;
        let words = format!("{about}: 99 of 100 within");
        Figure::once(&format!("{id}.p99"), &words, sorted.at(0.99), "ms").print()
    }
}

/// One event, which must submit its evaluation with three calls.
pub(crate) async fn once(
    function: &mut Function,
    testbed: &Testbed,
    event: &[u8],
) -> Result<Duration, Box<dyn Error>> {
    let invocation = function.invoke(event, TIME).await?;
    let (calls, put) = (testbed.lab.take_calls().len(), testbed.lab.take_put_evaluations().len());
    drop(function.take_lines()?);
    let answered = matches!(invocation.outcome, Outcome::Response(_));
    if answered && calls == 3 && put == 1 {
        return Ok(invocation.duration);
    }
    let outcome = invocation.outcome;
    Err(format!("{outcome:?} after {calls} calls and {put} evaluations").into())
}
