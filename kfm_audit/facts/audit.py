"""Facts about the audit itself: what could not be checked is judged like everything else."""

from __future__ import annotations

from typing import ClassVar

from kfm_audit.facts.base import Fact


class AboutTheAudit(Fact, frozen=True, kw_only=True):
    """What facts about the audit itself share: they are judged, and not counted among what was read."""

    kind: ClassVar[str] = ""


class UnreadableInput(AboutTheAudit, frozen=True, kw_only=True):
    """A file, or a part of one, that could not be read. The subject is the path.

    `cause` says what is wrong, `cure` what to do about it. `part` names what
    was lost where the rest of the file was read, else "".
    """

    kind: ClassVar[str] = "unreadable-input"

    cause: str
    cure: str
    part: str = ""


class UnseenModule(AboutTheAudit, frozen=True, kw_only=True):
    """A module that is called and whose sources are not among the inputs; the subject is its address.

    What alarms it makes is not known. `source` is what the call says, "" where it is no plain text.
    """

    kind: ClassVar[str] = "unseen-module"

    source: str


class UnsetVariable(AboutTheAudit, frozen=True, kw_only=True):
    """A variable of a root module that facts depend on and that nothing gives a value; the subject is `var.NAME`."""

    kind: ClassVar[str] = "unset-variable"


class FailedRule(AboutTheAudit, frozen=True, kw_only=True):
    """A rule that raised while it judged `judged`; the subject is the rule's id."""

    kind: ClassVar[str] = "failed-rule"

    judged: str
    error: str


class FailedPlugin(AboutTheAudit, frozen=True, kw_only=True):
    """A plug-in that config names and that did not load; the subject is its name."""

    kind: ClassVar[str] = "failed-plugin"

    error: str


class EmptyRun(AboutTheAudit, frozen=True, kw_only=True):
    """A run that recognised no input below PATHS."""

    kind: ClassVar[str] = "empty-run"

    looked_at: int
    left_out: int = 0
    """How many of them `--since` and `--until` left out, by the partitions in their paths."""


class MissingInput(AboutTheAudit, frozen=True, kw_only=True):
    """An input kind that the profile requires and that no file gave; the subject is the kind."""

    kind: ClassVar[str] = "missing-input"

    required: str
    profile: str
    empty: bool
    """Whether files of that kind were read and held nothing."""


class StaleSuppression(AboutTheAudit, frozen=True, kw_only=True):
    """A suppression that matched nothing; the subject is `RULE subject-glob`."""

    kind: ClassVar[str] = "stale-suppression"


class ExpiredSuppression(AboutTheAudit, frozen=True, kw_only=True):
    """A suppression past its last day."""

    kind: ClassVar[str] = "expired-suppression"

    expired: str


class UnreasonedSuppression(AboutTheAudit, frozen=True, kw_only=True):
    """A suppression without the reason, owner or expiry that it must have, or of a rule that allows none."""

    kind: ClassVar[str] = "unreasoned-suppression"

    lacks: str
