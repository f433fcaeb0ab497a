use super::*;

/// What a resource is like, and the parameters of a rule event.
#[derive(Clone, Copy, Debug, PartialEq)]
struct EvidenceValue(&'static str, Option<&'static str>);

impl Telling for EvidenceValue {
    fn difference(&self, other: &Self) -> Option<Difference> {
        if self.0 != other.0 {
            Some(Difference::Content)
        } else if self.1.is_some() && other.1.is_some() && self.1 != other.1 {
            Some(Difference::Parameters)
        } else {
            None
        }
    }
}

fn told(
    captured: Option<i64>,
    state: Option<u64>,
    source: usize,
    content: &'static str,
) -> (Sighting, EvidenceValue) {
    let captured = captured.map(Timestamp::from_epoch_millis);
    let sighting = Sighting { captured, has_parameters: false, state, source, position: 0 };
    (sighting, EvidenceValue(content, None))
}

fn event(
    source: usize,
    content: &'static str,
    parameters: &'static str,
) -> (Sighting, EvidenceValue) {
    let (sighting, _) = told(Some(2), Some(2), source, content);
    (Sighting { has_parameters: true, ..sighting }, EvidenceValue(content, Some(parameters)))
}

/// Every order of these.
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

/// What remains and what is contested, which every order comes to, and every way to share out.
fn check(
    seen: &[(Sighting, EvidenceValue)],
    remains: Option<(EvidenceValue, usize)>,
    contested: Option<Contest>,
) {
    for order in orders(seen) {
        for cut in 0..=order.len() {
            let (one, other) = order.split_at(cut);
            let [mut newest, second] = [one, other].map(|part| {
                let mut newest = Newest::default();
                for (sighting, value) in part {
                    newest.see("key", *sighting, *value);
                }
                newest
            });
            newest.merge(second);
            let found: Vec<Contest> =
                newest.take_contested().into_iter().map(|(_, contest)| contest).collect();
            assert_eq!(found, Vec::from_iter(contested), "{order:?}");
            let value = newest.iter().next().map(|(_, sighting, value)| (*value, sighting.source));
            assert_eq!(value, remains, "{order:?}");
            assert_eq!(newest.get(&"key").copied(), remains.map(|(value, _)| value));
        }
    }
}

fn check_contested(
    seen: &[(Sighting, EvidenceValue)],
    sources: [usize; 2],
    difference: Difference,
) {
    check(seen, None, Some(Contest { sources, difference }));
}

#[test]
fn the_newest_stays_in_whatever_order_they_come() {
    let seen = [
        told(Some(1), Some(9), 9, "old"),
        told(Some(1), None, 8, "old without a state"),
        told(Some(2), Some(1), 5, "new"),
        told(Some(2), Some(2), 0, "newest"),
        told(Some(2), Some(2), 3, "newest"),
    ];
    check(&seen, Some((EvidenceValue("newest", None), 3)), None);
}

/// The pair that is named is the same, however many there are and whoever reads them first.
#[test]
fn two_that_differ_at_one_moment_are_both_out() {
    for captured in [None, Some(2)] {
        for state in [None, Some(1)] {
            let seen = [
                told(captured, state, 1, "this"),
                told(captured, state, 2, "that"),
                told(captured, state, 3, "this"),
                told(captured, state, 0, "those"),
            ];
            check_contested(&seen, [2, 3], Difference::Content);
        }
    }
}

#[test]
fn what_is_newer_settles_what_differed() {
    let seen = [
        told(Some(1), None, 1, "this"),
        told(Some(1), None, 2, "that"),
        told(Some(1), Some(1), 0, "those"),
        told(Some(2), None, 3, "newer"),
    ];
    check(&seen, Some((EvidenceValue("newer", None), 3)), None);
}

/// What one of two leaves out tells nothing of the other.
#[test]
fn without_a_time_or_a_state_id_nothing_tells_which_is_newer() {
    let by_time = [told(Some(2), Some(2), 1, "this"), told(None, None, 0, "that")];
    check_contested(&by_time, [0, 1], Difference::Content);
    let by_state = [told(Some(2), Some(2), 1, "this"), told(Some(2), None, 0, "that")];
    check_contested(&by_state, [0, 1], Difference::Content);
    let alike = [
        told(Some(2), Some(2), 1, "this"),
        told(Some(2), None, 0, "this"),
        told(None, Some(3), 7, "this"),
        told(None, None, 9, "this"),
    ];
    check(&alike, Some((EvidenceValue("this", None), 1)), None);
    let beside = [alike[0], alike[1], alike[2], told(None, None, 9, "that")];
    check_contested(&beside, [1, 9], Difference::Content);
}

#[test]
fn of_two_sets_of_parameters_at_one_moment_neither_counts() {
    let item = |source| told(Some(2), Some(2), source, "this");
    let alike = [item(9), event(1, "this", "strict"), item(0), event(2, "this", "strict")];
    check(&alike, Some((EvidenceValue("this", Some("strict")), 2)), None);
    let differing = [item(9), event(1, "this", "strict"), item(0), event(2, "this", "cis")];
    check_contested(&differing, [1, 2], Difference::Parameters);
}
