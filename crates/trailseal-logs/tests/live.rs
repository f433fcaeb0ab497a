//! The live source against a bucket on loopback.

#[cfg(test)]
mod live {
    mod bucket;
    mod faults;
    mod folders;
    mod samples;
    mod support;
    mod versions;
}
