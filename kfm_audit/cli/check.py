"""`kfm-audit check`: from arguments to a run, from a report to outputs and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kfm_audit.audit import Audited, Run, audit
from kfm_audit.cli.destinations import parse_outputs
from kfm_audit.cli.outputs import write_outputs
from kfm_audit.cli.parser import UsageError
from kfm_audit.cli.times import read_span, read_time
from kfm_audit.config import (
    Config,
    ConfigError,
    Profile,
    common,
    config_for,
    policy_name,
    profile_named,
    repository_root,
)
from kfm_audit.findings.baseline import BaselineError, read_baseline
from kfm_audit.findings.finding import Severity
from kfm_audit.inputs import KINDS
from kfm_audit.inputs.find import Found, Search, display
from kfm_audit.inputs.kind import Kind
from kfm_audit.inputs.source import Source
from kfm_audit.policy.load import LoadedPolicy, PolicyError, load_policy, place_in
from kfm_audit.policy.strict import DocumentError, nearest
from kfm_audit.reports import FORMATS
from kfm_audit.reports.report import Window
from kfm_audit.rules.judge import RuleSetting, configure
from kfm_audit.rules.kit import Rule
from kfm_audit.rules.registry import RuleSetError, all_rules, plugin_rules

if TYPE_CHECKING:
    from kfm_audit.ledger import Ledger

STDIN = "-"


def check(options: argparse.Namespace) -> int:
    """Carry out `check`. Raises UsageError."""
    outputs = parse_outputs(options.output, FORMATS)
    run = resolve(options)
    audited: Audited = audit(run)
    write_outputs(audited, outputs, options, run)
    if run.ledger is not None:
        from kfm_audit.cli.ledger import write_ledger

        write_ledger(audited, run.ledger, run.now, quiet=options.quiet)
    if options.write_heads:
        from kfm_audit.cli.heads import write_heads

        write_heads(audited, run.heads, Path(options.write_heads), quiet=options.quiet)
    return int(audited.report.exit_code)


def resolve(options: argparse.Namespace) -> Run:
    """Settle everything that arguments, environment, config and policy say. Raises UsageError."""
    try:
        base = Path.cwd()
        paths = _paths(options.paths)
        config = config_for(paths or (base,), options.config or "", isolated=options.isolated)
        settings = config.config
        profile_name = options.profile or settings.default_profile
        profile = profile_named(profile_name, settings) if profile_name else None
        _check_kinds(profile)
        policy = load_policy(policy_name(options.policy or "", config))
        plugins, failed = plugin_rules(settings.plugins, display(config.file, base) if config.file else "")
        known = all_rules(plugins)
        chosen = _selected(options, settings, profile, known)
        now = read_time(options.now, "--now") or datetime.now(UTC).replace(microsecond=0)
        repository = repository_root(common(paths or (base,)))
        return Run(
            search=Search(
                paths=paths,
                root=config.file.parent if config.file else repository,
                repository=repository,
                base=base,
                kinds=KINDS,
                include=settings.include,
                exclude=settings.exclude,
            ),
            stdin=_stdin(options),
            remote=_remote(options),
            engine=_engine(options),
            progress=_progress(options),
            forced_kind=_kind(options),
            config=config,
            policy=policy,
            profile=profile,
            known_rules=known,
            rules=tuple(item for item in _configured(known, policy) if item.rule in chosen),
            failed_plugins=failed,
            now=now,
            window=Window(*read_span(options.since, options.until)),
            baseline=read_baseline(Path(options.baseline)) if options.baseline else {},
            fail_on=_fail_on(options, settings, profile),
            heads=_heads(options, base),
            ledger=_ledger(options.ledger, base, now),
            fail_on_undecided=_first(
                options.fail_on_undecided,
                profile.fail_on_undecided if profile else None,
                settings.fail_on_undecided,
                default=False,
            ),
        )
    except (ConfigError, PolicyError, BaselineError, RuleSetError) as error:
        raise UsageError(str(error)) from None


def _remote(options: argparse.Namespace) -> tuple[Found, ...]:
    if not any(word.startswith("s3://") for word in options.paths):
        return ()
    from kfm_audit.cli.logs import remote

    return remote(options.paths)


def _progress(options: argparse.Namespace) -> Callable[[str, int, int], None] | None:
    if options.quiet or not sys.stderr or not sys.stderr.isatty():
        return None
    from kfm_audit.cli.progress import Progress

    return Progress(sys.stderr)


def _engine(options: argparse.Namespace) -> str:
    if not options.engine:
        return ""
    from kfm_audit.cli.logs import engine

    return engine(options)


def _paths(words: Iterable[str]) -> tuple[Path, ...]:
    paths = []
    for word in words:
        if word == STDIN or word.startswith("s3://"):
            continue
        path = _absolute(word)
        try:
            there = path.exists() or path.is_symlink()
        except OSError as error:
            raise UsageError(f"{word}: {error.strerror}") from None
        if not there:
            raise UsageError(f"{word}: no such file or folder")
        paths.append(path)
    return tuple(dict.fromkeys(paths))


def _absolute(word: str) -> Path:
    """The path without `..`; links stay, because people know a file by the name that they gave."""
    return Path(os.path.abspath(word))  # noqa: PTH100 - Path.resolve() follows links


def _selected(
    options: argparse.Namespace, config: Config, profile: Profile | None, rules: tuple[Rule, ...]
) -> tuple[Rule, ...]:
    select = _words(options.select) or (profile.select if profile else ()) or config.select
    ignore = (*_words(options.ignore), *(profile.ignore if profile else ()), *config.ignore)
    known = {word.lower(): word for rule in rules for word in (rule.id, rule.name, rule.family)}
    select, ignore = (tuple(known.get(word.lower(), word) for word in words) for words in (select, ignore))
    for word in (*select, *ignore):
        if word.lower() not in known:
            from kfm_audit.rules.names import no_such_rule

            raise UsageError(no_such_rule(word, rules, or_family=True))

    def wanted(rule: Rule) -> bool:
        words = {rule.id, rule.name, rule.family}
        # What could not be checked is never deselected: it would look like a pass.
        return rule.family == "SYS" or (
            (not select or not words.isdisjoint(select)) and words.isdisjoint(ignore)
        )

    return tuple(rule for rule in rules if wanted(rule))


def _configured(rules: tuple[Rule, ...], policy: LoadedPolicy) -> tuple[RuleSetting, ...]:
    try:
        return configure(rules, policy.policy, trusted=policy.ships)
    except DocumentError as error:
        raise PolicyError(f"{place_in(policy.file, error.path)}: {error.message}") from None


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _stdin(options: argparse.Namespace) -> Found | None:
    if STDIN not in options.paths:
        return None
    if not options.kind:
        raise UsageError("`-` reads standard input, which has no name to go by: say what it is with --kind")
    return Found(Source(STDIN, None, sys.stdin.buffer.read()), named=True, reported=True)


def _heads(options: argparse.Namespace, base: Path) -> Found | None:
    """The snapshot that `--write-heads` names, where there is one already."""
    if not options.write_heads:
        return None
    file = _absolute(options.write_heads)
    return Found(Source(display(file, base), file), named=False, reported=True) if file.exists() else None


def _ledger(name: str, base: Path, now: datetime) -> Ledger | None:
    if not name:
        return None
    from kfm_audit.cli.ledger import open_ledger

    return open_ledger(_absolute(name), base, now)


def _check_kinds(profile: Profile | None) -> None:
    """A profile that requires what does not exist can never pass."""
    if profile is None:
        return
    kinds = [kind.name for kind in KINDS]
    for required in profile.require:
        if required not in kinds:
            raise ConfigError(
                f"profile {profile.name} requires {required!r}: no kind is called so{nearest(required, kinds)}"
            )


def _kind(options: argparse.Namespace) -> Kind | None:
    if not options.kind:
        return None
    kinds = {kind.name: kind for kind in KINDS}
    if options.kind not in kinds:
        raise UsageError(f"no kind is called {options.kind}{nearest(options.kind, kinds)}")
    return kinds[options.kind]


def _fail_on(options: argparse.Namespace, config: Config, profile: Profile | None) -> Severity | None:
    word = options.fail_on or (profile.fail_on if profile else None) or config.fail_on or "error"
    return None if word == "never" else Severity(word)


def _first(*values: bool | None, default: bool) -> bool:
    return next((value for value in values if value is not None), default)
