locals {
  warmer_arn = "arn:aws:lambda:us-east-2:111122223333:function:kfm-${var.environment}-tile-warmer"
}

module "soils_alarms" {
  source = "./modules/pipeline-alarms"

  environment   = var.environment
  pipeline      = "soils"
  queue         = "kfm-${var.environment}-soils-ingest"
  dead_letters  = "kfm-${var.environment}-soils-ingest-dlq"
  function_name = "kfm-${var.environment}-soils-load"
  page_actions  = [aws_sns_topic.alerts.arn]
  dlq_actions   = [aws_sns_topic.alerts.arn, aws_lambda_function.soils_redrive.arn]
}

resource "aws_cloudwatch_metric_alarm" "lidar_throttles" {
  alarm_name          = "kfm-${var.environment}-lidar-throttles"
  alarm_description   = "The tiler is throttled: tiles of new flights are late."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = "kfm-${var.environment}-lidar-tiler" }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "parcels_errors" {
  alarm_name          = "kfm-${var.environment}-parcels-errors"
  alarm_description   = "The parcel loader fails: county offices see last month's parcels."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = "kfm-${var.environment}-parcels-load" }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "tile_render_errors" {
  alarm_name          = "kfm-tile-render-errors"
  alarm_description   = "The renderer fails: maps show grey tiles."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = "kfm-tile-render" }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "tile_cache_cold" {
  alarm_name          = "kfm-${var.environment}-tile-cache-cold"
  alarm_description   = "The tile cache is cold: warm it."
  namespace           = "KFM/Tiles"
  metric_name         = "CacheHitRatio"
  dimensions          = { Cache = "kfm-${var.environment}-tiles" }
  statistic           = "Average"
  comparison_operator = "LessThanThreshold"
  threshold           = 60
  period              = 60
  evaluation_periods  = 15
  datapoints_to_alarm = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.info_topic_arn, local.warmer_arn]
}

resource "aws_cloudwatch_metric_alarm" "weekend_backlog" {
  alarm_name          = "kfm-${var.environment}-historic-maps-weekend-backlog"
  alarm_description   = "Scans pile up; on a weekday somebody would see it."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "kfm-${var.environment}-historic-maps-ingest" }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 100
  period              = 60
  evaluation_periods  = 15
  datapoints_to_alarm = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}
