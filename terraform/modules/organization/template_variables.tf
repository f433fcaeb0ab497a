# Generated from cdk/templates/trailseal-account.yaml by terraform/scripts/generate.py; do not edit.

variable "code_bucket_prefix" {
  description = "The prefix of the code bucket's name; a hyphen and the Region follow."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,45}$", var.code_bucket_prefix))
    error_message = "code_bucket_prefix must be text that matches ^[a-z0-9][a-z0-9-]{1,45}$."
  }
}

variable "architecture" {
  description = "The processor architecture of the code."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be one of arm64, x86_64."
  }
}

variable "code_key" {
  description = "The S3 key of the code; another version needs another key. If empty, trailseal/0.2.0/bootstrap-ARCHITECTURE.zip."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.code_key) <= 1024
    error_message = "code_key must be text that matches ^.{0,1024}$."
  }
}

variable "function_name" {
  description = "The name of the function; conformance packs refer to it by this name."
  type        = string
  default     = "trailseal"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.function_name))
    error_message = "function_name must be text that matches ^[A-Za-z0-9_-]{1,64}$."
  }
}

variable "rule_name" {
  description = "The name of the rule; empty for the function alone, if a pack has the rule."
  type        = string
  default     = "trailseal"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{0,64}$", var.rule_name))
    error_message = "rule_name must be text that matches ^[A-Za-z0-9_-]{0,64}$."
  }
}

variable "schedule" {
  description = "How often every trail is evaluated."
  type        = string
  default     = "TwentyFour_Hours"
  nullable    = false

  validation {
    condition     = contains(["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"], var.schedule)
    error_message = "schedule must be one of One_Hour, Three_Hours, Six_Hours, Twelve_Hours, TwentyFour_Hours."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 90, 180, 365, 400, 731, 1096, 1827, 2557, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of 30, 90, 180, 365, 400, 731, 1096, 1827, 2557, 3653."
  }
}

variable "organization_id" {
  description = "The organization within which `key_account_role_name` may be assumed."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(o-[a-z0-9]{10,32})?$", var.organization_id))
    error_message = "organization_id must be text that matches ^(o-[a-z0-9]{10,32})?$."
  }
}

variable "subnet_ids" {
  description = "The subnets of the function; empty for a function outside of any VPC."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) == 0 || can(regex("^(subnet-[0-9a-f]+(,subnet-[0-9a-f]+)*)?$", join(",", var.subnet_ids)))
    error_message = "subnet_ids must be text that matches ^(subnet-[0-9a-f]+(,subnet-[0-9a-f]+)*)?$."
  }
}

variable "security_group_ids" {
  description = "The security groups of the function; only with `subnet_ids`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) == 0 || can(regex("^(sg-[0-9a-f]+(,sg-[0-9a-f]+)*)?$", join(",", var.security_group_ids)))
    error_message = "security_group_ids must be text that matches ^(sg-[0-9a-f]+(,sg-[0-9a-f]+)*)?$."
  }
}

variable "code_signing_config_arn" {
  description = "The ARN of a code signing configuration; the code must then be signed."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17})?$", var.code_signing_config_arn))
    error_message = "code_signing_config_arn must be text that matches ^(arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17})?$."
  }
}

variable "encryption_key_arn" {
  description = "The ARN of a KMS key for the logs and the queue of failed events, whose policy admits CloudWatch Logs; empty for keys of the services."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+)?$", var.encryption_key_arn))
    error_message = "encryption_key_arn must be text that matches ^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+)?$."
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrency; 0 reserves none, for accounts with a small quota."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= 0 && var.reserved_concurrency <= 1000
    error_message = "reserved_concurrency must be a number from 0 to 1000."
  }
}

variable "metrics" {
  description = "Whether CloudWatch makes ten billed metrics for each rule from the log."
  type        = bool
  default     = false
  nullable    = false
}

variable "watch_keys" {
  description = "Whether a change of a KMS key evaluates the trails that use it."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarms" {
  description = "Whether there are alarms on the function and its results."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarm_topic_name" {
  description = "The name of the topic in each Region that alarms notify; empty for none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{0,256}$", var.alarm_topic_name))
    error_message = "alarm_topic_name must be text that matches ^[A-Za-z0-9_-]{0,256}$."
  }
}

variable "alarm_topic_account" {
  description = "The account of the topic, which must admit CloudWatch; empty for its own account."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]{12})?$", var.alarm_topic_account))
    error_message = "alarm_topic_account must be text that matches ^([0-9]{12})?$."
  }
}

variable "permissions_boundary_name" {
  description = "The permissions boundary of the role: the name of a policy of the account, with its path; empty for none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(([!-9;-~]+/)?[A-Za-z0-9+=,.@_-]{1,128})?$", var.permissions_boundary_name))
    error_message = "permissions_boundary_name must be text that matches ^(([!-9;-~]+/)?[A-Za-z0-9+=,.@_-]{1,128})?$."
  }
}

variable "role_path" {
  description = "The path of the role."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path must be text that matches ^/([!-~]+/)?$."
  }
}

locals {
  # The template's other parameters as text.
  template_parameters = {
    CodeBucketPrefix        = var.code_bucket_prefix
    Architecture            = var.architecture
    CodeKey                 = var.code_key
    FunctionName            = var.function_name
    RuleName                = var.rule_name
    Schedule                = var.schedule
    LogRetentionDays        = tostring(var.log_retention_days)
    OrganizationId          = var.organization_id
    SubnetIds               = length(var.subnet_ids) == 0 ? "" : join(",", var.subnet_ids)
    SecurityGroupIds        = length(var.security_group_ids) == 0 ? "" : join(",", var.security_group_ids)
    CodeSigningConfigArn    = var.code_signing_config_arn
    EncryptionKeyArn        = var.encryption_key_arn
    ReservedConcurrency     = tostring(var.reserved_concurrency)
    Metrics                 = tostring(var.metrics)
    WatchKeys               = tostring(var.watch_keys)
    Alarms                  = tostring(var.alarms)
    AlarmTopicName          = var.alarm_topic_name
    AlarmTopicAccount       = var.alarm_topic_account
    PermissionsBoundaryName = var.permissions_boundary_name
    RolePath                = var.role_path
  }
}
