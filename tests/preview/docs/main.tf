provider "aws" {
  region = "eu-central-1"
}

variable "kms_key_arn" {
  type = string
}

resource "aws_cloudtrail" "main" {
  name           = "main"
  s3_bucket_name = aws_s3_bucket.logs.id
  kms_key_id     = var.kms_key_arn
}

resource "aws_s3_bucket" "logs" {
  bucket = "example-trail-logs"
}
