"""Facts about the way of a notification: topics, subscriptions, and who lets whom in.

Attribute names are those of the Terraform AWS provider, so that a finding's
attribute path is what the user writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from kfm_audit.facts.base import Fact
from kfm_audit.values import ABSENT, Attribute


class Topic(Fact, frozen=True, kw_only=True):
    """`aws_sns_topic`."""

    kind: ClassVar[str] = "topic"

    name: Attribute[str] = ABSENT
    arn: Attribute[str] = ABSENT
    policy: Attribute[str] = ABSENT
    kms_master_key_id: Attribute[str] = ABSENT
    fifo_topic: Attribute[bool] = ABSENT
    provider: Attribute[Mapping[str, str]] = ABSENT
    """What the provider configuration says of account and region, as of alarms."""
    region: Attribute[str] = ABSENT
    """The resource's own `region`, which is stronger than the provider's."""
    subscriptions_confirmed: Attribute[int] = ABSENT
    """How many confirmed subscriptions SNS counts, where the input was given by SNS itself."""


class TopicPolicy(Fact, frozen=True, kw_only=True):
    """`aws_sns_topic_policy`: it takes the place of the topic's own policy."""

    kind: ClassVar[str] = "topic-policy"

    arn: Attribute[str] = ABSENT
    """The topic that it is for."""
    policy: Attribute[str] = ABSENT


class Subscription(Fact, frozen=True, kw_only=True):
    """`aws_sns_topic_subscription`."""

    kind: ClassVar[str] = "subscription"

    topic_arn: Attribute[str] = ABSENT
    protocol: Attribute[str] = ABSENT
    endpoint: Attribute[str] = ABSENT
    filter_policy: Attribute[str] = ABSENT
    filter_policy_scope: Attribute[str] = ABSENT
    """Absent also where the provider computes it: SNS then takes `MessageAttributes`."""
    raw_message_delivery: Attribute[bool] = ABSENT
    pending_confirmation: Attribute[bool] = ABSENT
    """What SNS said when the input was made; absent for a subscription that is yet to be made."""
    endpoint_auto_confirms: Attribute[bool] = ABSENT
    subscription_role_arn: Attribute[str] = ABSENT
    redrive_policy: Attribute[str] = ABSENT
    """Where SNS sends what the endpoint does not take."""


class ChatChannel(Fact, frozen=True, kw_only=True):
    """`aws_chatbot_slack_channel_configuration` and its like: AWS subscribes the channel to each topic."""

    kind: ClassVar[str] = "chat-channel"

    sns_topic_arns: Attribute[tuple[str, ...]] = ABSENT


class Key(Fact, frozen=True, kw_only=True):
    """`aws_kms_key`: a key that the customer manages."""

    kind: ClassVar[str] = "key"

    arn: Attribute[str] = ABSENT
    key_id: Attribute[str] = ABSENT
    policy: Attribute[str] = ABSENT
    """Absent: the default policy, which leaves everything to the account's IAM policies."""


class KeyPolicy(Fact, frozen=True, kw_only=True):
    """`aws_kms_key_policy`: it takes the place of the key's own policy."""

    kind: ClassVar[str] = "key-policy"

    key_id: Attribute[str] = ABSENT
    policy: Attribute[str] = ABSENT


class KeyAlias(Fact, frozen=True, kw_only=True):
    """`aws_kms_alias`: another name of a key."""

    kind: ClassVar[str] = "key-alias"

    name: Attribute[str] = ABSENT
    arn: Attribute[str] = ABSENT
    target_key_id: Attribute[str] = ABSENT


class Function(Fact, frozen=True, kw_only=True):
    """`aws_lambda_function`."""

    kind: ClassVar[str] = "function"

    function_name: Attribute[str] = ABSENT
    arn: Attribute[str] = ABSENT
    dead_letter_target: Attribute[str] = ABSENT
    """`target_arn` of `dead_letter_config`: where an asynchronous event goes that failed too often."""
    tags: Attribute[Mapping[str, str]] = ABSENT
    """Effective tags, as of alarms."""
    provider: Attribute[Mapping[str, str]] = ABSENT
    region: Attribute[str] = ABSENT


class FunctionInvokeConfig(Fact, frozen=True, kw_only=True):
    """`aws_lambda_function_event_invoke_config`: what becomes of asynchronous events."""

    kind: ClassVar[str] = "function-invoke-config"

    function_name: Attribute[str] = ABSENT
    qualifier: Attribute[str] = ABSENT
    failure_destination: Attribute[str] = ABSENT
    """`destination` of `on_failure` in `destination_config`: a queue, topic, function, bus or bucket."""
    maximum_retry_attempts: Attribute[int] = ABSENT
    """After the first attempt; Lambda takes 2 where it is absent."""
    maximum_event_age_in_seconds: Attribute[int] = ABSENT


class EventSourceMapping(Fact, frozen=True, kw_only=True):
    """`aws_lambda_event_source_mapping`: a function that consumes a queue or a stream."""

    kind: ClassVar[str] = "event-source-mapping"

    event_source_arn: Attribute[str] = ABSENT
    function_name: Attribute[str] = ABSENT
    enabled: Attribute[bool] = ABSENT
    """Absent: it is."""
    batch_size: Attribute[int] = ABSENT
    function_response_types: Attribute[tuple[str, ...]] = ABSENT
    """`ReportBatchItemFailures` among them: the function says which records of a batch failed."""
    failure_destination: Attribute[str] = ABSENT
    """`destination_arn` of `on_failure` in `destination_config`, for streams; a queue has its redrive policy."""
    maximum_retry_attempts: Attribute[int] = ABSENT


class FunctionPermission(Fact, frozen=True, kw_only=True):
    """`aws_lambda_permission`: who may invoke a function, for what."""

    kind: ClassVar[str] = "function-permission"

    action: Attribute[str] = ABSENT
    function_name: Attribute[str] = ABSENT
    principal: Attribute[str] = ABSENT
    qualifier: Attribute[str] = ABSENT
    source_arn: Attribute[str] = ABSENT
    source_account: Attribute[str] = ABSENT


class Queue(Fact, frozen=True, kw_only=True):
    """`aws_sqs_queue`."""

    kind: ClassVar[str] = "queue"

    name: Attribute[str] = ABSENT
    arn: Attribute[str] = ABSENT
    url: Attribute[str] = ABSENT
    policy: Attribute[str] = ABSENT
    kms_master_key_id: Attribute[str] = ABSENT
    fifo_queue: Attribute[bool] = ABSENT
    redrive_policy: Attribute[str] = ABSENT
    """JSON: `deadLetterTargetArn` and `maxReceiveCount`."""
    redrive_allow_policy: Attribute[str] = ABSENT
    """JSON, of a dead-letter queue: which queues it takes letters of."""
    tags: Attribute[Mapping[str, str]] = ABSENT
    """Effective tags, as of alarms."""
    provider: Attribute[Mapping[str, str]] = ABSENT
    region: Attribute[str] = ABSENT


class QueueRedrivePolicy(Fact, frozen=True, kw_only=True):
    """`aws_sqs_queue_redrive_policy`: it takes the place of the queue's own `redrive_policy`."""

    kind: ClassVar[str] = "queue-redrive-policy"

    queue_url: Attribute[str] = ABSENT
    redrive_policy: Attribute[str] = ABSENT


class QueueRedriveAllowPolicy(Fact, frozen=True, kw_only=True):
    """`aws_sqs_queue_redrive_allow_policy`: it takes the place of the queue's own `redrive_allow_policy`."""

    kind: ClassVar[str] = "queue-redrive-allow-policy"

    queue_url: Attribute[str] = ABSENT
    redrive_allow_policy: Attribute[str] = ABSENT


class QueuePolicy(Fact, frozen=True, kw_only=True):
    """`aws_sqs_queue_policy`: it takes the place of the queue's own policy."""

    kind: ClassVar[str] = "queue-policy"

    queue_url: Attribute[str] = ABSENT
    policy: Attribute[str] = ABSENT


class AlertMessage(Fact, frozen=True, kw_only=True):
    """An alert as somebody publishes it to SNS, recorded or written down as a sample.

    `attributes` are its message attributes of type String; absent where the input holds the body alone, so
    that nothing is known of them. `other_attributes` are the names of those of another type. `body` are the
    texts of a JSON body's first level, None where the body is no JSON object.
    """

    kind: ClassVar[str] = "alert-message"

    attributes: Attribute[Mapping[str, str]] = ABSENT
    other_attributes: tuple[str, ...] = ()
    structured: bool = False
    """Published with `MessageStructure: json`, with which SNS sends no attributes."""
    from_cloudwatch: bool = False
    """The body is the one that CloudWatch publishes itself."""
    body: Mapping[str, str] | None = None
    body_at: str = ""
    """The attribute path of the body; "" where it is the document itself."""
    attributes_at: str = ""
    violations: tuple[str, ...] = ()
    """What the body breaks of `schemas/json/alert-v1.schema.json`: a sentence each."""
