//! `trailseal remediate` against a loopback account: interrupted, refused, throttled, denied and
//! backed out.

#[cfg(test)]
mod remediate {
    mod bucket_key;
    mod bucket_policy;
    mod delegated;
    mod document;
    mod endings;
    mod faults;
    mod hostile;
    mod identity;
    mod journals;
    mod kill;
    mod readers;
    mod scope;
    mod shared_key;
    mod support;
    #[cfg(unix)]
    mod terminal;
    mod words;
}
