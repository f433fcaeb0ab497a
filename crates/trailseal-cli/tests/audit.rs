//! `trailseal audit` and `trailseal logs` against an AWS account on loopback.

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
    mod exemption_tags;
    mod exemptions;
    mod faults;
    mod interruption;
    mod log_files;
    mod log_files_read;
    mod logs;
    mod logs_confirm;
    mod logs_faults;
    mod logs_inventory;
    mod logs_latest;
    mod logs_overwrite;
    mod logs_owners;
    mod logs_resume;
    mod logs_search;
    mod profiles;
    mod provenance;
}
