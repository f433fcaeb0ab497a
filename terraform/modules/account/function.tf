data "aws_region" "current" {
  region = var.region
}

resource "aws_cloudwatch_log_group" "function" {
  region            = var.region
  name              = "/aws/lambda/${var.function_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.encryption_key_arn
  tags              = var.tags
}

# Receives events that failed after all retries.
resource "aws_sqs_queue" "failed_events" {
  region                    = var.region
  name                      = "${var.function_name}-failed-events"
  message_retention_seconds = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled   = var.encryption_key_arn == null ? true : null
  kms_master_key_id         = var.encryption_key_arn
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "failed_events" {
  region    = var.region
  queue_url = aws_sqs_queue.failed_events.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.failed_events.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_lambda_function" "function" {
  # checkov:skip=CKV_AWS_116:Events that failed go to the queue through the on-failure destination, which carries the error and the request with the event; a dead-letter queue carries only the event.
  # checkov:skip=CKV_AWS_173:Lambda encrypts the variables with its own key; they hold settings, no secrets.
  region        = var.region
  function_name = var.function_name
  description   = "Evaluates whether CloudTrail logs are encrypted with a KMS key that works (Trailseal)"
  role          = aws_iam_role.function.arn

  filename          = var.code_zip
  source_code_hash  = var.code_zip == null ? null : filebase64sha256(var.code_zip)
  s3_bucket         = try(var.code_object.bucket, null)
  s3_key            = try(var.code_object.key, null)
  s3_object_version = try(var.code_object.version, null)

  architectures                  = [var.architecture]
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  memory_size                    = 128
  timeout                        = 120
  reserved_concurrent_executions = var.reserved_concurrency
  code_signing_config_arn        = var.code_signing_config_arn
  tags                           = var.tags

  environment {
    variables = { TRAILSEAL_METRICS = tostring(var.metrics) }
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
    log_group             = aws_cloudwatch_log_group.function.name
  }

  dynamic "tracing_config" {
    for_each = var.tracing ? [true] : []
    content {
      mode = "Active"
    }
  }

  dynamic "vpc_config" {
    for_each = length(var.subnet_ids) == 0 ? [] : [true]
    content {
      subnet_ids         = var.subnet_ids
      security_group_ids = var.security_group_ids
    }
  }

  # Lambda uses the role while it creates the function.
  depends_on = [aws_iam_role_policy_attachment.function]
}

resource "aws_lambda_function_event_invoke_config" "function" {
  region                       = var.region
  function_name                = aws_lambda_function.function.function_name
  qualifier                    = "$LATEST"
  maximum_event_age_in_seconds = 6 * 60 * 60
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed_events.arn
    }
  }
}

# By account, not by rule: AWS Config creates a rule only if it may already invoke the function.
resource "aws_lambda_permission" "config" {
  region         = var.region
  statement_id   = "ConfigMayInvoke"
  function_name  = aws_lambda_function.function.function_name
  action         = "lambda:InvokeFunction"
  principal      = "config.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
}
