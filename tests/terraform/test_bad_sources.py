"""Sources cut off, mutilated or made up: nothing raises, and what was lost is said to be."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kfm_audit.facts import Fact, MetricAlarm, UnreadableInput
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.sources import KIND
from kfm_audit.inputs.terraform.stacks import Stacks
from kfm_audit.policy.model import Policy

BASE = Path("/base")
CONTEXT = ReadContext(Policy(policy=1, name="test"), BASE, BASE)
HEADER = re.compile(rb'^resource "aws_cloudwatch_metric_alarm" "\w+" \{', re.MULTILINE)

SOUND = b"""\
# Alarms of the ingest queue.
locals {
  name = "ingest"
}
resource "aws_cloudwatch_metric_alarm" "a" {
  alarm_name = "prod-${local.name}" # the name
  dimensions = { QueueName = "q" }
  alarm_description = <<-EOT
    A text with "quotes" and ${local.name}
  EOT
}
resource "aws_cloudwatch_metric_alarm" "b" {
  count = 2
  alarm_actions = [for n in ["x"] : "arn:aws:sns:eu-central-1:1:${n}"]
}
"""


def facts_of(data: bytes) -> list[Fact]:
    source = Source("main.tf", None, data)
    try:
        if not KIND.recognise(source) or KIND.read(source, CONTEXT).facts:
            return [UnreadableInput(subject="main.tf", origin=None, cause="", cure="")]  # type: ignore[arg-type]
    except UnicodeDecodeError:
        return [UnreadableInput(subject="main.tf", origin=None, cause="", cure="")]  # type: ignore[arg-type]
    return [fact for facts in Stacks([], [source], CONTEXT).facts().values() for fact in facts]


def looks_whole(data: bytes) -> bool:
    """Whether every alarm that the file begins became a fact, or something was said to be lost."""
    found = facts_of(data)
    alarms = {fact.subject.split("[")[0] for fact in found if isinstance(fact, MetricAlarm)}
    return any(isinstance(fact, UnreadableInput) for fact in found) or len(alarms) == len(
        HEADER.findall(data)
    )


def test_the_file_is_sound() -> None:
    assert [fact.subject.rpartition(".")[2] for fact in facts_of(SOUND)] == ["a", "b[0]", "b[1]"]


@pytest.mark.parametrize("end", range(0, len(SOUND), 7))
def test_a_file_that_was_cut_off_is_never_clean(end) -> None:
    assert looks_whole(SOUND[:end])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, len(SOUND)),
    st.integers(0, 12),
    st.sampled_from(list(b'"{}[]()$%\\\n\x00\xff#=,.<~*')) | st.integers(0, 255),
)
def test_a_file_that_was_mutilated_never_raises(start, length, byte) -> None:
    facts_of(SOUND[:start] + bytes([byte]) + SOUND[start + length :])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_random_bytes_never_raise(before, after) -> None:
    facts_of(before + b'\nresource "aws_cloudwatch_metric_alarm" "a" {\n' + after)


WORDS = [
    'resource "aws_sns_topic" "t" {',
    "}",
    "{",
    'module "m" {',
    'source = "./"',
    'source = "../m"',
    "locals {",
    "a = local.b",
]
WORDS += [
    "b = local.a",
    "count = var.n",
    "for_each = local.a",
    'variable "n" {',
    "default = 3",
    "name = each.key",
    "<<EOT",
    "EOT",
]
WORDS += [
    'dynamic "x" {',
    "content {",
    "type = list(object({",
    "}))",
    "provider = aws.x",
    'provider "aws" {',
    'alias = "x"',
    "x {}",
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(WORDS), max_size=14).map("\n".join))
def test_text_that_looks_like_terraform_never_raises(text) -> None:
    facts_of(text.encode())


def file_of(number: int) -> bytes:
    alarm = """
resource "aws_cloudwatch_metric_alarm" "a{n}_{k}" {{
  alarm_name          = "${{local.prefix_{n}}}-backlog-{k}"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = {{ QueueName = "${{local.prefix_{n}}}-ingest" }}
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1000
  period              = 60
  evaluation_periods  = 5
  alarm_actions       = [aws_sns_topic.alerts_{n}.arn]
}}
"""
    head = 'locals {{\n  prefix_{n} = "kfm-prod-{n}"\n}}\nresource "aws_sns_topic" "alerts_{n}" {{}}\n'
    return (head.format(n=number) + "".join(alarm.format(n=number, k=k) for k in range(8))).encode()


def test_two_hundred_files_are_read_in_a_moment() -> None:
    """A third of a second on a free core; the bound leaves room for a busy one, and none for a square."""
    sources = [Source(f"f{number}.tf", None, file_of(number)) for number in range(200)]
    started = time.process_time()
    found = Stacks([], sources, CONTEXT).facts()
    spent = time.process_time() - started
    assert sum(len(facts) for facts in found.values()) == 200 * 9
    assert spent < 3
