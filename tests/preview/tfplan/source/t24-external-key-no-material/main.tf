provider "aws" {
  region = "eu-central-1"
}

resource "aws_kms_external_key" "trail" {
  description = "CloudTrail"
}

resource "aws_cloudtrail" "main" {
  name           = "main"
  s3_bucket_name = aws_s3_bucket.logs.id
  kms_key_id     = aws_kms_external_key.trail.arn
}

resource "aws_s3_bucket" "logs" {
  bucket = "example-trail-logs"
}
