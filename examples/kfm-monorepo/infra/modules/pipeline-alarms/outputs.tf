output "page_alarm_name" {
  value = aws_cloudwatch_composite_alarm.page.alarm_name
}
