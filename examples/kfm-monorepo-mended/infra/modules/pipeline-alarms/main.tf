# The runbook's alarms of one pipeline: backlog and age page together, errors and dead letters alone.

locals {
  prefix = "kfm-${var.environment}-${var.pipeline}"
}

resource "aws_cloudwatch_metric_alarm" "backlog" {
  alarm_name          = "${local.prefix}-backlog-high"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.queue }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1000
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "oldest_age" {
  alarm_name          = "${local.prefix}-oldest-age-high"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = var.queue }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 300
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
}

# OR, not AND: a consumer that is dead on a short queue never makes a backlog, only old messages.
resource "aws_cloudwatch_composite_alarm" "page" {
  alarm_name        = "${local.prefix}-page"
  alarm_description = "The ${var.pipeline} pipeline does not keep up."
  alarm_rule        = "ALARM(\"${aws_cloudwatch_metric_alarm.backlog.alarm_name}\") OR ALARM(\"${aws_cloudwatch_metric_alarm.oldest_age.alarm_name}\")"
  alarm_actions     = var.page_actions
}

resource "aws_cloudwatch_metric_alarm" "error_ratio" {
  alarm_name          = "${local.prefix}-error-ratio-high"
  alarm_description   = "The ${var.pipeline} loader fails on two calls in a hundred."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 2
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.page_actions

  metric_query {
    id          = "ratio"
    label       = "Errors in percent of invocations, from 50 invocations on"
    expression  = "IF(FILL(invocations, 0) >= 50, 100 * errors / invocations, 0)"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = { FunctionName = var.function_name }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "invocations"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = { FunctionName = var.function_name }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${local.prefix}-dead-letters"
  alarm_description   = "Messages of the ${var.pipeline} pipeline could not be processed."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.dead_letters }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 10
  datapoints_to_alarm = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.dlq_actions
}
