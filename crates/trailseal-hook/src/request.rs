//! What CloudFormation sends (CloudFormation Hooks User Guide, "Evaluating resource operations with
//! Lambda Hooks").

use config_rule::{Arn, Members, Partition, kind, parse_json, quote};
use serde_json::{Map, Value};
use trailseal_rule::{AccountId, Fault, Faults, Region, TRAIL_TYPE};

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    /// `clientRequestToken`, to be sent back. It may be absent.
    pub(crate) token: Option<String>,
    /// Whether it comes from a stack, not from the Cloud Control API.
    pub(crate) is_of_stack: bool,
    /// What to do.
    pub(crate) asked: Result<Asked, Faults>,
}

/// What a request asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// To judge a trail that is to be created or changed.
    Trail(Box<TrailRequest>),
    /// Nothing that this function judges; why.
    Nothing(String),
}

/// A trail as it will be.
#[derive(Debug)]
pub(crate) struct TrailRequest {
    /// The account that deploys it.
    pub(crate) account: AccountId,
    /// The Region of the stack; the Cloud Control API names none.
    pub(crate) region: Option<Region>,
    /// Its logical ID.
    pub(crate) logical_id: String,
    /// Its properties as CloudFormation resolved them.
    pub(crate) properties: Map<String, Value>,
}

/// Characters of the message of an answer, at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(usize);

impl Limit {
    /// Of the operation of a stack.
    pub(crate) const STACK: Self = Self(4096);
    /// Of the Cloud Control API.
    pub(crate) const CLOUD_CONTROL: Self = Self(1024);

    pub(crate) fn chars(self) -> usize {
        self.0
    }
}

impl Request {
    /// Reads a request; its faults are all found at once.
    pub(crate) fn read(event: &[u8]) -> Self {
        let mut faults = Faults::default();
        let parsed = parse_json(event, "request", &mut faults);
        if let Some(value) = parsed.as_ref().filter(|value| !value.is_object()) {
            let message = format!("is {}; expected a JSON object", kind(value));
            faults.push(Fault::other("request", message));
        }
        let object = parsed.as_ref().filter(|value| value.is_object());
        let members = object.and_then(|value| Members::of(value, "", &mut faults));
        let Some(members) = members else {
            return Self { token: None, is_of_stack: false, asked: Err(faults) };
        };
        // AWS documents it in both spellings.
        let token = members.text(&["clientRequestToken", "clientRequesttoken"], &mut faults);
        let stack = members.text(&["stackId"], &mut faults);
        let asked = Asked::read(&members, stack, &mut faults);
        let asked = match asked {
            Some(Asked::Nothing(why)) => Ok(Asked::Nothing(why)),
            asked => faults.unless_any(asked),
        };
        Self { token: token.map(str::to_owned), is_of_stack: stack.is_some(), asked }
    }

    /// How long the message of the answer may be.
    pub(crate) fn limit(&self) -> Limit {
        if self.is_of_stack { Limit::STACK } else { Limit::CLOUD_CONTROL }
    }
}

impl Asked {
    fn read(request: &Members<'_>, stack: Option<&str>, faults: &mut Faults) -> Option<Self> {
        let account: Option<AccountId> = request.required(&["awsAccountId"], faults);
        let stack = stack.and_then(|stack| place_of(stack, faults));
        if let Some((of_stack, account)) = stack.as_ref().map(|(one, _)| one).zip(account.as_ref())
            && of_stack != account
        {
            faults.push(Fault::other("stackId", "names another account than `awsAccountId`"));
        }
        const POINT: &str = "`CREATE_PRE_PROVISION` or another invocation point";
        let point = request.required_text(&["actionInvocationPoint"], POINT, faults);
        let data = object(request, "requestData", "what is to be evaluated", faults)?;
        let data = Members::of(data, "requestData", faults)?;
        let target = data.required_text(&["targetName"], "the type of the target", faults)?;
        if !target.trim().eq_ignore_ascii_case(TRAIL_TYPE) {
            let target = quote(target);
            return Some(Self::Nothing(format!("`{target}` is not evaluated, only {TRAIL_TYPE}")));
        }
        if point == Some("DELETE_PRE_PROVISION") {
            return Some(Self::Nothing("the deletion of a trail is not evaluated".to_owned()));
        }
        let logical_id = data.text(&["targetLogicalId"], faults).map(quote);
        let model = object(&data, "targetModel", "the resource", faults)?;
        let model = Members::of(model, "requestData.targetModel", faults)?;
        let properties =
            object(&model, "resourceProperties", "the properties of the trail", faults)?;
        Members::of(properties, "requestData.targetModel.resourceProperties", faults)?;
        Some(Self::Trail(Box::new(TrailRequest {
            account: account?,
            region: stack.map(|(_, region)| region),
            logical_id: logical_id.unwrap_or_else(|| "unnamed".to_owned()),
            properties: properties.as_object()?.clone(),
        })))
    }
}

/// A required member.
fn object<'a>(
    members: &Members<'a>,
    name: &str,
    expected: &str,
    faults: &mut Faults,
) -> Option<&'a Value> {
    let value = members.get(&[name]);
    if value.is_none() {
        faults.push(Fault::missing(members.path(name), expected));
    }
    value
}

/// The account and the Region of a stack.
fn place_of(stack: &str, faults: &mut Faults) -> Option<(AccountId, Region)> {
    let place = Arn::split(stack).filter(|arn| arn.service == "cloudformation").and_then(|arn| {
        let region = Region::parse(arn.region).ok()?;
        let is_of_partition = Partition::of(&region).name == arn.partition;
        is_of_partition.then_some((AccountId::parse(arn.account).ok()?, region))
    });
    if place.is_none() {
        faults.push(Fault::wrong("stackId", stack, "the ARN of a stack"));
    }
    place
}
