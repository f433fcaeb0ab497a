mock_provider "aws" {}

variables {
  code_bucket_prefix      = "acme-trailseal"
  organizational_unit_ids = ["r-ab12"]
  regions                 = ["eu-west-1", "us-east-1"]
}

run "defaults" {
  assert {
    condition     = keys(aws_cloudformation_stack_set_instance.region) == ["eu-west-1", "us-east-1"]
    error_message = "There are instances in each Region."
  }
  assert {
    condition     = alltrue([for it in aws_cloudformation_stack_set_instance.region : it.stack_set_name == "Trailseal" && !it.retain_stack])
    error_message = "The instances belong to the StackSet."
  }
  assert {
    condition     = aws_cloudformation_stack_set.trailseal.template_body == file("../../../cdk/templates/trailseal-account.yaml")
    error_message = "The template is that of the repository."
  }
  assert {
    condition     = length(aws_cloudformation_stack_set.trailseal.template_body) <= 51200
    error_message = "CloudFormation accepts 51,200 bytes; a larger template must be in S3."
  }
}

run "a_wave" {
  variables {
    stack_set_name               = "Trailseal-Canary"
    organizational_unit_ids      = ["ou-ab12-canary00"]
    regions                      = ["eu-west-1"]
    excluded_accounts            = ["222233334444"]
    call_as                      = "DELEGATED_ADMIN"
    failure_tolerance_percentage = 0
    max_concurrent_percentage    = 5
    operation_timeout            = "90m"
    profile                      = "strict"
    allowed_key_accounts         = ["222233334444", "333344445555"]
    max_rotation_period_days     = 365
    alarms                       = true
  }

  assert {
    condition = { for name, value in aws_cloudformation_stack_set.trailseal.parameters : name => value
      if contains(["Profile", "AllowedKeyAccounts", "MaxRotationPeriodDays", "Alarms", "RuleName"], name) } == {
      Alarms                = "true"
      AllowedKeyAccounts    = "222233334444,333344445555"
      MaxRotationPeriodDays = "365"
      Profile               = "strict"
      RuleName              = "trailseal"
    }
    error_message = jsonencode(aws_cloudformation_stack_set.trailseal.parameters)
  }
  assert {
    condition     = aws_cloudformation_stack_set.trailseal.call_as == "DELEGATED_ADMIN" && aws_cloudformation_stack_set_instance.region["eu-west-1"].call_as == "DELEGATED_ADMIN"
    error_message = "Both are of the delegated administrator."
  }
  assert {
    condition = alltrue([
      for preferences in [
        aws_cloudformation_stack_set.trailseal.operation_preferences[0],
        aws_cloudformation_stack_set_instance.region["eu-west-1"].operation_preferences[0],
      ] : preferences.failure_tolerance_percentage == 0 && preferences.max_concurrent_percentage == 5
    ])
    error_message = "Updates and new Regions have the same pace."
  }
  assert {
    condition     = aws_cloudformation_stack_set.trailseal.timeouts.update == "90m" && aws_cloudformation_stack_set_instance.region["eu-west-1"].timeouts == { create = "90m", update = "90m", delete = "90m" }
    error_message = "Terraform waits for 90 minutes."
  }
  assert {
    condition = [for targets in aws_cloudformation_stack_set_instance.region["eu-west-1"].deployment_targets : [
      targets.account_filter_type, targets.accounts, targets.organizational_unit_ids
    ]] == [["DIFFERENCE", toset(["222233334444"]), toset(["ou-ab12-canary00"])]]
    error_message = "The accounts are left out."
  }
}

run "values_that_are_refused" {
  command = plan
  variables {
    organizational_unit_ids      = ["111122223333"]
    regions                      = []
    excluded_accounts            = ["1"]
    call_as                      = "ADMIN"
    failure_tolerance_percentage = 101
    max_concurrent_percentage    = 0
    operation_timeout            = "long"
    stack_set_name               = "1st"
    code_bucket_prefix           = "Upper"
    schedule                     = "Hourly"
    log_retention_days           = 1
  }
  expect_failures = [
    var.organizational_unit_ids,
    var.regions,
    var.excluded_accounts,
    var.call_as,
    var.failure_tolerance_percentage,
    var.max_concurrent_percentage,
    var.operation_timeout,
    var.stack_set_name,
    var.code_bucket_prefix,
    var.schedule,
    var.log_retention_days,
  ]
}

run "subnets_need_security_groups" {
  command = plan
  variables {
    subnet_ids = ["subnet-1a"]
  }
  expect_failures = [aws_cloudformation_stack_set.trailseal]
}

run "a_topic_needs_alarms" {
  command = plan
  variables {
    alarm_topic_name = "alarms"
  }
  expect_failures = [aws_cloudformation_stack_set.trailseal]
}

run "a_role_of_another_account_needs_the_organization" {
  command = plan
  variables {
    key_account_role_name = "reader"
  }
  expect_failures = [aws_cloudformation_stack_set.trailseal]
}
