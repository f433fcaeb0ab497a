//! `trailseal remediate` as people run it, against an account on loopback: interrupted anywhere,
//! refused, throttled, denied, and gone back on.

#[cfg(test)]
mod remediate {
    mod bucket_key;
    mod delegated;
    mod document;
    mod faults;
    mod hostile;
    mod identity;
    mod journals;
    mod kill;
    mod readers;
    mod shared_key;
    mod support;
    #[cfg(unix)]
    mod terminal;
    mod words;
}
