//! The lab from outside: by the AWS SDK, over plain HTTP, with a function, and as a command.

#[cfg(test)]
mod lab {
    mod buckets;
    mod changes;
    mod command;
    mod faults;
    mod function;
    mod sdk_cloudtrail;
    mod sdk_config;
    mod sdk_kms;
    mod sdk_sts;
    mod support;
}
