"""AWS Config: whether it can take the rule, and what the rule says about the trails."""

from calls import Call, Failure, Refusal, Step

TRAIL = "AWS::CloudTrail::Trail"

# Templates with these need a recorder in the account and Region of their stack.
NEEDS_RECORDER = ("AWS::Config::ConfigRule", "AWS::Config::ConformancePack")

WAIT_MAX = 600


def missing_recorder(aws, region):
    """Why AWS Config would not evaluate trails in a Region; nothing if it would."""
    found = aws.read("config", region, "DescribeConfigurationRecorders")["ConfigurationRecorders"]
    if not found:
        return (
            f"AWS Config is off in {region}, so it takes no rule: turn it on, recording `{TRAIL}` "
            "(`aws configservice put-configuration-recorder`, `put-delivery-channel` and "
            "`start-configuration-recorder`, or Settings in its console)"
        )
    recorder = found[0]
    name = recorder["name"]
    states = aws.read("config", region, "DescribeConfigurationRecorderStatus")["ConfigurationRecordersStatus"]
    if not any(state.get("recording") for state in states if state.get("name") == name):
        return (
            f"the recorder `{name}` of AWS Config in {region} is stopped: `aws configservice "
            f"start-configuration-recorder --region {region} --configuration-recorder-name {name}`"
        )
    if not records_trails(recorder.get("recordingGroup", {})):
        return f"the recorder `{name}` of AWS Config in {region} does not record `{TRAIL}`: add that type"
    return None


def records_trails(group):
    """Whether a recording group includes trails."""
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes", [])
    strategy = group.get("recordingStrategy", {}).get("useOnly")
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES" or excluded:
        return TRAIL not in excluded
    if group.get("resourceTypes"):
        return TRAIL in group["resourceTypes"]
    return group.get("allSupported", True)


def evaluation(region, rule):
    """The step that starts an evaluation, waits for it and prints the results."""
    status = Call("config", region, "DescribeConfigRuleEvaluationStatus", {"ConfigRuleNames": [rule]})
    start = Call("config", region, "StartConfigRulesEvaluation", {"ConfigRuleNames": [rule]})
    details = Call("config", region, "GetComplianceDetailsByConfigRule", {"ConfigRuleName": rule})

    def run(aws):
        before = state(aws.make(status))
        try:
            aws.change(start)
        except Refusal as error:
            # AWS Config evaluates a new rule by itself, and starts an evaluation once a minute.
            if error.code != "ResourceInUseException":
                raise
            aws.say(f"rule `{rule}` in {region} is being evaluated already")
        after = aws.watch(status, WAIT_MAX, lambda answer: ended(before, state(answer)))
        if after is None:
            raise Failure(
                f"rule `{rule}` in {region} is deployed, but has no result after {WAIT_MAX // 60} minutes: "
                "run the same command again, or look at the function's log"
            )
        if after != "":
            raise Failure(f"rule `{rule}` in {region} is deployed, but its evaluation failed: {after}")
        show(aws, region, rule, details)

    return Step(run, (start,), (status, details), (status,), is_independent=True)


def state(answer):
    """The status of the rule."""
    return answer["ConfigRulesEvaluationStatus"][0]


def ended(before, now):
    """Whether an evaluation ended since: an empty text if it succeeded, otherwise the error."""

    def changed(*names):
        return any(now.get(name) != before.get(name) for name in names)

    if changed("LastFailedEvaluationTime", "LastFailedInvocationTime"):
        return f"{now.get('LastErrorCode')}: {now.get('LastErrorMessage')}"
    return "" if changed("LastSuccessfulEvaluationTime") else None


def show(aws, region, rule, details):
    """Prints the result of each trail, the worst first."""
    found = pages(aws, details)
    aws.say()
    aws.say(f"rule `{rule}` in {region}: {summary(found)}")
    for result in sorted(found, key=lambda one: (one["ComplianceType"] != "NON_COMPLIANT", resource(one))):
        aws.say(f"  {result['ComplianceType']:<14}  {resource(result)}")
        if result.get("Annotation"):
            aws.say(f"                  {clean(result['Annotation'])}")
    if not found:
        aws.say("  AWS Config has recorded no trail here yet: the rule evaluates it when it does")


def pages(aws, details):
    """The results of all pages."""
    found, token = [], {}
    while True:
        call = Call(details.service, details.region, details.operation, {**details.parameters, **token})
        answer = aws.look(call)
        found.extend(answer["EvaluationResults"])
        if not answer.get("NextToken"):
            return found
        token = {"NextToken": answer["NextToken"]}


def resource(result):
    """The name of what was evaluated."""
    return clean(result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"])


def summary(found):
    """How many results there are of each kind."""
    kinds = [result["ComplianceType"] for result in found]
    counted = (f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds), reverse=True))
    return ", ".join(counted) or "no results"


def clean(text):
    """Text of AWS without characters that change the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
