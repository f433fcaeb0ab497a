provider "aws" {
  region = "eu-central-1"
}

data "terraform_remote_state" "kms" {
  backend = "local"
}

resource "aws_cloudtrail" "main" {
  name           = "main"
  s3_bucket_name = aws_s3_bucket.logs.id
  kms_key_id     = data.terraform_remote_state.kms.outputs.trail_key_arn
}

resource "aws_s3_bucket" "logs" {
  bucket = "example-trail-logs"
}
