//! What holds for any log files.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRng, TestRunner};
use trailseal_rule::{LogFile, LogFolder, Outcome, Reading};

use super::log_files::{
    Encryption, HOUR, file, of_another, of_unknown_writers, other_trail, outcome_of, own, plain,
    sealed, shared, unnamed, unread,
};

fn folders() -> impl Strategy<Value = Vec<LogFolder>> {
    let encryption = select(vec![sealed(), sealed(), plain(), unread(), unnamed()]);
    // Steps of half an hour around T, and of days around the last 7 days.
    let ago = select(vec![0, 1, 2, 3, 4, 5, 48, 96, 336, 337, 384, 432]);
    let files = vec((ago, encryption), 0..5).prop_map(|files| {
        let one = |(ago, encryption)| file(ago * HOUR / 2, encryption);
        files.into_iter().map(one).collect::<Vec<_>>()
    });
    let kind = select(vec![own, own, own, shared, of_unknown_writers]);
    let folder = (kind, files).prop_map(|(kind, files)| kind("", files));
    vec(folder, 1..5).prop_map(|mut folders| {
        for (number, folder) in folders.iter_mut().enumerate() {
            folder.name = format!("folder {number}");
        }
        folders
    })
}

/// The first sealed file is the only exception to the second part: without it T is later, and a
/// folder can be one without a delivery since T.
#[test]
fn a_file_that_is_not_sealed_or_not_read_never_improves_the_outcome() {
    let config = Config { cases: 4_000, failure_persistence: None, ..Config::default() };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(Default::default()));
    let change = (folders(), any::<Index>());
    let tested = runner.run(&change, |(folders, index)| {
        let is_sealed = |file: &LogFile| file.encryption == sealed();
        let places: Vec<(usize, usize)> = folders
            .iter()
            .enumerate()
            .flat_map(|(at, folder)| (0..folder.files.len()).map(move |one| (at, one)))
            .filter(|(at, one)| is_sealed(&folders[*at].files[*one]))
            .collect();
        if places.is_empty() || outcome_of(&folders) == Outcome::Pass {
            return Ok(());
        }
        let (at, one) = *index.get(&places);
        let changed = |encryption: Encryption| {
            let mut folders = folders.clone();
            folders[at].files[one].encryption = encryption;
            outcome_of(&folders)
        };
        for worse in [unread(), unnamed(), Reading::Absent] {
            assert_ne!(changed(worse), Outcome::Pass, "{folders:#?} {at} {one}");
        }
        let mut doubted = folders.clone();
        doubted[at].files[one] = of_another(doubted[at].files[one].clone());
        assert_ne!(outcome_of(&doubted), Outcome::Pass, "{folders:#?} {at} {one}");
        let first_of = |counts: fn(&LogFolder) -> bool| {
            let counted = folders.iter().filter(|folder| counts(folder));
            let files = counted.flat_map(|folder| &folder.files).filter(|file| is_sealed(file));
            files.map(|file| file.delivered).min()
        };
        let first = [
            first_of(|folder| folder.other_writers == Reading::Known(Vec::new())),
            first_of(|folder| folder.other_writers != Reading::Known(vec![other_trail()])),
        ];
        if !first.contains(&Some(folders[at].files[one].delivered)) {
            assert_ne!(changed(plain()), Outcome::Pass, "{folders:#?} {at} {one}");
        }
        Ok(())
    });
    tested.unwrap();
}
