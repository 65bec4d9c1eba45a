"""`kfm-audit collect`: fetch what a server says into a folder that `check` reads later."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from kfm_audit.cli.parser import UsageError
from kfm_audit.cli.times import read_time

if TYPE_CHECKING:
    from kfm_audit.collect.folder import Missing
    from kfm_audit.policy.lakefs import LakeFS

INCOMPLETE = 4
"""Exit code: something could not be fetched, as for `check` where an input could not be read."""


def collect(options: argparse.Namespace) -> int:
    """Carry out `collect`. Raises UsageError."""
    from kfm_audit.collect.asking import BrokenOffError
    from kfm_audit.collect.folder import Folder, FolderError
    from kfm_audit.collect.lakefs import collect as collect_lakefs
    from kfm_audit.collect.repository import Scope
    from kfm_audit.collect.server import CollectError, LakeFSServer

    since = read_time(options.since, "--since")
    if not 0 < options.timeout < inf:
        raise UsageError(f"--timeout {options.timeout:g}: is no time to wait; give more than 0 seconds")
    counts = _counts(_policy(options), tuple(options.branch))
    say = _progress() if sys.stderr.isatty() and not options.quiet else _silent
    try:
        server = LakeFSServer(timeout=options.timeout)
        folder = Folder(
            Path(options.to),
            server.endpoint,
            lambda: datetime.now(UTC),
            scope=_scope(options),
            restart=options.restart,
        )
        if folder.resumed and not options.quiet:
            print(f"kfm-audit: resumes the collection of {folder.as_of}", file=sys.stderr)
        missing = collect_lakefs(server, folder, Scope(tuple(options.repository), counts, since), say)
    except FolderError as error:
        raise UsageError(str(error)) from None
    except CollectError as error:
        raise UsageError(f"{error.why}: {error.cure}") from None
    except BrokenOffError as error:
        _say_missing(error.missing)
        print(f"kfm-audit: broken off: {error.last.why}; run it again to resume", file=sys.stderr)
        return INCOMPLETE
    except KeyboardInterrupt:
        print("\nkfm-audit: interrupted; run it again to resume", file=sys.stderr)
        return 130
    except OSError as error:
        raise UsageError(f"{options.to}: cannot be written: {error.strerror}") from None
    say("")
    _say_missing(missing)
    if not options.quiet:
        print(f"kfm-audit: collected {server.endpoint} into {options.to}", file=sys.stderr)
    return INCOMPLETE if missing else 0


def _policy(options: argparse.Namespace) -> LakeFS:
    """What policy says of lakeFS: by it a branch counts. Raises UsageError."""
    from kfm_audit.config import ConfigError, config_for, policy_name
    from kfm_audit.policy.load import PolicyError, load_policy

    try:
        config = config_for((Path.cwd(),))
        return load_policy(policy_name(options.policy or "", config)).policy.lakefs
    except (ConfigError, PolicyError) as error:
        raise UsageError(str(error)) from None


def _counts(policy: LakeFS, globs: tuple[str, ...]) -> Callable[[str, str], bool]:
    """Whether a branch counts: it is an environment's by policy, or `--branch` names it."""
    from kfm_audit.evidence.lakefs.branches import environment_branch
    from kfm_audit.globs import matches_any

    return lambda repository, branch: (
        matches_any(branch, globs) or environment_branch(repository, branch, policy) is not None
    )


def _scope(options: argparse.Namespace) -> str:
    """What makes two collections the same: one with another scope does not resume this one."""
    parts = {"repository": options.repository, "branch": options.branch, "since": [options.since or ""]}
    return "; ".join(f"{name}={','.join(sorted(values))}" for name, values in parts.items() if any(values))


def _say_missing(missing: tuple[Missing, ...]) -> None:
    from kfm_audit.reports.neutral import neutral

    for part in missing:
        what = neutral(part.what)
        print(f"kfm-audit: not collected: {what}: {part.why}\n  help: {part.cure}", file=sys.stderr)


def _silent(what: str) -> None:
    """Say nothing: nobody is looking."""


def _progress() -> Callable[[str], None]:
    """One line on a terminal, written over again and again; "" clears it."""
    from kfm_audit.cli.parser import terminal_width
    from kfm_audit.reports.neutral import neutral

    width = terminal_width() - 1

    def say(what: str) -> None:
        what = neutral(what)
        print(f"\r{what[:width]:<{width}}", end="" if what else "\r", file=sys.stderr, flush=True)

    return say
