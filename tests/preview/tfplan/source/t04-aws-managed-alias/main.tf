provider "aws" {
  region = "eu-central-1"
}

resource "aws_cloudtrail" "main" {
  name           = "main"
  s3_bucket_name = aws_s3_bucket.logs.id
  kms_key_id     = "arn:aws:kms:eu-central-1:111122223333:alias/aws/s3"
}

resource "aws_s3_bucket" "logs" {
  bucket = "example-trail-logs"
}
