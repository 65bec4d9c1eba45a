resource "aws_sns_topic" "alerts" {
  name = "kfm-${var.environment}-alerts"
}

resource "aws_sns_topic_subscription" "pager" {
  topic_arn              = aws_sns_topic.alerts.arn
  protocol               = "https"
  endpoint               = var.pager_endpoint
  endpoint_auto_confirms = true
}

# Moves dead letters of the soils pipeline back to its queue, so that a poison message gets a second chance.
resource "aws_lambda_function" "soils_redrive" {
  function_name = "kfm-${var.environment}-soils-redrive"
  role          = var.redrive_role_arn
  handler       = "redrive.handler"
  runtime       = "python3.13"
  s3_bucket     = "kfm-${var.environment}-artifacts"
  s3_key        = "functions/redrive-1.4.0.zip"

  dead_letter_config {
    target_arn = "arn:aws:sqs:us-east-2:111122223333:kfm-prod-redrive-failed"
  }
}

resource "aws_lambda_permission" "soils_redrive_from_alarms" {
  statement_id   = "alarms"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.soils_redrive.function_name
  principal      = "lambda.alarms.cloudwatch.amazonaws.com"
  source_account = "111122223333"
}
