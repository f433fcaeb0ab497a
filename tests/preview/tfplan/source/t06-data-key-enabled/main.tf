provider "aws" {
  region = "eu-central-1"
}

data "aws_kms_key" "trail" {
  key_id = "alias/central-trail"
}

resource "aws_cloudtrail" "main" {
  name           = "main"
  s3_bucket_name = aws_s3_bucket.logs.id
  kms_key_id     = data.aws_kms_key.trail.arn
}

resource "aws_s3_bucket" "logs" {
  bucket = "example-trail-logs"
}
