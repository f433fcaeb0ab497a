locals {
  policy = {
    Version = "2012-10-17"
    Statement = [
      { Sid = "root", Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = "arn:aws:iam::111122223333:root" } },
      { Sid = "trail", Effect = "Allow", Action = "kms:GenerateDataKey*", Resource = "*", Principal = { Service = "cloudtrail.amazonaws.com" }, Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main" } } },
    ]
  }
}

resource "aws_kms_key" "this" {
  description         = "CloudTrail"
  enable_key_rotation = true
  policy              = jsonencode(local.policy)
}

output "arn" {
  value = aws_kms_key.this.arn
}
