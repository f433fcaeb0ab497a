# The rule in an organization, in two waves: accounts for tests first, then all others. The last one is
# the management account, which StackSets skip.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25.0, < 7.0.0"
    }
  }
}

# The management account, or a delegated administrator of StackSets.
provider "aws" {
  region = "eu-west-1"
}

locals {
  # What both waves have in common.
  code_bucket_prefix   = "acme-trailseal"
  regions              = ["eu-west-1", "us-east-1"]
  allowed_key_accounts = ["777788889999"]
}

module "canary" {
  source = "../../modules/organization"

  stack_set_name               = "Trailseal-Canary"
  organizational_unit_ids      = ["ou-ab12-canary00"]
  failure_tolerance_percentage = 0

  code_bucket_prefix   = local.code_bucket_prefix
  regions              = local.regions
  allowed_key_accounts = local.allowed_key_accounts
}

module "rest" {
  source = "../../modules/organization"

  organizational_unit_ids = ["r-ab12"]
  excluded_accounts       = ["222233334444"] # The accounts of the first wave.

  code_bucket_prefix   = local.code_bucket_prefix
  regions              = local.regions
  allowed_key_accounts = local.allowed_key_accounts

  depends_on = [module.canary]
}

# StackSets skip the management account, which owns the organization trails. If this configuration runs
# in the account of a delegated administrator, give this module a provider for the management account.
module "account" {
  source   = "../../modules/account"
  for_each = toset(local.regions)

  region = each.key
  code_object = {
    bucket = "${local.code_bucket_prefix}-${each.key}"
    key    = "trailseal/0.2.0/bootstrap-arm64.zip"
  }

  allowed_key_accounts = local.allowed_key_accounts
}
