variable "stack_set_name" {
  description = "The name of the StackSet; each wave is a StackSet with a name of its own. The functions' roles are named `StackSet-NAME-*`."
  type        = string
  default     = "Trailseal"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z][-a-zA-Z0-9]{0,127}$", var.stack_set_name))
    error_message = "stack_set_name must begin with a letter and have at most 128 letters, digits and `-`."
  }
}

variable "organizational_unit_ids" {
  description = "The roots or organizational units."
  type        = list(string)

  validation {
    condition = length(var.organizational_unit_ids) > 0 && alltrue([
      for id in var.organizational_unit_ids :
      can(regex("^(r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32})$", id))
    ])
    error_message = "organizational_unit_ids must be the IDs of roots or organizational units."
  }
}

variable "regions" {
  description = "The Regions."
  type        = set(string)

  validation {
    condition     = length(var.regions) > 0
    error_message = "regions must name a Region."
  }
}

variable "excluded_accounts" {
  description = "Accounts of the organizational units that are left out."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.excluded_accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "excluded_accounts must be account IDs."
  }
}

variable "call_as" {
  description = "Whose StackSet it is: `SELF`, or `DELEGATED_ADMIN` in the account of a delegated administrator."
  type        = string
  default     = "SELF"
  nullable    = false

  validation {
    condition     = contains(["SELF", "DELEGATED_ADMIN"], var.call_as)
    error_message = "call_as must be SELF or DELEGATED_ADMIN."
  }
}

variable "failure_tolerance_percentage" {
  description = "The percentage of accounts in a Region that may fail before the operation stops."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.failure_tolerance_percentage >= 0 && var.failure_tolerance_percentage <= 100
    error_message = "failure_tolerance_percentage must be from 0 to 100."
  }
}

variable "max_concurrent_percentage" {
  description = "The percentage of accounts that are deployed at a time; it begins with as many as may fail, and one."
  type        = number
  default     = 25
  nullable    = false

  validation {
    condition     = var.max_concurrent_percentage >= 1 && var.max_concurrent_percentage <= 100
    error_message = "max_concurrent_percentage must be from 1 to 100."
  }
}

variable "operation_timeout" {
  description = "How long Terraform waits for an operation of the StackSet; the operation itself goes on."
  type        = string
  default     = "6h"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+[hm]$", var.operation_timeout))
    error_message = "operation_timeout must be a number of hours or minutes, such as 6h."
  }
}

variable "tags" {
  description = "Tags of the StackSet, which CloudFormation passes on to the resources of its stacks."
  type        = map(string)
  default     = {}
  nullable    = false
}
