"""From a resource on a notification's way to a fact: one function a resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from kfm_audit.facts import (
    ChatChannel,
    EventSourceMapping,
    Fact,
    Function,
    FunctionInvokeConfig,
    FunctionPermission,
    Key,
    KeyAlias,
    KeyPolicy,
    Queue,
    QueuePolicy,
    QueueRedriveAllowPolicy,
    QueueRedrivePolicy,
    Subscription,
    Topic,
    TopicPolicy,
)
from kfm_audit.inputs.terraform.metric_queries import unless_empty
from kfm_audit.inputs.terraform.tags import effective_tags
from kfm_audit.values import ABSENT, Attribute, Reference, ReferenceKind, Unknown

if TYPE_CHECKING:
    from kfm_audit.inputs.terraform.resources import Instance

T = TypeVar("T")


def _topic(at: Instance) -> Fact:
    read = at.attributes
    return Topic(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        name=read.text("name"),
        arn=read.text("arn"),
        policy=_computed(at, "policy", read.policy("policy")),
        kms_master_key_id=read.text("kms_master_key_id"),
        fifo_topic=read.flag("fifo_topic"),
        provider=at.provider,
        region=_computed(at, "region", read.text("region")),
    )


def _topic_policy(at: Instance) -> Fact:
    read = at.attributes
    return TopicPolicy(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        arn=read.text("arn"),
        policy=read.policy("policy"),
    )


def _subscription(at: Instance) -> Fact:
    read = at.attributes
    return Subscription(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        topic_arn=read.text("topic_arn"),
        protocol=read.text("protocol"),
        endpoint=read.text_in_part("endpoint"),
        filter_policy=read.text("filter_policy"),
        filter_policy_scope=_computed(at, "filter_policy_scope", read.text("filter_policy_scope")),
        raw_message_delivery=read.flag("raw_message_delivery"),
        pending_confirmation=_computed(at, "pending_confirmation", read.flag("pending_confirmation")),
        endpoint_auto_confirms=read.flag("endpoint_auto_confirms"),
        subscription_role_arn=read.text("subscription_role_arn"),
        redrive_policy=unless_empty(read.text("redrive_policy")),
    )


def _chat_channel(at: Instance) -> Fact:
    return ChatChannel(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        sns_topic_arns=at.attributes.texts("sns_topic_arns"),
    )


def _key(at: Instance) -> Fact:
    read = at.attributes
    return Key(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        arn=read.text("arn"),
        key_id=read.text("key_id"),
        policy=_computed(at, "policy", read.policy("policy")),
    )


def _key_policy(at: Instance) -> Fact:
    read = at.attributes
    return KeyPolicy(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        key_id=read.text("key_id"),
        policy=read.policy("policy"),
    )


def _key_alias(at: Instance) -> Fact:
    read = at.attributes
    return KeyAlias(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        name=read.text("name"),
        arn=read.text("arn"),
        target_key_id=read.text("target_key_id"),
    )


def _function(at: Instance) -> Fact:
    read = at.attributes
    return Function(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        function_name=read.text("function_name"),
        arn=read.text("arn"),
        dead_letter_target=unless_empty(read.inner("target_arn", "dead_letter_config")),
        tags=effective_tags(read, at.default_tags),
        provider=at.provider,
        region=_computed(at, "region", read.text("region")),
    )


def _function_invoke_config(at: Instance) -> Fact:
    read = at.attributes
    return FunctionInvokeConfig(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        function_name=read.text("function_name"),
        qualifier=unless_empty(read.text("qualifier")),
        failure_destination=unless_empty(read.inner("destination", "destination_config", "on_failure")),
        maximum_retry_attempts=read.integer("maximum_retry_attempts"),
        maximum_event_age_in_seconds=read.integer("maximum_event_age_in_seconds"),
    )


def _event_source_mapping(at: Instance) -> Fact:
    read = at.attributes
    return EventSourceMapping(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        event_source_arn=unless_empty(read.text("event_source_arn")),
        function_name=read.text("function_name"),
        enabled=read.flag("enabled"),
        batch_size=_computed(at, "batch_size", read.integer("batch_size")),
        function_response_types=read.texts("function_response_types"),
        failure_destination=unless_empty(read.inner("destination_arn", "destination_config", "on_failure")),
        maximum_retry_attempts=_computed(
            at, "maximum_retry_attempts", read.integer("maximum_retry_attempts")
        ),
    )


def _function_permission(at: Instance) -> Fact:
    read = at.attributes
    return FunctionPermission(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        action=read.text("action"),
        function_name=read.text_in_part("function_name"),
        principal=read.text("principal"),
        qualifier=read.text("qualifier"),
        source_arn=read.text("source_arn"),
        source_account=read.text("source_account"),
    )


def _queue(at: Instance) -> Fact:
    read = at.attributes
    return Queue(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        name=read.text("name"),
        arn=read.text("arn"),
        url=read.text("url"),
        policy=_computed(at, "policy", read.policy("policy")),
        kms_master_key_id=read.text("kms_master_key_id"),
        fifo_queue=read.flag("fifo_queue"),
        redrive_policy=unless_empty(_computed(at, "redrive_policy", read.text("redrive_policy"))),
        redrive_allow_policy=unless_empty(
            _computed(at, "redrive_allow_policy", read.text("redrive_allow_policy"))
        ),
        tags=effective_tags(read, at.default_tags),
        provider=at.provider,
        region=_computed(at, "region", read.text("region")),
    )


def _queue_redrive_policy(at: Instance) -> Fact:
    read = at.attributes
    return QueueRedrivePolicy(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        queue_url=read.text("queue_url"),
        redrive_policy=unless_empty(read.text("redrive_policy")),
    )


def _queue_redrive_allow_policy(at: Instance) -> Fact:
    read = at.attributes
    return QueueRedriveAllowPolicy(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        queue_url=read.text("queue_url"),
        redrive_allow_policy=unless_empty(read.text("redrive_allow_policy")),
    )


def _queue_policy(at: Instance) -> Fact:
    read = at.attributes
    return QueuePolicy(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        queue_url=read.text("queue_url"),
        policy=read.policy("policy"),
    )


DELIVERY_READERS: Final[Mapping[str, Callable[[Instance], Fact]]] = {
    "aws_sns_topic": _topic,
    "aws_sns_topic_policy": _topic_policy,
    "aws_sns_topic_subscription": _subscription,
    "aws_chatbot_slack_channel_configuration": _chat_channel,
    "aws_chatbot_teams_channel_configuration": _chat_channel,
    "awscc_chatbot_microsoft_teams_channel_configuration": _chat_channel,
    "awscc_chatbot_slack_channel_configuration": _chat_channel,
    "aws_kms_key": _key,
    "aws_kms_key_policy": _key_policy,
    "aws_kms_alias": _key_alias,
    "aws_lambda_function": _function,
    "aws_lambda_permission": _function_permission,
    "aws_lambda_function_event_invoke_config": _function_invoke_config,
    "aws_lambda_event_source_mapping": _event_source_mapping,
    "aws_sqs_queue": _queue,
    "aws_sqs_queue_policy": _queue_policy,
    "aws_sqs_queue_redrive_policy": _queue_redrive_policy,
    "aws_sqs_queue_redrive_allow_policy": _queue_redrive_allow_policy,
}
"""The resource types on a notification's way that become facts."""


def _computed(at: Instance, name: str, attribute: Attribute[T]) -> Attribute[T]:
    """An attribute that is optional and computed: unknown without an expression means that nobody set it.

    The reader of references names the attribute itself where the configuration has no expression for it.
    """
    unset = Unknown((Reference(f"{at.subject}.{name}", ReferenceKind.UNRESOLVED),))
    return ABSENT if attribute == unset else attribute
