data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  role_name = coalesce(var.role_name, "${var.function_name}-${data.aws_region.current.region}")

  # Every statement that a role of Trailseal can have, with its reason.
  permissions = jsondecode(file("${path.module}/../../../cdk/iam/least-privilege.json")).roles.function.statements

  # The settings without which a statement is left out.
  settings = {
    always             = true
    encryptionKey      = var.encryption_key_arn != null
    exemptionsFrom     = var.exemptions_from != null
    keyAccountRoleName = var.key_account_role_name != null
    tracing            = var.tracing
    vpc                = length(var.subnet_ids) > 0
  }

  # The values of the names in the statements.
  names = {
    "$${AWS::AccountId}"     = data.aws_caller_identity.current.account_id
    "$${AWS::Partition}"     = data.aws_partition.current.partition
    "$${AWS::Region}"        = data.aws_region.current.region
    "$${EncryptionKeyArn}"   = var.encryption_key_arn
    "$${FailureQueueArn}"    = aws_sqs_queue.failed_events.arn
    "$${ExemptionsObject}"   = var.exemptions_from == null ? null : trimprefix(var.exemptions_from, "s3://")
    "$${KeyAccountRoleName}" = var.key_account_role_name
    "$${LogGroupArn}"        = aws_cloudwatch_log_group.function.arn
    "$${OrganizationId}"     = var.organization_id
  }

  # A name without a value is an error.
  statements = [
    for statement in local.permissions : merge(
      {
        Sid    = statement.sid
        Effect = "Allow"
        Action = statement.actions
        Resource = [
          for resource in statement.resources : join("", [
            for part in regexall("\\$\\{[^}]*\\}|[^$]+", resource) :
            startswith(part, "$") ? local.names[part] : part
          ])
        ]
      },
      can(statement.conditions) ? {
        Condition = {
          for operator, keys in statement.conditions : operator => {
            for key, value in keys : key => startswith(value, "$") ? local.names[value] : value
          }
        }
      } : {},
    ) if local.settings[try(statement.when, "always")]
  ]
}

resource "aws_iam_policy" "function" {
  name        = local.role_name
  path        = "/"
  description = "What the Trailseal function calls, and nothing more"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.statements })
  tags        = var.tags
}

resource "aws_iam_role" "function" {
  name                 = local.role_name
  path                 = var.role_path
  description          = "Role of the Trailseal function: reads trails and keys, reports to Config"
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  lifecycle {
    precondition {
      condition     = length(local.role_name) <= 64
      error_message = "`${local.role_name}` is too long for the name of a role; set role_name."
    }
  }
}

resource "aws_iam_role_policy_attachment" "function" {
  role       = aws_iam_role.function.name
  policy_arn = aws_iam_policy.function.arn
}
