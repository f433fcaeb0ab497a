output "stack_set_id" {
  description = "The ID of the StackSet."
  value       = aws_cloudformation_stack_set.trailseal.stack_set_id
}

output "stack_set_name" {
  description = "The name of the StackSet."
  value       = aws_cloudformation_stack_set.trailseal.name
}
