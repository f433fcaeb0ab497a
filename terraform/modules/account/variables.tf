variable "code_zip" {
  description = "The path of `bootstrap-ARCHITECTURE.zip` of a release; null if `code_object` names the code."
  type        = string
  default     = null

  validation {
    condition     = (var.code_zip == null) != (var.code_object == null)
    error_message = "Set either code_zip or code_object."
  }
}

variable "code_object" {
  description = "The code in S3, in a bucket of the function's Region; another version needs another key. Null if `code_zip` names it."
  type        = object({ bucket = string, key = string, version = optional(string) })
  default     = null
}

variable "architecture" {
  description = "The processor architecture of the code: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "region" {
  description = "The Region; null for that of the provider."
  type        = string
  default     = null
}

variable "function_name" {
  description = "The name of the function; conformance packs refer to it by this name."
  type        = string
  default     = "trailseal"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.function_name))
    error_message = "function_name must have 1 to 64 letters, digits, `-` and `_`."
  }
}

variable "rule_name" {
  description = "The name of the rule; null for the function alone, if a conformance pack has the rule."
  type        = string
  default     = "trailseal"

  validation {
    condition     = var.rule_name == null || can(regex("^[A-Za-z0-9_-]{1,64}$", var.rule_name))
    error_message = "rule_name must have 1 to 64 letters, digits, `-` and `_`."
  }
}

variable "schedule" {
  description = "How often every trail is evaluated: `One_Hour`, `Three_Hours`, `Six_Hours`, `Twelve_Hours` or `TwentyFour_Hours`."
  type        = string
  default     = "TwentyFour_Hours"
  nullable    = false

  validation {
    condition     = contains(keys(local.schedule_hours), var.schedule)
    error_message = "schedule must be One_Hour, Three_Hours, Six_Hours, Twelve_Hours or TwentyFour_Hours."
  }
}

variable "watch_keys" {
  description = "Whether a change of a KMS key evaluates the trails that use it."
  type        = bool
  default     = false
  nullable    = false
}

variable "organization_id" {
  description = "The organization within which `key_account_role_name` may be assumed."
  type        = string
  default     = null

  validation {
    condition     = var.organization_id == null || can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "organization_id must be the ID of an organization."
  }

  validation {
    condition     = var.organization_id != null || var.key_account_role_name == null
    error_message = "key_account_role_name needs organization_id: roles are assumed within the organization only."
  }
}

variable "role_name" {
  description = "The name of the function's role and of its policy; null for the function's name and the Region."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null || can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name must be the name of a role, of at most 64 characters."
  }
}

variable "role_path" {
  description = "The path of the role."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path must begin and end with `/`."
  }
}

variable "permissions_boundary_arn" {
  description = "The ARN of the permissions boundary of the role; null for none."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 90, 180, 365, 400, 731, 1096, 1827, 2557, 3653], var.log_retention_days)
    error_message = "log_retention_days must be 30, 90, 180, 365, 400, 731, 1096, 1827, 2557 or 3653."
  }
}

variable "encryption_key_arn" {
  description = "The ARN of a KMS key for the logs and the queue of failed events; its policy must admit CloudWatch Logs. Null for keys of the services."
  type        = string
  default     = null

  validation {
    condition     = var.encryption_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.encryption_key_arn))
    error_message = "encryption_key_arn must be the ARN of a key, not of an alias."
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrency. Null reserves none, for accounts with a small quota."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= 1 && var.reserved_concurrency <= 1000, false)
    error_message = "reserved_concurrency must be from 1 to 1000, or null."
  }
}

variable "subnet_ids" {
  description = "The subnets of the function; empty for a function outside of any VPC. AWS Config, CloudTrail, KMS and S3 must be reachable from them, and STS with `key_account_role_name`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = (length(var.subnet_ids) == 0) == (length(var.security_group_ids) == 0)
    error_message = "subnet_ids and security_group_ids need each other."
  }
}

variable "security_group_ids" {
  description = "The security groups of the function; only with `subnet_ids`."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "code_signing_config_arn" {
  description = "The ARN of a code signing configuration; the code must then be signed. Null for none."
  type        = string
  default     = null
}

variable "metrics" {
  description = "Whether CloudWatch makes ten billed metrics for each rule from the log."
  type        = bool
  default     = false
  nullable    = false
}

variable "tracing" {
  description = "Whether X-Ray traces the function."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarms" {
  description = "Whether there are alarms on the function and its results; they cost more than the rule."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarm_topic_arn" {
  description = "The ARN of the topic that alarms notify, in the same Region; its policy must admit CloudWatch. Null for none."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || var.alarms
    error_message = "alarm_topic_arn has no effect without alarms = true."
  }
}

variable "tags" {
  description = "Tags of every resource that can have them."
  type        = map(string)
  default     = {}
  nullable    = false
}
