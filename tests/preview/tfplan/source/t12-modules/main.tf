provider "aws" {
  region = "eu-central-1"
}

module "key" {
  source = "./key"
}

module "trail" {
  source      = "./trail"
  bucket      = aws_s3_bucket.logs.id
  kms_key_arn = module.key.arn
}

resource "aws_s3_bucket" "logs" {
  bucket = "example-trail-logs"
}
