# The alarms of one pipeline, in the words of the reliability runbook.

resource "aws_sns_topic" "sev2" {
  name = "kfm-prod-sev2"
}

resource "aws_sns_topic_subscription" "pager" {
  topic_arn              = aws_sns_topic.sev2.arn
  protocol               = "https"
  endpoint               = "https://events.example.org/kfm"
  endpoint_auto_confirms = true
  filter_policy_scope    = "MessageBody"
  filter_policy          = jsonencode({ AlarmName = [{ prefix = "kfm-prod-" }], NewStateValue = ["ALARM"] })
}

# Reads a label that the body of an alarm never has: nobody is told by this one.
resource "aws_sns_topic_subscription" "chat" {
  topic_arn              = aws_sns_topic.sev2.arn
  protocol               = "https"
  endpoint               = "https://chat.example.org/kfm"
  endpoint_auto_confirms = true
  filter_policy          = jsonencode({ team = ["kfm-pipelines"] })
}

resource "aws_cloudwatch_metric_alarm" "backlog" {
  alarm_name          = "kfm-prod-ingest-backlog"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "kfm-prod-ingest" }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1000
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "oldest_age" {
  alarm_name          = "kfm-prod-ingest-oldest-age"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = "kfm-prod-ingest" }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 300
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_composite_alarm" "page" {
  alarm_name    = "kfm-prod-ingest-page"
  alarm_rule    = "ALARM(${aws_cloudwatch_metric_alarm.backlog.alarm_name}) AND ALARM(${aws_cloudwatch_metric_alarm.oldest_age.alarm_name})"
  alarm_actions = [aws_sns_topic.sev2.arn]
}

resource "aws_cloudwatch_metric_alarm" "error_ratio" {
  alarm_name          = "kfm-prod-ingest-error-ratio"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 2
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.sev2.arn]

  metric_query {
    id          = "ratio"
    expression  = "100 * errors / invocations"
    return_data = true
  }
  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = { FunctionName = "kfm-prod-ingest" }
      period      = 60
      stat        = "Sum"
    }
  }
  metric_query {
    id = "invocations"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = { FunctionName = "kfm-prod-ingest" }
      period      = 60
      stat        = "Sum"
    }
  }
}
