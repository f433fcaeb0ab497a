"""The usual alternative: the basic check as a Python rule with rdklib and boto3.

It asks CloudTrail for the trail and looks whether a key id is written there, as most rules for
this control do. It asks no KMS and no S3.
"""

from rdklib import ComplianceType, ConfigRule, Evaluation, Evaluator


class CloudTrailEncrypted(ConfigRule):
    def evaluate_change(self, event, client_factory, configuration_item, valid_rule_parameters):
        arn = configuration_item["configuration"]["trailARN"]
        cloudtrail = client_factory.build_client("cloudtrail")
        trails = cloudtrail.describe_trails(trailNameList=[arn])["trailList"]
        if not trails:
            return [Evaluation(ComplianceType.NOT_APPLICABLE)]
        if trails[0].get("KmsKeyId"):
            return [Evaluation(ComplianceType.COMPLIANT)]
        return [Evaluation(ComplianceType.NON_COMPLIANT, annotation="The trail has no KMS key.")]


def lambda_handler(event, context):
    return Evaluator(CloudTrailEncrypted(), ["AWS::CloudTrail::Trail"]).handle(event, context)
