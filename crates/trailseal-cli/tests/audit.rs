//! `trailseal audit` against an AWS account on loopback.

#[cfg(test)]
mod audit {
    mod desk;

    mod accounts;
    mod aggregator;
    mod beginners;
    mod comparison;
    mod coverage;
    mod deliveries;
    mod endpoints;
    mod faults;
    mod interruption;
    mod profiles;
    mod provenance;
}
