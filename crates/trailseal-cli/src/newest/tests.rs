use super::*;

/// The content of a resource.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State(&'static str);

impl Observed for State {
    fn differs_from(&self, other: &Self) -> bool {
        self != other
    }
}

fn item(
    captured: Option<i64>,
    state: Option<u64>,
    source: usize,
    content: &'static str,
) -> Entry<State> {
    let captured = captured.map(Timestamp::from_epoch_millis);
    (Observation { captured, state, source, position: 0 }, State(content))
}

fn orders<T: Copy>(all: &[T]) -> Vec<Vec<T>> {
    if all.is_empty() {
        return vec![Vec::new()];
    }
    let mut orders_of_all = Vec::new();
    for place in 0..all.len() {
        let mut rest = all.to_vec();
        let first = rest.remove(place);
        for order in orders(&rest) {
            orders_of_all.push([&[first][..], &order].concat());
        }
    }
    orders_of_all
}

/// Adds the entries in every order, split in every way between two maps that are then merged.
fn check(entries: &[Entry<State>], used: Option<(State, usize)>, conflict: Option<Conflict>) {
    for order in orders(entries) {
        for cut in 0..=order.len() {
            let (one, other) = order.split_at(cut);
            let [mut newest, second] = [one, other].map(|part| {
                let mut newest = Newest::default();
                for (observation, value) in part {
                    newest.add("key", *observation, *value);
                }
                newest
            });
            newest.merge(second);
            let found: Vec<Conflict> =
                newest.drop_conflicts().map(|(_, conflict)| conflict).collect();
            assert_eq!(found, Vec::from_iter(conflict), "{order:?}");
            let value = newest.iter().next();
            let value = value.map(|(_, observation, value)| (*value, observation.source));
            assert_eq!(value, used, "{order:?}");
            assert_eq!(newest.get(&"key").copied(), used.map(|(value, _)| value));
        }
    }
}

fn check_conflict(entries: &[Entry<State>], sources: [usize; 2]) {
    check(entries, None, Some(Conflict { sources }));
}

#[test]
fn the_newest_is_used_in_any_order_of_insertion() {
    let entries = [
        item(Some(1), Some(9), 9, "old"),
        item(Some(1), None, 8, "old without a state"),
        item(Some(2), Some(1), 5, "new"),
        item(Some(2), Some(2), 0, "newest"),
        item(Some(2), Some(2), 3, "newest"),
    ];
    check(&entries, Some((State("newest"), 3)), None);
}

/// Every order reports the same pair.
#[test]
fn different_states_at_the_same_time_conflict() {
    for captured in [None, Some(2)] {
        for state in [None, Some(1)] {
            let entries = [
                item(captured, state, 1, "this"),
                item(captured, state, 2, "that"),
                item(captured, state, 3, "this"),
                item(captured, state, 0, "those"),
            ];
            check_conflict(&entries, [2, 3]);
        }
    }
}

#[test]
fn a_newer_state_resolves_a_conflict() {
    let entries = [
        item(Some(1), None, 1, "this"),
        item(Some(1), None, 2, "that"),
        item(Some(1), Some(1), 0, "those"),
        item(Some(2), None, 3, "newer"),
    ];
    check(&entries, Some((State("newer"), 3)), None);
}

#[test]
fn an_item_without_a_time_or_state_id_is_neither_newer_nor_older() {
    let by_time = [item(Some(2), Some(2), 1, "this"), item(None, None, 0, "that")];
    check_conflict(&by_time, [0, 1]);
    let by_state = [item(Some(2), Some(2), 1, "this"), item(Some(2), None, 0, "that")];
    check_conflict(&by_state, [0, 1]);
    let alike = [
        item(Some(2), Some(2), 1, "this"),
        item(Some(2), None, 0, "this"),
        item(None, Some(3), 7, "this"),
        item(None, None, 9, "this"),
    ];
    check(&alike, Some((State("this"), 1)), None);
    let different = [alike[0], alike[1], alike[2], item(None, None, 9, "that")];
    check_conflict(&different, [1, 9]);
}
