"""What rules speak about: one module a field, all names here.

The fields of Terraform are imported at once; the others when one of their names is first asked for,
so that a run pays at its start only for the fields that its inputs are of.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from kfm_audit.facts.alarms import (
    ActionsSuppressor,
    Alarm,
    AlarmMuteRule,
    CompositeAlarm,
    EventRule,
    EventTarget,
    MetricAlarm,
    MetricQuery,
    MetricStat,
    PromqlCriteria,
    Schedule,
    WatchedResource,
)
from kfm_audit.facts.audit import (
    AboutTheAudit,
    EmptyRun,
    ExpiredSuppression,
    FailedPlugin,
    FailedRule,
    MissingInput,
    StaleSuppression,
    UnreadableInput,
    UnreasonedSuppression,
    UnseenModule,
    UnsetVariable,
)
from kfm_audit.facts.base import Change, Fact
from kfm_audit.facts.delivery import (
    AlertMessage,
    ChatChannel,
    EventSourceMapping,
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

if TYPE_CHECKING:
    from kfm_audit.facts.deployed import AlarmComparison, DeployedListing, DeployedTags, Listed
    from kfm_audit.facts.incidents import Incident
    from kfm_audit.facts.lakefs import (
        Case,
        Debt,
        DeniedRollback,
        EnvironmentOperation,
        LedgerCase,
        Owed,
        Record,
        Role,
        Rollback,
        Standing,
    )
    from kfm_audit.facts.lakefs_access import (
        Effect,
        HolderKind,
        PolicyAttachment,
        PolicyHolder,
        PolicyStatement,
        ServerPolicy,
    )
    from kfm_audit.facts.lakefs_actions import (
        ActionFault,
        ActionFile,
        ActionFolder,
        ActionHook,
        ActionRun,
        ActionTrigger,
        HookEvent,
        HookRun,
        RunList,
        RunStatus,
    )
    from kfm_audit.facts.lakefs_calls import (
        BranchOperation,
        BranchWrite,
        LogCoverage,
        LoggedCall,
        MembershipChange,
        MergeCall,
        RepositoryCall,
        SafeguardCall,
    )
    from kfm_audit.facts.lakefs_promotions import (
        AuditTrail,
        DirectWrites,
        GateSet,
        PolicyGlob,
        Promotion,
        RepositoryRewrite,
        SafeguardChange,
        SafeguardKind,
    )
    from kfm_audit.facts.lakefs_server import (
        BranchHead,
        BranchList,
        CommitLog,
        CommitRecord,
        DeclaredBranch,
        PullRequest,
        Repository,
        Server,
    )
    from kfm_audit.facts.lakefs_settings import (
        BranchLifecycle,
        BranchProtection,
        BranchRetention,
        ObjectLifecycle,
        RetentionRules,
    )
    from kfm_audit.facts.people import Group, Membership, PersonKind, User
    from kfm_audit.facts.prov import Agent, AgentKind, Correction, ProvDocument
    from kfm_audit.facts.telemetry import (
        MAX_VALUES,
        Label,
        LabelScope,
        MetricFamily,
        SchemaDocument,
        SchemaViolation,
    )

__all__ = [
    "MAX_VALUES",
    "AboutTheAudit",
    "ActionFault",
    "ActionFile",
    "ActionFolder",
    "ActionHook",
    "ActionRun",
    "ActionTrigger",
    "ActionsSuppressor",
    "Agent",
    "AgentKind",
    "Alarm",
    "AlarmComparison",
    "AlarmMuteRule",
    "AlertMessage",
    "AuditTrail",
    "BranchHead",
    "BranchLifecycle",
    "BranchList",
    "BranchOperation",
    "BranchProtection",
    "BranchRetention",
    "BranchWrite",
    "Case",
    "Change",
    "ChatChannel",
    "CommitLog",
    "CommitRecord",
    "CompositeAlarm",
    "Correction",
    "Debt",
    "DeclaredBranch",
    "DeniedRollback",
    "DeployedListing",
    "DeployedTags",
    "DirectWrites",
    "Effect",
    "EmptyRun",
    "EnvironmentOperation",
    "EventRule",
    "EventSourceMapping",
    "EventTarget",
    "ExpiredSuppression",
    "Fact",
    "FailedPlugin",
    "FailedRule",
    "Function",
    "FunctionInvokeConfig",
    "FunctionPermission",
    "GateSet",
    "Group",
    "HolderKind",
    "HookEvent",
    "HookRun",
    "Incident",
    "Key",
    "KeyAlias",
    "KeyPolicy",
    "Label",
    "LabelScope",
    "LedgerCase",
    "Listed",
    "LogCoverage",
    "LoggedCall",
    "Membership",
    "MembershipChange",
    "MergeCall",
    "MetricAlarm",
    "MetricFamily",
    "MetricQuery",
    "MetricStat",
    "MissingInput",
    "ObjectLifecycle",
    "Owed",
    "PersonKind",
    "PolicyAttachment",
    "PolicyGlob",
    "PolicyHolder",
    "PolicyStatement",
    "Promotion",
    "PromqlCriteria",
    "ProvDocument",
    "PullRequest",
    "Queue",
    "QueuePolicy",
    "QueueRedriveAllowPolicy",
    "QueueRedrivePolicy",
    "Record",
    "Repository",
    "RepositoryCall",
    "RepositoryRewrite",
    "RetentionRules",
    "Role",
    "Rollback",
    "RunList",
    "RunStatus",
    "SafeguardCall",
    "SafeguardChange",
    "SafeguardKind",
    "Schedule",
    "SchemaDocument",
    "SchemaViolation",
    "Server",
    "ServerPolicy",
    "StaleSuppression",
    "Standing",
    "Subscription",
    "Topic",
    "TopicPolicy",
    "UnreadableInput",
    "UnreasonedSuppression",
    "UnseenModule",
    "UnsetVariable",
    "User",
    "WatchedResource",
]

_LATER: Final = (
    "deployed",
    "incidents",
    "lakefs",
    "lakefs_calls",
    "lakefs_promotions",
    "people",
    "prov",
    "telemetry",
    "lakefs_server",
    "lakefs_access",
    "lakefs_actions",
    "lakefs_settings",
)
"""The fields that are imported when they are asked for."""


# Whatever a module of a field holds: classes, mostly.
def __getattr__(name: str) -> Any:
    """Find a name in one of the later fields. Raises AttributeError where none has it."""
    if name in __all__:
        for field in _LATER:
            module = import_module(f"kfm_audit.facts.{field}")
            if hasattr(module, name):
                found = globals()[name] = getattr(module, name)
                return found
    raise AttributeError(name)
