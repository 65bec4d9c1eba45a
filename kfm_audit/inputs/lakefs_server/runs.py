"""Runs of actions and of their hooks: answers of `actions/runs` and `actions/runs/{run_id}/hooks`.

Collected runs carry their hooks with them, under the key `hooks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from kfm_audit.facts import ActionRun, Fact, HookRun, RunList, RunStatus
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.lakefs_server.answer import Answer, Entry
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Source


class _Run(Struct, frozen=True):
    """The schema `ActionRun` of lakeFS's API, and the hooks that `collect` adds."""

    run_id: str
    branch: str
    event_type: str
    start_time: str
    commit_id: str = ""
    end_time: str | None = None
    status: str = ""
    hooks: list[object] | None = None


class _Hook(Struct, frozen=True):
    """The schema `HookRun` of lakeFS's API."""

    hook_run_id: str
    action: str
    hook_id: str
    start_time: str
    end_time: str | None = None
    status: str = ""


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read runs, with the hooks that they carry, or the hooks of one run."""
    answer = Answer(source)
    place = answer.place
    hooks_alone = "hook_run_id" in (source.listed or {}) or place.what == "hooks"
    if not place.repository or (hooks_alone and not place.run):
        where = "actions/runs/RUN/hooks.json" if hooks_alone else "actions/runs.json"
        answer.lose(
            f"does not say of which {'run' if hooks_alone and place.repository else 'repository'} it is",
            cure=f"put it at `repositories/REPOSITORY/{where}`",
        )
        return Reading(tuple(answer.lost))
    runs = tuple(
        _hooks(answer, answer.entries, place.run) if hooks_alone else _runs(answer, place.repository)
    )
    if "since" not in answer.keys:  # collected from there on, on purpose
        answer.lose_pages()
    facts: tuple[Fact, ...] = runs
    if not hooks_alone and (runs or not answer.lost):
        started = [run.start_time for run in runs if isinstance(run, ActionRun)]
        facts += (
            RunList(
                subject=f"lakefs://{place.repository}",
                origin=answer.origin(),
                repository=place.repository,
                oldest=min(started, default=None),
                whole=answer.whole,
                as_of=answer.as_of,
            ),
        )
    return Reading((*facts, *answer.lost))


def _runs(answer: Answer, repository: str) -> Iterator[ActionRun | HookRun]:
    for entry in answer.entries:
        run = answer.read(entry, _Run)
        start = None if run is None else answer.instant(run.start_time, entry, "start_time")
        if run is None or start is None:
            continue
        yield ActionRun(
            subject=f"lakefs://{repository}/{run.branch}@{run.run_id}",
            origin=answer.origin(entry),
            repository=repository,
            run_id=run.run_id,
            event_type=run.event_type,
            branch=run.branch,
            commit=run.commit_id,
            status=_status(answer, run.status, entry),
            start_time=start,
            end_time=_end(answer, run.end_time, entry),
            hooks_known=run.hooks is not None,
        )
        inner = tuple(
            Entry(hook, entry.pointer + join_pointer("hooks", number), entry.line)
            for number, hook in enumerate(run.hooks or ())
        )
        yield from _hooks(answer, inner, run.run_id)


def _hooks(answer: Answer, entries: tuple[Entry, ...], run: str) -> Iterator[HookRun]:
    repository = answer.place.repository
    for entry in entries:
        hook = answer.read(entry, _Hook)
        start = None if hook is None else answer.instant(hook.start_time, entry, "start_time")
        if hook is None or start is None:
            continue
        yield HookRun(
            subject=f"lakefs://{repository}/{run}/{hook.hook_run_id}",
            origin=answer.origin(entry),
            repository=repository,
            run_id=run,
            hook_run_id=hook.hook_run_id,
            action=hook.action,
            hook_id=hook.hook_id,
            status=_status(answer, hook.status, entry),
            start_time=start,
            end_time=_end(answer, hook.end_time, entry),
        )


def _status(answer: Answer, status: str, entry: Entry) -> RunStatus:
    """How a run ended; a word that lakeFS does not use is said, and is no success."""
    match status:
        case "completed":
            return RunStatus.COMPLETED
        case "failed":
            return RunStatus.FAILED
        case "":
            return RunStatus.UNSAID
        case _:
            answer.lose(f"status: {status!r} is neither `completed` nor `failed`", entry)
            return RunStatus.UNSAID


def _end(answer: Answer, text: str | None, entry: Entry) -> datetime | None:
    """When it ended. Go writes a time that is not set as the first day of the year 1."""
    end = answer.instant(text, entry, "end_time") if text else None
    return end if end is not None and end.year > 1 else None
