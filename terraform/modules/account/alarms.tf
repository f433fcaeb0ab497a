locals {
  hours = local.schedule_hours[var.schedule]

  # Counts that the function logs for each invocation, over all rules.
  logged_alarms = {
    unverified = {
      metric      = "Unverified"
      description = "evidence could not be read. The annotation in AWS Config names it."
    }
    failed_evaluations = {
      metric      = "FailedEvaluations"
      description = "AWS Config did not accept a result. Read the log."
    }
    clean_up_failures = {
      metric      = "CleanUpFailures"
      description = "earlier results could not be listed, so that a result may stay or get another ID. Read the log."
    }
    reads_throttled = {
      metric      = "Throttles"
      description = "AWS throttled reads. Another tool reads as well, or many keys changed."
    }
  }

  service_alarms = {
    function_errors = {
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = aws_lambda_function.function.function_name }
      statistic   = "Sum"
      periods     = 1
      description = "the function failed, so something was not evaluated. Read its log."
    }
    dead_letters = {
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.failed_events.name }
      statistic   = "Maximum"
      periods     = 1
      description = "an event failed after all retries and waits in the queue. Fix the cause, then evaluate the rule again."
    }
    function_throttled = {
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = aws_lambda_function.function.function_name }
      statistic   = "Sum"
      periods     = 3
      description = "invocations have waited for 15 minutes. Reserve more concurrency if this lasts."
    }
  }

  actions          = var.alarm_topic_arn == null ? null : [var.alarm_topic_arn]
  metric_namespace = "Trailseal/${var.function_name}"
}

resource "aws_cloudwatch_metric_alarm" "service" {
  for_each = { for name, alarm in local.service_alarms : name => alarm if var.alarms }

  region              = var.region
  alarm_name          = "${var.function_name}-${replace(each.key, "_", "-")}"
  alarm_description   = "Trailseal: ${each.value.description}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
  tags                = var.tags
}

# No invocation for two intervals: the schedule is not running, or AWS Config may not invoke.
resource "aws_cloudwatch_metric_alarm" "silence" {
  count = var.alarms ? 1 : 0

  region              = var.region
  alarm_name          = "${var.function_name}-silence"
  alarm_description   = "Trailseal: no invocation for two intervals of the schedule. Check the recorder, the rule and its permission."
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = aws_lambda_function.function.function_name }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 2 * local.hours
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
  tags                = var.tags
}

resource "aws_cloudwatch_log_metric_filter" "logged" {
  for_each = { for name, alarm in local.logged_alarms : name => alarm if var.alarms }

  region         = var.region
  name           = "${var.function_name}-${replace(each.key, "_", "-")}"
  log_group_name = aws_cloudwatch_log_group.function.name
  pattern        = "{ $.${each.value.metric} > 0 }"

  metric_transformation {
    namespace = local.metric_namespace
    name      = each.value.metric
    value     = "$.${each.value.metric}"
  }
}

# Stays on until a scheduled run without the problem.
resource "aws_cloudwatch_metric_alarm" "logged" {
  for_each = { for name, alarm in local.logged_alarms : name => alarm if var.alarms }

  region              = var.region
  alarm_name          = "${var.function_name}-${replace(each.key, "_", "-")}"
  alarm_description   = "Trailseal: ${each.value.description}"
  namespace           = local.metric_namespace
  metric_name         = each.value.metric
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = local.hours + 1
  datapoints_to_alarm = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
  tags                = var.tags
}
