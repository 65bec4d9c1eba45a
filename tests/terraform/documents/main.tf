terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

variable "publishers" {
  type    = list(string)
  default = ["events.amazonaws.com"]
}

resource "aws_cloudwatch_metric_alarm" "backlog" {
  alarm_name          = "prod-ingest-backlog"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "prod-ingest" }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  period              = 60
  evaluation_periods  = 5
  alarm_actions       = [aws_sns_topic.refuses.arn, aws_sns_topic.allows.arn, aws_sns_topic.encoded.arn]
}

resource "aws_sns_topic" "refuses" { name = "prod-refuses" }
resource "aws_sns_topic" "allows" { name = "prod-allows" }
resource "aws_sns_topic" "encoded" { name = "prod-encoded" }

data "aws_iam_policy_document" "shared" {
  statement {
    sid       = "Everything"
    effect    = "Deny"
    actions   = ["sns:Subscribe"]
    resources = [aws_sns_topic.refuses.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

data "aws_iam_policy_document" "refuses" {
  source_policy_documents = [data.aws_iam_policy_document.shared.json]
  statement {
    sid       = "Events"
    actions   = ["sns:Publish", "sns:GetTopicAttributes"]
    resources = [aws_sns_topic.refuses.arn]
    principals {
      type        = "Service"
      identifiers = var.publishers
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["111122223333"]
    }
  }
}

resource "aws_sns_topic_policy" "refuses" {
  arn    = aws_sns_topic.refuses.arn
  policy = data.aws_iam_policy_document.refuses.json
}

data "aws_iam_policy_document" "allows" {
  dynamic "statement" {
    for_each = toset(["cloudwatch.amazonaws.com", "events.amazonaws.com"])
    content {
      actions   = ["SNS:Publish"]
      resources = [aws_sns_topic.allows.arn]
      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = [aws_cloudwatch_metric_alarm.backlog.arn]
      }
    }
  }
}

resource "aws_sns_topic_policy" "allows" {
  arn    = aws_sns_topic.allows.arn
  policy = data.aws_iam_policy_document.allows.json
}

resource "aws_sns_topic_policy" "encoded" {
  arn = aws_sns_topic.encoded.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.encoded.arn
    }]
  })
}

resource "aws_sqs_queue" "told" { name = "prod-told" }
resource "aws_sns_topic_subscription" "told" {
  topic_arn = aws_sns_topic.allows.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.told.arn
}
resource "aws_sqs_queue_policy" "told" {
  queue_url = aws_sqs_queue.told.id
  policy    = data.aws_iam_policy_document.told.json
}
data "aws_iam_policy_document" "told" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.told.arn]
    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_sns_topic.allows.arn, aws_sns_topic.refuses.arn]
    }
  }
}
