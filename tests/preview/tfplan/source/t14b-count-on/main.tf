provider "aws" {
  region = "eu-central-1"
}

variable "encrypt" {
  type    = bool
  default = false
}

locals {
  policy = {
    Version = "2012-10-17"
    Statement = [
      { Sid = "root", Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = "arn:aws:iam::111122223333:root" } },
      { Sid = "trail", Effect = "Allow", Action = "kms:GenerateDataKey*", Resource = "*", Principal = { Service = "cloudtrail.amazonaws.com" }, Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main" } } },
    ]
  }
}

resource "aws_kms_key" "trail" {
  description         = "CloudTrail"
  enable_key_rotation = true
  policy              = jsonencode(local.policy)
  count               = var.encrypt ? 1 : 0
}

resource "aws_cloudtrail" "main" {
  name           = "main"
  s3_bucket_name = aws_s3_bucket.logs.id
  kms_key_id     = var.encrypt ? aws_kms_key.trail[0].arn : null
}

resource "aws_s3_bucket" "logs" {
  bucket = "example-trail-logs"
}
