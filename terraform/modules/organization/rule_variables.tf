# Generated from cdk/schema/rule-parameters.schema.json by terraform/scripts/generate.py; do not edit.

variable "allowed_key_accounts" {
  description = "Accounts whose keys are allowed, beside the trail's own account. Takes account ids."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.allowed_key_accounts) == 0 || can(regex("^\\s*[0-9]{12}\\s*(,\\s*[0-9]{12}\\s*)*$", join(",", var.allowed_key_accounts)))
    error_message = "allowed_key_accounts must be account ids."
  }
}

variable "allowed_kms_key_arns" {
  description = "The keys that are allowed. If set, it restricts the keys of the trail's own account too; a key of another account is allowed if this or `allowed_key_accounts` names it. Takes key ARNs, `*` as wildcard within a part."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.allowed_kms_key_arns) == 0 || can(regex("^\\s*arn:[^:,]+:kms:[^:,]+:[^:,]+:[^:,]+\\s*(,\\s*arn:[^:,]+:kms:[^:,]+:[^:,]+:[^:,]+\\s*)*$", join(",", var.allowed_kms_key_arns)))
    error_message = "allowed_kms_key_arns must be key ARNs, `*` as wildcard within a part."
  }
}

variable "check_delivery" {
  description = "Whether the latest delivery must not have failed because of the key, in every profile."
  type        = bool
  default     = false
  nullable    = false
}

variable "check_key_policy" {
  description = "Whether the key policy must admit CloudTrail and guard decryption, in every profile."
  type        = bool
  default     = false
  nullable    = false
}

variable "exempt_trails" {
  description = "Trails that are exempt, each until its last day where one is given. Takes trail ARNs, `*` as wildcard within a part, each with an optional last day `@YYYY-MM-DD`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.exempt_trails) == 0 || can(regex("^\\s*arn:[^:,]+:cloudtrail:[^:,]+:[^:,]+:[^:,@]+(@[0-9]{4}-[0-9]{2}-[0-9]{2})?\\s*(,\\s*arn:[^:,]+:cloudtrail:[^:,]+:[^:,]+:[^:,@]+(@[0-9]{4}-[0-9]{2}-[0-9]{2})?\\s*)*$", join(",", var.exempt_trails)))
    error_message = "exempt_trails must be trail ARNs, `*` as wildcard within a part, each with an optional last day `@YYYY-MM-DD`."
  }
}

variable "exemption_tag" {
  description = "The tag of a trail that exempts it until the day that is the tag's value, at most 90 days ahead, such as trailseal:exempt-until; read from CloudTrail, and only if the trail would fail. Takes the key of a tag, of letters, digits and `_.:/=+-@`, without the prefix `aws:`."
  type        = string
  default     = null

  validation {
    condition     = var.exemption_tag == null || can(regex("^[A-Za-z0-9_.:/=+@-]{1,128}$", tostring(var.exemption_tag)))
    error_message = "exemption_tag must be the key of a tag, of letters, digits and `_.:/=+-@`, without the prefix `aws:`."
  }
}

variable "exemptions_from" {
  description = "The JSON document with more exemptions, each with reason, approver and last day. Takes the object in S3, `s3://BUCKET/KEY`, with letters, digits, `_`, `-` and `.` in the key."
  type        = string
  default     = null

  validation {
    condition     = var.exemptions_from == null || can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$", tostring(var.exemptions_from)))
    error_message = "exemptions_from must be the object in S3, `s3://BUCKET/KEY`, with letters, digits, `_`, `-` and `.` in the key."
  }
}

variable "key_account_role_name" {
  description = "The role to assume in the account of a key of another account, to read the key's state, rotation and policy. Takes the name of a role, with its path."
  type        = string
  default     = null

  validation {
    condition     = var.key_account_role_name == null || can(regex("^[A-Za-z0-9+=,.@_-]+(/[A-Za-z0-9+=,.@_-]+)*$", tostring(var.key_account_role_name)))
    error_message = "key_account_role_name must be the name of a role, with its path."
  }
}

variable "max_rotation_period_days" {
  description = "The longest period between two rotations, in days; only where rotation is checked. Takes a whole number from 90 to 2560."
  type        = number
  default     = null

  validation {
    condition     = var.max_rotation_period_days == null || can(regex("^(9[0-9]|[1-9][0-9]{2}|1[0-9]{3}|2[0-4][0-9]{2}|25[0-5][0-9]|2560)$", tostring(var.max_rotation_period_days)))
    error_message = "max_rotation_period_days must be a whole number from 90 to 2560."
  }
}

variable "no_trails" {
  description = "What a scheduled run reports on the account where no trail of any kind is visible. Takes one of `NOT_APPLICABLE`, `NON_COMPLIANT`."
  type        = string
  default     = "NOT_APPLICABLE"
  nullable    = false

  validation {
    condition     = contains(["NOT_APPLICABLE", "NON_COMPLIANT"], var.no_trails)
    error_message = "no_trails must be one of `NOT_APPLICABLE`, `NON_COMPLIANT`."
  }
}

variable "profile" {
  description = "How much is asked of a trail's key. Takes one of `cis`, `effective`, `strict`."
  type        = string
  default     = "effective"
  nullable    = false

  validation {
    condition     = contains(["cis", "effective", "strict"], var.profile)
    error_message = "profile must be one of `cis`, `effective`, `strict`."
  }
}

variable "replicas" {
  description = "What is reported for shadow copies of multi-Region trails and members' copies of organization trails. Takes one of `NOT_APPLICABLE`, `EVALUATE`."
  type        = string
  default     = "NOT_APPLICABLE"
  nullable    = false

  validation {
    condition     = contains(["NOT_APPLICABLE", "EVALUATE"], var.replicas)
    error_message = "replicas must be one of `NOT_APPLICABLE`, `EVALUATE`."
  }
}

variable "require_key_rotation" {
  description = "Whether the key must be rotated, in every profile."
  type        = bool
  default     = false
  nullable    = false
}

variable "skip_checks" {
  description = "Checks to leave out, in every profile; results and reports name them. Takes checks of key-customer-managed, key-usable, key-in-bucket-region, key-allowed, key-rotated, key-policy-admits-cloudtrail, delivery-unbroken, key-policy-guards-decryption, key-policy-binds-cloudtrail."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.skip_checks) == 0 || can(regex("^\\s*(key-customer-managed|key-usable|key-in-bucket-region|key-allowed|key-rotated|key-policy-admits-cloudtrail|delivery-unbroken|key-policy-guards-decryption|key-policy-binds-cloudtrail)\\s*(,\\s*(key-customer-managed|key-usable|key-in-bucket-region|key-allowed|key-rotated|key-policy-admits-cloudtrail|delivery-unbroken|key-policy-guards-decryption|key-policy-binds-cloudtrail)\\s*)*$", join(",", var.skip_checks)))
    error_message = "skip_checks must be checks of key-customer-managed, key-usable, key-in-bucket-region, key-allowed, key-rotated, key-policy-admits-cloudtrail, delivery-unbroken, key-policy-guards-decryption, key-policy-binds-cloudtrail."
  }
}

variable "unverified" {
  description = "What is reported where evidence could not be read. Takes one of `NON_COMPLIANT`, `COMPLIANT`, `NOT_APPLICABLE`."
  type        = string
  default     = "NON_COMPLIANT"
  nullable    = false

  validation {
    condition     = contains(["NON_COMPLIANT", "COMPLIANT", "NOT_APPLICABLE"], var.unverified)
    error_message = "unverified must be one of `NON_COMPLIANT`, `COMPLIANT`, `NOT_APPLICABLE`."
  }
}

locals {
  # The rule's parameters as text; null is not passed.
  rule_parameters = {
    allowedKeyAccounts    = length(var.allowed_key_accounts) == 0 ? null : join(",", var.allowed_key_accounts)
    allowedKmsKeyArns     = length(var.allowed_kms_key_arns) == 0 ? null : join(",", var.allowed_kms_key_arns)
    checkDelivery         = tostring(var.check_delivery)
    checkKeyPolicy        = tostring(var.check_key_policy)
    exemptTrails          = length(var.exempt_trails) == 0 ? null : join(",", var.exempt_trails)
    exemptionTag          = var.exemption_tag
    exemptionsFrom        = var.exemptions_from
    keyAccountRoleName    = var.key_account_role_name
    maxRotationPeriodDays = tostring(var.max_rotation_period_days)
    noTrails              = var.no_trails
    profile               = var.profile
    replicas              = var.replicas
    requireKeyRotation    = tostring(var.require_key_rotation)
    skipChecks            = length(var.skip_checks) == 0 ? null : join(",", var.skip_checks)
    unverified            = var.unverified
  }
}
