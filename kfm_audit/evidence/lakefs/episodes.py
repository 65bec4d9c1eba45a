"""Calls that belong together: one person's work on one branch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

from kfm_audit.facts import BranchWrite, Rollback

C = TypeVar("C", Rollback, BranchWrite)


def in_episodes(calls: Iterable[C], gap: timedelta) -> list[tuple[C, ...]]:
    """Calls of one actor on one branch, each within `gap` of the one before, in the order of their first.

    `calls` are in the order of their times.
    """
    running: dict[tuple[str, str, str], list[C]] = {}
    found: list[list[C]] = []
    for call in calls:
        key = (call.repository, call.branch, call.user)
        if key in running and call.time - running[key][-1].time <= gap:
            running[key].append(call)
        else:
            running[key] = [call]
            found.append(running[key])
    return [tuple(episode) for episode in found]
