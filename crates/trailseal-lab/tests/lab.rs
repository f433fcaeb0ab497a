//! Tests of the lab through the AWS SDK, plain HTTP, a function and the command.

#[cfg(test)]
mod lab {
    mod buckets;
    mod changes;
    mod command;
    mod counter;
    mod faults;
    mod function;
    mod sdk_cloudtrail;
    mod sdk_config;
    mod sdk_kms;
    mod sdk_s3;
    mod sdk_sts;
    mod support;
}
