# The rule in one account and two Regions, with alarms.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25.0, < 7.0.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

locals {
  # The topic that alarms notify in each Region.
  topics = {
    eu-west-1 = "arn:aws:sns:eu-west-1:111122223333:security-alarms"
    us-east-1 = "arn:aws:sns:us-east-1:111122223333:security-alarms"
  }
}

module "trailseal" {
  source   = "../../modules/account"
  for_each = local.topics

  region          = each.key
  code_zip        = "bootstrap-arm64.zip"
  alarms          = true
  alarm_topic_arn = each.value

  profile              = "strict"
  skip_checks          = ["delivery-unbroken"]
  allowed_key_accounts = ["777788889999"]
}

output "functions" {
  description = "The function of each Region."
  value       = { for region, trailseal in module.trailseal : region => trailseal.function_arn }
}
