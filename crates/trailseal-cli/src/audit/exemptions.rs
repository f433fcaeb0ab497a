//! The document of the parameter `exemptionsFrom`, read with the caller's credentials.

use trailseal_aws::{Session, read_object};
use trailseal_rule::{ExemptionsFrom, Parameters};

use super::messages::failed;
use crate::console::Failure;
use crate::output::clean;

/// Adds the exemptions of the document, if the parameters name one.
///
/// # Errors
///
/// The document cannot be read or has a fault: a run would judge trails that may be exempt.
pub(crate) async fn add_exemptions(
    parameters: &mut Parameters,
    session: &Session,
) -> Result<(), Failure> {
    let Some(ExemptionsFrom { object, .. }) = parameters.exemptions_from.clone() else {
        return Ok(());
    };
    let content = read_object(session, &object, ExemptionsFrom::BYTES_MAX).await;
    let added = content.map_err(|error| vec![failed(&error, None)]);
    let added = added.and_then(|content| parameters.add_exemptions(&content));
    added.map_err(|faults| {
        let of_document = |fault: &String| clean(&format!("exemptionsFrom {object}: {fault}"));
        Failure::NotStarted(faults.iter().map(of_document).collect())
    })
}
