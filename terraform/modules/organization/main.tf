locals {
  # Every parameter of the template is passed: the provider requires that, also for those with a default.
  parameters = merge(local.template_parameters, {
    for name, value in local.rule_parameters :
    "${upper(substr(name, 0, 1))}${substr(name, 1, -1)}" => value == null ? "" : value
  })

  operation = {
    failure_tolerance_percentage = var.failure_tolerance_percentage
    max_concurrent_percentage    = var.max_concurrent_percentage
    region_concurrency_type      = "PARALLEL"
  }
}

# The function and the rule in every account and Region; accounts that join get them, too.
resource "aws_cloudformation_stack_set" "trailseal" {
  name             = var.stack_set_name
  description      = "Trailseal: function and rule in every account and Region"
  permission_model = "SERVICE_MANAGED"
  call_as          = var.call_as
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${path.module}/../../../cdk/templates/trailseal-account.yaml")
  parameters       = local.parameters
  tags             = var.tags

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  managed_execution {
    active = true
  }

  # The pace of updates; that of new Regions is with the instances.
  operation_preferences {
    failure_tolerance_percentage = local.operation.failure_tolerance_percentage
    max_concurrent_percentage    = local.operation.max_concurrent_percentage
    region_concurrency_type      = local.operation.region_concurrency_type
  }

  timeouts {
    update = var.operation_timeout
  }

  lifecycle {
    # It belongs to the other permission model, but AWS may return one.
    ignore_changes = [administration_role_arn]

    precondition {
      condition     = var.key_account_role_name == null || var.organization_id != ""
      error_message = "key_account_role_name needs organization_id: roles are assumed within the organization only."
    }

    precondition {
      condition     = (length(var.subnet_ids) == 0) == (length(var.security_group_ids) == 0)
      error_message = "subnet_ids and security_group_ids need each other."
    }

    precondition {
      condition     = (var.alarm_topic_name == "" || var.alarms) && (var.alarm_topic_account == "" || var.alarm_topic_name != "")
      error_message = "alarm_topic_name needs alarms, and alarm_topic_account needs alarm_topic_name."
    }
  }
}

# One for each Region, for all organizational units: another Region adds one and changes no other.
resource "aws_cloudformation_stack_set_instance" "region" {
  for_each = var.regions

  stack_set_name            = aws_cloudformation_stack_set.trailseal.name
  stack_set_instance_region = each.value
  call_as                   = var.call_as
  retain_stack              = false

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
    account_filter_type     = length(var.excluded_accounts) == 0 ? null : "DIFFERENCE"
    accounts                = length(var.excluded_accounts) == 0 ? null : var.excluded_accounts
  }

  operation_preferences {
    failure_tolerance_percentage = local.operation.failure_tolerance_percentage
    max_concurrent_percentage    = local.operation.max_concurrent_percentage
    region_concurrency_type      = local.operation.region_concurrency_type
  }

  timeouts {
    create = var.operation_timeout
    update = var.operation_timeout
    delete = var.operation_timeout
  }
}
