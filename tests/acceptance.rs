//! What Trailseal promises, held by tests across all its crates.

#[cfg(test)]
mod acceptance {
    mod harness;

    mod audit;
    mod case;
    mod corpus;
    mod evidence;
    mod lab_states;
    mod layers;
    mod rewrite;
    mod state;

    mod reference;
    mod table;
    mod worlds;

    mod malformed;
    mod secret_ways;
    mod secrets;
    mod templates;
    mod tidy;

    mod alarms;
    mod cross_account;
    mod denials;
    mod desk;
    mod exemption_tags;
    mod exemptions;
    mod faults;
    mod findings;
    mod hook;
    mod keys;
    mod log;
    mod log_files;
    mod moto;
    mod order;
    mod oversized;
    mod privilege;
    mod remediation;
    mod runbook;
    mod schedule;
    mod submission;
}
