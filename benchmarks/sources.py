"""Terraform sources of any size, as a monorepo keeps them: the same number gives the same files.

    python benchmarks/sources.py 200 FOLDER

Ten files make a stack: variables, locals, topics, queues, functions, alarms of both, alarms by a local module
with `for_each`, roles, buckets and outputs. Nothing is a copy with another number: the shapes of a file change
from stack to stack (a `dynamic` block, a heredoc, a composite, a function call).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILES_OF_A_STACK: Final = 10
SERVICES: Final = ("ingest", "enrich", "publish", "archive", "tiles", "search", "mesh", "ledger")
MODULE: Final = "modules/queue-alarms"


def sources(files: int) -> dict[str, str]:
    """The texts of `files` Terraform files by path: stacks of ten, one of their files the module's.

    Raises ValueError where `files` is no multiple of ten.
    """
    if files <= 0 or files % FILES_OF_A_STACK:
        raise ValueError(f"{files} files: give a multiple of {FILES_OF_A_STACK}")
    written = {f"{MODULE}/main.tf": _MODULE}
    for number in range(stacks(files)):
        for name, text in _stack(number):
            written[f"stacks/s{number:03}/{name}.tf"] = text
    # The module is one file of the number asked for.
    written.pop("stacks/s000/outputs.tf")
    return written


def alarms(files: int) -> int:
    """How many metric alarms the sources hold, through `for_each`, `count` and the module."""
    return sum(len(_services(number)) * 6 for number in range(stacks(files)))


def silent(files: int) -> int:
    """How many of them notify nobody: the backlog alarm of each third service."""
    return sum(number % 3 == 0 for stack in range(stacks(files)) for number, _ in enumerate(_services(stack)))


def stacks(files: int) -> int:
    """How many stacks they are of; each has one topic with a subscriber."""
    return files // FILES_OF_A_STACK


def services(files: int) -> int:
    """How many services there are, each with a function, a queue and one for its dead letters."""
    return sum(len(_services(number)) for number in range(stacks(files)))


def blocks(files: int) -> int:
    """How many resource blocks stand in the files."""
    return sum(f"\n{text}".count('\nresource "') for text in sources(files).values())


def _services(number: int) -> tuple[str, ...]:
    return tuple(f"{service}-{number}" for service in SERVICES[: 5 + number % 4])


def _stack(number: int) -> Iterator[tuple[str, str]]:
    services = _services(number)
    yield "variables", _VARIABLES
    yield "locals", _locals(services)
    yield "topics", _TOPICS
    yield "queues", "\n".join(_queue(service, number) for service in services)
    yield "functions", "\n".join(_function(service, number) for service in services)
    yield "alarms", "\n".join(_alarms(service, at) for at, service in enumerate(services))
    yield "module", _CALL
    yield "roles", "\n".join(_role(service) for service in services)
    yield "buckets", "\n".join(_bucket(service) for service in services)
    yield "outputs", "\n".join(_output(service) for service in services)


_MODULE: Final = """\
variable "name" {
  type = string
}

variable "environment" {
  type = string
}

variable "topic" {
  type        = string
  description = "Who is told."
}

variable "age" {
  type    = number
  default = 300
}

locals {
  prefix = "${var.environment}-${var.name}"
}

resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name          = "${local.prefix}-oldest-age"
  alarm_description   = "The oldest message of ${var.name} waits too long."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = var.age
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic]

  dimensions = {
    QueueName = "${local.prefix}-work"
  }

  tags = merge({ Environment = var.environment }, { Service = var.name })
}
"""

_VARIABLES: Final = """\
variable "environment" {
  type    = string
  default = "prod"
}

variable "owner" {
  type    = string
  default = "data-platform"
}

variable "pager" {
  type    = string
  default = "https://events.example.com/integration/enqueue"
}

variable "ages" {
  type = map(number)
  default = {
    ingest = 300
    enrich = 600
  }
}
"""

_TOPICS: Final = """\
provider "aws" {
  region = "eu-central-1"

  default_tags {
    tags = {
      Environment = var.environment
      Owner       = var.owner
    }
  }
}

resource "aws_sns_topic" "sev2" {
  name = "${var.environment}-sev2"
}

resource "aws_sns_topic_subscription" "pager" {
  topic_arn              = aws_sns_topic.sev2.arn
  protocol               = "https"
  endpoint               = var.pager
  endpoint_auto_confirms = true
}
"""

_CALL: Final = """\
module "age" {
  source      = "../../modules/queue-alarms"
  for_each    = local.services
  name        = each.key
  environment = var.environment
  topic       = aws_sns_topic.sev2.arn
  age         = lookup(var.ages, each.value.kind, 900)
}
"""


def _locals(services: tuple[str, ...]) -> str:
    rows = "\n".join(
        f'    {service} = {{ kind = "{service.split("-", maxsplit=1)[0]}", memory = {256 * (at + 1)} }}'
        for at, service in enumerate(services)
    )
    return f"""\
locals {{
  services = {{
{rows}
  }}

  names = [for name, service in local.services : "${{var.environment}}-${{name}}" if service.memory > 256]
  tags  = {{ Owner = var.owner, Managed = "terraform" }}
}}
"""


def _queue(service: str, number: int) -> str:
    return f"""\
resource "aws_sqs_queue" "{service}" {{
  name                       = "${{var.environment}}-{service}-work"
  visibility_timeout_seconds = {30 + number}
  message_retention_seconds  = 1209600

  redrive_policy = jsonencode({{
    deadLetterTargetArn = aws_sqs_queue.{service}_dlq.arn
    maxReceiveCount     = 5
  }})

  tags = local.tags
}}

resource "aws_sqs_queue" "{service}_dlq" {{
  name = "${{var.environment}}-{service}-dlq"
  tags = merge(local.tags, {{ Kind = "dead-letter" }})
}}
"""


def _function(service: str, number: int) -> str:
    logging = (
        """
  dynamic "dead_letter_config" {
    for_each = var.environment == "prod" ? [1] : []
    content {
      target_arn = aws_sqs_queue.SERVICE_dlq.arn
    }
  }
"""
        if number % 2
        else """
  dead_letter_config {
    target_arn = aws_sqs_queue.SERVICE_dlq.arn
  }
"""
    ).replace("SERVICE", service)
    return f"""\
resource "aws_lambda_function" "{service}" {{
  function_name = "${{var.environment}}-{service}"
  role          = aws_iam_role.{service}.arn
  handler       = "{service.replace("-", "_")}.handle"
  runtime       = "python3.12"
  memory_size   = local.services["{service}"].memory
  timeout       = 60
  filename      = "build/{service}.zip"
{logging}
  environment {{
    variables = {{
      QUEUE = aws_sqs_queue.{service}.url
      LEVEL = "INFO"
    }}
  }}
}}

resource "aws_lambda_event_source_mapping" "{service}" {{
  event_source_arn = aws_sqs_queue.{service}.arn
  function_name    = aws_lambda_function.{service}.arn
  batch_size       = 10
}}
"""


def _alarms(service: str, at: int) -> str:
    actions = "[]" if at % 3 == 0 else "[aws_sns_topic.sev2.arn]"
    return f"""\
resource "aws_cloudwatch_metric_alarm" "{service}_backlog" {{
  alarm_name          = "${{var.environment}}-{service}-backlog"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 1000
  comparison_operator = "GreaterThanOrEqualToThreshold"
  alarm_actions       = {actions}

  dimensions = {{
    QueueName = aws_sqs_queue.{service}.name
  }}
}}

resource "aws_cloudwatch_metric_alarm" "{service}_dlq" {{
  alarm_name          = "${{var.environment}}-{service}-dlq-depth"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 2
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.sev2.arn]
  dimensions          = {{ QueueName = aws_sqs_queue.{service}_dlq.name }}
}}

resource "aws_cloudwatch_metric_alarm" "{service}_ratio" {{
  alarm_name          = "${{var.environment}}-{service}-error-ratio"
  alarm_description   = <<-EOT
    More than two in a hundred calls of {service} fail.
    Runbook: section 3.
  EOT
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 2
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = concat([aws_sns_topic.sev2.arn], [])

  metric_query {{
    id          = "ratio"
    expression  = "IF(calls > 0, 100 * errors / calls, 0)"
    return_data = true
  }}

  metric_query {{
    id = "errors"
    metric {{
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      period      = 60
      stat        = "Sum"
      dimensions  = {{ FunctionName = aws_lambda_function.{service}.function_name }}
    }}
  }}

  metric_query {{
    id = "calls"
    metric {{
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      period      = 60
      stat        = "Sum"
      dimensions  = {{ FunctionName = aws_lambda_function.{service}.function_name }}
    }}
  }}
}}

resource "aws_cloudwatch_metric_alarm" "{service}_throttles" {{
  count               = 2
  alarm_name          = format("%s-{service}-throttles-%d", var.environment, count.index)
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  threshold           = 5 * (count.index + 1)
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.sev2.arn]
  dimensions          = {{ FunctionName = aws_lambda_function.{service}.function_name }}
}}
"""


def _role(service: str) -> str:
    return f"""\
resource "aws_iam_role" "{service}" {{
  name = "${{var.environment}}-{service}"

  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = {{ Service = "lambda.amazonaws.com" }}
    }}]
  }})
}}

resource "aws_iam_role_policy" "{service}" {{
  name   = "{service}"
  role   = aws_iam_role.{service}.id
  policy = data.aws_iam_policy_document.{service}.json
}}

data "aws_iam_policy_document" "{service}" {{
  statement {{
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.{service}.arn]
  }}
  statement {{
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${{aws_s3_bucket.{service}.arn}}/*"]
  }}
}}
"""


def _bucket(service: str) -> str:
    return f"""\
resource "aws_s3_bucket" "{service}" {{
  bucket = "${{var.environment}}-{service}-data"
  tags   = local.tags
}}

resource "aws_s3_bucket_versioning" "{service}" {{
  bucket = aws_s3_bucket.{service}.id
  versioning_configuration {{
    status = "Enabled"
  }}
}}

resource "aws_s3_bucket_lifecycle_configuration" "{service}" {{
  bucket = aws_s3_bucket.{service}.id

  rule {{
    id     = "old-versions"
    status = "Enabled"
    noncurrent_version_expiration {{
      noncurrent_days = 90
    }}
  }}
}}
"""


def _output(service: str) -> str:
    return f"""\
output "{service}_queue" {{
  description = "The queue that {service} reads."
  value       = aws_sqs_queue.{service}.url
}}

output "{service}_function" {{
  value = aws_lambda_function.{service}.arn
}}
"""


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    for path, text in sources(int(sys.argv[1])).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
