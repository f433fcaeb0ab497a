provider "aws" {
  region = "eu-central-1"
}

data "aws_ssm_parameter" "key" {
  name = "/org/trail-key-arn"
}

resource "aws_cloudtrail" "main" {
  name           = "main"
  s3_bucket_name = aws_s3_bucket.logs.id
  kms_key_id     = data.aws_ssm_parameter.key.value
}

resource "aws_s3_bucket" "logs" {
  bucket = "example-trail-logs"
}
