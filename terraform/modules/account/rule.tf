locals {
  schedule_hours = {
    One_Hour         = 1
    Three_Hours      = 3
    Six_Hours        = 6
    Twelve_Hours     = 12
    TwentyFour_Hours = 24
  }

  input_parameters = jsonencode({
    for name, value in local.rule_parameters : name => value if value != null
  })
}

resource "aws_config_config_rule" "rule" {
  count = var.rule_name == null ? 0 : 1

  region           = var.region
  name             = var.rule_name
  description      = "Checks that AWS CloudTrail trails encrypt their logs with a customer managed KMS key that works. NON_COMPLIANT if the key is missing, unusable, in the wrong Region, or not verified."
  input_parameters = local.input_parameters
  tags             = var.tags

  scope {
    compliance_resource_types = concat(
      ["AWS::CloudTrail::Trail"],
      var.watch_keys ? ["AWS::KMS::Key"] : [],
    )
  }

  source {
    owner             = "CUSTOM_LAMBDA"
    source_identifier = aws_lambda_function.function.arn

    source_detail {
      event_source = "aws.config"
      message_type = "ConfigurationItemChangeNotification"
    }

    source_detail {
      event_source = "aws.config"
      message_type = "OversizedConfigurationItemChangeNotification"
    }

    source_detail {
      event_source                = "aws.config"
      message_type                = "ScheduledNotification"
      maximum_execution_frequency = var.schedule
    }
  }

  depends_on = [aws_lambda_permission.config]

  lifecycle {
    precondition {
      condition     = length(local.input_parameters) <= 1024
      error_message = "The rule's parameters have ${length(local.input_parameters)} characters as JSON; AWS Config accepts 1024."
    }
  }
}
