"""Facts about lakeFS's actions: the files that name hooks, their runs, and what hooks were told."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact


class RunStatus(Enum):
    """How a run of an action, or of one hook, ended; lakeFS says nothing of one that is still under way."""

    COMPLETED = "completed"
    FAILED = "failed"
    UNSAID = "unsaid"


class ActionRun(Fact, frozen=True, kw_only=True):
    """One run of the actions of an event; the subject is `lakefs://repository/branch@run-id`.

    `event_type` is lakeFS's (`pre-merge`, `post-revert`). `commit` is what the
    run was about: for pre-merge the source's commit, for post events the new
    one. `hooks_known` says whether the `HookRun`s of this run were read too.
    """

    kind: ClassVar[str] = "action-run"

    repository: str
    run_id: str
    event_type: str
    branch: str
    commit: str
    status: RunStatus
    start_time: datetime
    end_time: datetime | None
    hooks_known: bool


class HookRun(Fact, frozen=True, kw_only=True):
    """One hook of an action's run; the subject is `lakefs://repository/run-id/hook-run-id`.

    `action` is the name of the action file's `name:`, `hook_id` the hook's `id:` in it.
    """

    kind: ClassVar[str] = "hook-run"

    repository: str
    run_id: str
    hook_run_id: str
    action: str
    hook_id: str
    status: RunStatus
    start_time: datetime
    end_time: datetime | None


class RunList(Fact, frozen=True, kw_only=True):
    """The runs of a repository's actions were listed, maybe none; the subject is `lakefs://repository`.

    `oldest` is the start of the oldest run that the list holds. `whole` says
    that it holds all that the server still knew; else only what started at or
    after `oldest`: the server lists the newest first. Only with this fact does
    a run that is missing show anything.
    """

    kind: ClassVar[str] = "run-list"

    repository: str
    oldest: datetime | None
    whole: bool
    as_of: datetime | None


class HookEvent(Fact, frozen=True, kw_only=True):
    """What lakeFS posted to a webhook, as somebody kept it; the subject is `lakefs://repository/branch@commit-id`.

    Of a post-revert event it says more than the audit log: the new commit, its
    committer and its metadata. Fields that the event does not have are "".
    """

    kind: ClassVar[str] = "hook-event"

    event_type: str
    event_time: datetime
    action_name: str
    hook_id: str
    repository: str
    branch: str
    source_ref: str
    tag: str
    commit: str
    commit_message: str
    committer: str
    commit_metadata: dict[str, str]
    merge_source: str


class ActionTrigger(Struct, frozen=True):
    """One event that an action file listens to.

    `branches` are globs as Go's `path.Match` reads them; None means every branch.
    """

    event: str
    branches: tuple[str, ...] | None = None


class ActionHook(Struct, frozen=True):
    """One hook of an action file.

    `type` is `webhook`, `airflow` or `lua`, "" where it is missing. `condition`
    is its `if:`, "" where there is none, which means `success()`: only when all
    hooks before it succeeded. `properties` are those that are plain values, as text.
    """

    id: str
    type: str
    condition: str
    properties: dict[str, str]


class ActionFault(Struct, frozen=True):
    """What is wrong with an action file.

    `at` is where, as an attribute path (`hooks/0/type`). `refused` says that
    lakeFS refuses the whole operation because of it (412); else the file is
    accepted, and a part of it never runs. `message` and `cure` are for people.
    """

    at: str
    message: str
    cure: str
    refused: bool = True


class ActionFile(Fact, frozen=True, kw_only=True):
    """A file under `_lakefs_actions/`; the subject is its path.

    `repository` and `ref` say where it was read from, "" for a file of a
    checkout, which is not known to be on any branch. `name` is its `name:`,
    "" where that is missing. What could not be read of it is a fault, and
    neither a trigger nor a hook; with a fault that is `refused`, none of it runs.
    """

    kind: ClassVar[str] = "action-file"

    repository: str
    ref: str
    name: str
    on: tuple[ActionTrigger, ...]
    hooks: tuple[ActionHook, ...]
    faults: tuple[ActionFault, ...]
    as_of: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether lakeFS accepts the file at all."""
        return not any(fault.refused for fault in self.faults)


class ActionFolder(Fact, frozen=True, kw_only=True):
    """All action files of one ref were listed, maybe none; the subject is `lakefs://repository/ref`."""

    kind: ClassVar[str] = "action-folder"

    repository: str
    ref: str
    files: tuple[str, ...]
    as_of: datetime | None
