output "function_arn" {
  description = "The function."
  value       = aws_lambda_function.function.arn
}

output "role_arn" {
  description = "Its role."
  value       = aws_iam_role.function.arn
}

output "rule_arn" {
  description = "The rule; null without one."
  value       = one(aws_config_config_rule.rule[*].arn)
}

output "failure_queue_name" {
  description = "The name of the queue of failed events."
  value       = aws_sqs_queue.failed_events.name
}

output "log_group_name" {
  description = "Where it logs."
  value       = aws_cloudwatch_log_group.function.name
}
