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


class QueuePolicy(Fact, frozen=True, kw_only=True):
    """`aws_sqs_queue_policy`: it takes the place of the queue's own policy."""

    kind: ClassVar[str] = "queue-policy"

    queue_url: Attribute[str] = ABSENT
    policy: Attribute[str] = ABSENT
