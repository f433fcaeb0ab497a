//! Objects that may be newer than the newest file, wherever they are in the folder of a Region.

use trailseal_logs::live::{Cause, Gap, Mode};

use crate::live::bucket::{Headers, LISTED_MODIFIED};
use crate::live::support::{bucket, log, plain, run, scope, sealed};

const ACCOUNT: &str = "111122223333";

const FOLDER: &str = "AWSLogs/111122223333/CloudTrail/eu-central-1/";

const MODES: [Mode; 3] = [Mode::Sample, Mode::Monthly, Mode::All];

const FILES_WRITTEN: &str = "2026-09-30T12:00:00.000Z";

const LATER: &str = "2026-09-30T12:00:00.001Z";

fn written(mut headers: Headers, time: &str) -> Headers {
    headers.push((LISTED_MODIFIED, time.to_owned()));
    headers
}

/// A file for each hour of some days of each month, which end on 2026-09-30.
fn history(months: &[&str]) -> Vec<(String, Headers)> {
    let days = months.iter().flat_map(|month| [1, 15, 30].map(|day| format!("{month}-{day:02}")));
    let hours =
        days.flat_map(|day| (0..12).map(move |hour| log(ACCOUNT, &format!("{day}T{hour:02}:00"))));
    hours.map(|key| (key, written(sealed(), FILES_WRITTEN))).collect()
}

fn may_be_newer(place: &str, key: &str) -> Vec<Gap> {
    vec![Gap { place: place.to_owned(), cause: Cause::MayBeNewer { key: key.to_owned() } }]
}

/// The search for the file where the encryption changed lists days between the oldest and the
/// newest file.
#[tokio::test]
async fn an_object_that_the_search_for_a_change_lists_is_a_gap_if_it_was_written_last() {
    let odd = format!("{FOLDER}2026/09/15/0.json.gz");
    for (time, is_gap) in [(FILES_WRITTEN, false), (LATER, true)] {
        let files = history(&["2026-09"]).into_iter().enumerate();
        let files = files.map(|(number, (key, headers))| match number {
            0..20 => (key, written(plain(), FILES_WRITTEN)),
            _ => (key, headers),
        });
        let mut objects: Vec<_> = files.collect();
        objects.push((odd.clone(), written(sealed(), time)));
        let bucket = bucket(objects).await;
        for mode in MODES {
            let outcome = run(&bucket, scope(mode)).await;
            let expected = may_be_newer(FOLDER, &odd);
            assert_eq!(outcome.gaps, if is_gap { expected } else { vec![] }, "{time} {mode:?}");
            assert_eq!(outcome.coverage.unrecognized, 1, "{time} {mode:?}");
        }
    }
}
