//! Whether the account is CloudTrail's delegated administrator of its organization.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use trailseal_aws::{AwsError, Pages, Service, Session, client_config, failed};
use trailseal_remediation::Delegation;
use trailseal_rule::Reading;

const ACTION: &str = "organizations:ListDelegatedAdministrators";
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// Reads AWS Organizations, which only the management account and delegated administrators can.
#[derive(Debug)]
pub(super) struct ByOrganizations;

impl Delegation for ByOrganizations {
    fn is_delegated<'a>(
        &'a self,
        session: &'a Session,
    ) -> BoxFuture<'a, Result<Reading<bool>, AwsError>> {
        ask(session).boxed()
    }
}

async fn ask(session: &Session) -> Result<Reading<bool>, AwsError> {
    let config =
        client_config!(aws_sdk_organizations, session, Service::Organizations, session.region());
    let client = aws_sdk_organizations::Client::from_conf(config.build());
    let request = client.list_delegated_administrators().service_principal(CLOUDTRAIL);
    let (mut pages, mut next) = (Pages::new(ACTION, session.region()), None);
    loop {
        let page = match request.clone().set_next_token(next).send().await {
            Ok(page) => page,
            Err(error) if is_outside(&error) => return Ok(Reading::Known(false)),
            Err(error) => {
                let failed = failed(ACTION, session.region(), &error);
                return Ok(Reading::Refused(failed.into_refusal()?));
            }
        };
        let own = session.account().as_str();
        let found = page.delegated_administrators();
        if found.iter().any(|administrator| administrator.id() == Some(own)) {
            return Ok(Reading::Known(true));
        }
        next = pages.next(page.next_token)?;
        if next.is_none() {
            return Ok(Reading::Known(false));
        }
    }
}

type ListError = aws_sdk_organizations::error::SdkError<
    aws_sdk_organizations::operation::list_delegated_administrators::ListDelegatedAdministratorsError,
>;

fn is_outside(error: &ListError) -> bool {
    let error = error.as_service_error();
    error.is_some_and(|error| error.is_aws_organizations_not_in_use_exception())
}
