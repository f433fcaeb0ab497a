provider "aws" {
  region = "eu-central-1"
}

resource "aws_cloudtrail" "org" {
  name                  = "org"
  s3_bucket_name        = "central-logs-444455556666"
  kms_key_id            = "arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  is_organization_trail = true
}
