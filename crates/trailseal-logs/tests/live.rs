//! The live source against a bucket on loopback.

#[cfg(test)]
mod live {
    mod answers;
    mod bucket;
    mod faults;
    mod folders;
    mod future;
    mod newer;
    mod owners;
    mod resume;
    mod samples;
    mod support;
    mod versions;
}
