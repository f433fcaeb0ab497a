//! Signed calls of services of which this crate has no client.
//!
//! They use the SDK's orchestrator and signer, as the clients of services do, so that they have the
//! same retries and timeouts.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime::client::retries::classifiers::HttpStatusCodeClassifier;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::config_bag::Layer;
use aws_types::SigningName;
use aws_types::region::{Region as SdkRegion, SigningRegion};
use trailseal_rule::Region;

use crate::calls::iam_prefix;
use crate::connection::Connection;
use crate::endpoints::Service;
use crate::session::Session;

/// A call of an operation in a Region with the credentials of the session; the caller adds what the
/// request contains, how the answer is read, and which of its errors are worth a retry.
pub(crate) fn signed(
    session: &Session,
    service: Service,
    region: &Region,
    operation: &'static str,
    options: SigningOptions,
) -> OperationBuilder {
    let connection = &session.connection;
    let name = iam_prefix(service.id());
    let mut quota = Layer::new("retry quota of the session");
    quota.store_put(session.retry_partition().clone());
    Operation::builder()
        .service_name(name.clone())
        .operation_name(operation)
        .behavior_version(Connection::behavior_version())
        .http_client(connection.http_client.clone())
        .endpoint_url(&connection.endpoints.url(service, region))
        .sleep_impl(Connection::sleep())
        .timeout_config(connection.timeouts())
        .standard_retry(&connection.retries())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .runtime_plugin(StaticRuntimePlugin::new().with_config(quota.freeze()))
        .runtime_plugin(signer(session.credentials(), name, region, options))
        .interceptor(connection.calls.of(Some(session.account()), region))
}

fn signer(
    credentials: &SharedCredentialsProvider,
    service: String,
    region: &Region,
    signing_options: SigningOptions,
) -> StaticRuntimePlugin {
    let mut config = Layer::new("signature");
    config.store_put(AuthSchemeOptionResolverParams::new(()));
    config.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(SdkRegion::new(region.as_str().to_owned()))),
        name: Some(SigningName::from(service)),
        signing_options,
        ..SigV4OperationSigningConfig::default()
    });
    let options = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
    let components = RuntimeComponentsBuilder::new("signature")
        .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
        .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(options)))
        .with_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials.clone()));
    StaticRuntimePlugin::new().with_config(config.freeze()).with_runtime_components(components)
}
