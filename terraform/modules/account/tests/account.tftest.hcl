mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/trailseal" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/trailseal-eu-west-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/trailseal-eu-west-1" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:trailseal" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-west-1:111122223333:trailseal-failed-events"
      url = "https://sqs.eu-west-1.amazonaws.com/111122223333/trailseal-failed-events"
    }
  }
}

variables {
  code_object = {
    bucket = "code-eu-west-1"
    key    = "trailseal/0.1.0/bootstrap-arm64.zip"
  }
}

run "defaults" {
  assert {
    condition     = aws_iam_role.function.name == "trailseal-eu-west-1"
    error_message = aws_iam_role.function.name
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.service) == 0 && length(aws_cloudwatch_metric_alarm.silence) == 0 && length(aws_cloudwatch_metric_alarm.logged) == 0
    error_message = "Alarms are not the default."
  }
  assert {
    condition     = length(aws_lambda_function.function.vpc_config) == 0 && length(aws_lambda_function.function.tracing_config) == 0
    error_message = "Neither a VPC nor tracing is the default."
  }
}

run "the_rule_takes_lists_numbers_and_booleans" {
  variables {
    allowed_key_accounts     = ["222233334444", "333344445555"]
    max_rotation_period_days = 400
    check_delivery           = true
  }

  assert {
    condition = { for name, value in jsondecode(aws_config_config_rule.rule[0].input_parameters) : name => value
      if contains(["allowedKeyAccounts", "maxRotationPeriodDays", "checkDelivery", "skipChecks"], name) } == {
      allowedKeyAccounts    = "222233334444,333344445555"
      checkDelivery         = "true"
      maxRotationPeriodDays = "400"
    }
    error_message = aws_config_config_rule.rule[0].input_parameters
  }
}

run "options_that_the_template_does_not_have" {
  variables {
    code_zip    = "versions.tf"
    code_object = null
    region      = "us-east-1"
    role_name   = "TrailsealAudit"
    tracing     = true
    tags        = { team = "security" }
  }

  assert {
    condition     = aws_lambda_function.function.source_code_hash == filebase64sha256("versions.tf") && aws_lambda_function.function.s3_bucket == null
    error_message = "A change of the zip must change the function."
  }
  assert {
    condition     = aws_lambda_function.function.region == "us-east-1" && aws_sqs_queue.failed_events.region == "us-east-1" && aws_config_config_rule.rule[0].region == "us-east-1"
    error_message = "Every resource is in the Region."
  }
  assert {
    condition     = aws_iam_role.function.name == "TrailsealAudit" && aws_iam_policy.function.name == "TrailsealAudit"
    error_message = aws_iam_role.function.name
  }
  assert {
    condition     = aws_lambda_function.function.tracing_config[0].mode == "Active"
    error_message = "X-Ray traces the function."
  }
  assert {
    condition = { for statement in jsondecode(aws_iam_policy.function.policy).Statement : statement.Sid => statement.Resource
      if contains(["Trace", "ReadOwnResults"], statement.Sid) } == {
      ReadOwnResults = ["arn:aws:config:us-east-1:111122223333:config-rule/*"]
      Trace          = ["*"]
    }
    error_message = aws_iam_policy.function.policy
  }
  assert {
    condition     = aws_lambda_function.function.tags.team == "security" && aws_iam_role.function.tags.team == "security" && aws_config_config_rule.rule[0].tags.team == "security"
    error_message = "Every resource has the tags."
  }
}

run "a_pack_has_the_rule" {
  variables {
    rule_name = null
  }

  assert {
    condition     = length(aws_config_config_rule.rule) == 0 && output.rule_arn == null
    error_message = "The function has no rule of its own."
  }
}

run "no_code" {
  command = plan
  variables {
    code_object = null
  }
  expect_failures = [var.code_zip]
}

run "two_codes" {
  command = plan
  variables {
    code_zip = "versions.tf"
  }
  expect_failures = [var.code_zip]
}

run "values_that_the_rule_refuses" {
  command = plan
  variables {
    profile                  = "loose"
    skip_checks              = ["key-rotated", "no-such-check"]
    allowed_key_accounts     = ["12345"]
    allowed_kms_key_arns     = ["alias/key"]
    exempt_trails            = ["arn:aws:cloudtrail:*:111122223333:trail/a@tomorrow"]
    max_rotation_period_days = 89
    unverified               = ""
  }
  expect_failures = [
    var.profile,
    var.skip_checks,
    var.allowed_key_accounts,
    var.allowed_kms_key_arns,
    var.exempt_trails,
    var.max_rotation_period_days,
    var.unverified,
  ]
}

run "a_role_of_another_account_needs_the_organization" {
  command = plan
  variables {
    key_account_role_name = "reader"
  }
  expect_failures = [var.organization_id]
}

run "subnets_need_security_groups" {
  command = plan
  variables {
    subnet_ids = ["subnet-1"]
  }
  expect_failures = [var.subnet_ids]
}

run "a_topic_needs_alarms" {
  command = plan
  variables {
    alarm_topic_arn = "arn:aws:sns:eu-west-1:111122223333:alarms"
  }
  expect_failures = [var.alarm_topic_arn]
}

run "more_parameters_than_config_accepts" {
  command = plan
  variables {
    exempt_trails = [for number in range(20) : "arn:aws:cloudtrail:eu-west-1:111122223333:trail/name-${number}"]
  }
  expect_failures = [aws_config_config_rule.rule]
}

run "a_name_too_long_for_the_role" {
  command = plan
  variables {
    function_name = "trailseal-trailseal-trailseal-trailseal-trailseal-trailseal"
  }
  expect_failures = [aws_iam_role.function]
}
