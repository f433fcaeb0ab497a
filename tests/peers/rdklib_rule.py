"""A minimal scheduled rule on rdklib, as its documentation describes one.

It asks CloudTrail for the trails and looks whether a key id is written there, as most rules for this
control do. Everything else is left to rdklib.
"""

from rdklib import ComplianceType, ConfigRule, Evaluation, Evaluator


class CloudTrailEncrypted(ConfigRule):
    def evaluate_periodic(self, event, client_factory, valid_rule_parameters):
        cloudtrail = client_factory.build_client("cloudtrail")
        return [
            Evaluation(
                ComplianceType.COMPLIANT if trail.get("KmsKeyId") else ComplianceType.NON_COMPLIANT,
                resourceId=trail["Name"],
                resourceType="AWS::CloudTrail::Trail",
            )
            for trail in cloudtrail.describe_trails()["trailList"]
        ]


def lambda_handler(event, context):
    return Evaluator(CloudTrailEncrypted()).handle(event, context)
