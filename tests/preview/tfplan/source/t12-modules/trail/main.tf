variable "bucket" {
  type = string
}

variable "kms_key_arn" {
  type = string
}

resource "aws_cloudtrail" "this" {
  name           = "main"
  s3_bucket_name = var.bucket
  kms_key_id     = var.kms_key_arn
}
