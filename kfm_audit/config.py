"""The settings of one project: `kfm-audit.toml`, `.kfm-audit.toml` or `[tool.kfm-audit]` in `pyproject.toml`.

Looked for from the common ancestor of PATHS up to the repository root; the
nearest file wins (design section 4).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import Struct

from kfm_audit import __version__
from kfm_audit.policy.load import DEFAULT_PACK
from kfm_audit.policy.model import SeverityName
from kfm_audit.policy.strict import DocumentError, nearest, read_strictly

if TYPE_CHECKING:
    from kfm_audit.inputs.kind import StackRoot

NAMES: Final = ("kfm-audit.toml", ".kfm-audit.toml", "pyproject.toml")

KindName = str
FailOn = Literal["error", "warning", "note", "never"]


class ConfigError(Exception):
    """The config is wrong: its author must change it. The text names file, place, cause and cure."""


class Section(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """A part of the config: unknown keys are refused, keys are written with hyphens."""


class Stack(Section, frozen=True):
    """A Terraform root module, with its plan, or with the variable files that it is judged with instead."""

    root: str
    """The folder of the root module, relative to the root."""
    plan: str = ""
    """The file of the plan that was made from it, relative to the root; without one its sources are judged."""
    variable_files: tuple[str, ...] = ()
    """Files that `-var-file` would name, relative to the root, where there is no plan."""
    name: str = ""
    """How findings call the stack; the folder where it is left out."""


class Profile(Section, frozen=True):
    """A named way to run: what must be there, and how strict to be."""

    name: str
    """The word for `--profile`; a built-in profile of that name is replaced as a whole."""
    require: tuple[KindName, ...] = ()
    """Input kinds that must be there and hold something to judge; without one the run ends with 3."""
    select: tuple[str, ...] = ()
    """As `select` below, for this profile."""
    ignore: tuple[str, ...] = ()
    """As `ignore` below, for this profile; both count."""
    min_severity: SeverityName | None = None
    """As `min-severity` below, for this profile."""
    fail_on: FailOn | None = None
    """As `fail-on` below, for this profile."""
    fail_on_undecided: bool | None = None
    """As `fail-on-undecided` below, for this profile."""


class Suppress(Section, frozen=True):
    """One finding, accepted on purpose. `subject` is a glob in which only `*` and `?` are special.

    `expires` is the last day, UTC, on which it holds. The keys that a
    suppression must have are optional here so that their lack is a finding,
    not an error that hides all others.
    """

    rule: str
    """The rule's id or name."""
    subject: str
    """A glob of the subject as findings give it; only `*` and `?` are special."""
    reason: str = ""
    """Why the finding is accepted; without it the entry does not hold."""
    owner: str = ""
    """Who took the decision."""
    expires: str = ""
    """The last day, UTC, on which it holds: `2027-01-31`."""


class Config(Section, frozen=True):
    """A project's settings; the command line wins over them."""

    required_version: str = ""
    """The versions of kfm-audit that may run here, comma-separated: `>=0.1,<1`."""
    policy: str = ""
    """A pack, or a policy file relative to the config."""
    default_profile: str = ""
    """The profile where `--profile` names none."""
    profile: tuple[Profile, ...] = ()
    """Named ways to run: `[[profile]]`."""
    plugins: tuple[str, ...] = ()
    """Plug-ins to load, by entry point; a plug-in that is only installed does nothing."""
    stack: tuple[Stack, ...] = ()
    """Which plan or variable files belong to which root module, where the sources do not tell: `[[stack]]`."""
    suppress: tuple[Suppress, ...] = ()
    """Findings that are accepted on purpose: `[[suppress]]`."""
    include: tuple[str, ...] = ()
    """Globs below the root of files to read although `.gitignore` hides them."""
    exclude: tuple[str, ...] = ()
    """Globs below the root of files not to look at."""
    select: tuple[str, ...] = ()
    """Only these rules: ids, names or families. Those about the audit itself always run."""
    ignore: tuple[str, ...] = ()
    """Not these rules: ids, names or families."""
    min_severity: SeverityName | None = None
    """Findings below this severity are counted and not shown."""
    fail_on: FailOn | None = None
    """Findings from this severity on turn exit code 0 into 1; `error` where nothing is said."""
    fail_on_undecided: bool | None = None
    """Whether what could not be decided counts as a failure."""
    publish_names: bool = False
    """Whether SARIF, annotations and comments show the names of people."""


class LoadedConfig(Struct, frozen=True):
    """A config and the file that it came from; None where there is none."""

    config: Config
    file: Path | None = None

    def stacks(self) -> tuple[StackRoot, ...]:
        """What it says of stacks, for readers of inputs."""
        from kfm_audit.inputs.kind import StackRoot

        return tuple(
            StackRoot(stack.name or stack.root, stack.root, stack.plan, stack.variable_files)
            for stack in self.config.stack
        )


BUILT_IN_PROFILES: Final = (
    Profile(name="pr"),
    Profile(name="nightly", require=("lakefs-log",)),
    Profile(
        name="quarterly", require=("lakefs-log", "prov", "incident", "directory"), fail_on_undecided=True
    ),
)


def repository_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds `.git`."""
    # Unlike Path.exists() and its like, these say no of what lies in a folder that may not be entered.
    return next(
        (folder for folder in (start, *start.parents) if os.path.exists(folder / ".git")),  # noqa: PTH110
        None,
    )


def config_for(paths: Sequence[Path], named: str = "", *, isolated: bool = False) -> LoadedConfig:
    """The config of a run over `paths`: the named one, else KFM_AUDIT_CONFIG, else the nearest above them all.

    `isolated` is for none at all. Raises ConfigError.
    """
    if isolated:
        return LoadedConfig(Config())
    named = named or os.environ.get("KFM_AUDIT_CONFIG", "")
    if not named:
        return find_config(common(paths), Path.cwd())
    # Links stay, because people know a file by the name that they gave.
    file = Path(os.path.abspath(named))  # noqa: PTH100
    config = read_config(file)
    if config is None:
        raise ConfigError(f"{named}: has no table [tool.kfm-audit]")
    return LoadedConfig(config, file)


def policy_name(named: str, config: LoadedConfig) -> str:
    """The pack or file that holds the policy: the named one, else the config's, else the default pack."""
    named, beside = named or config.config.policy, not named
    if not named:
        return DEFAULT_PACK
    file = config.file.parent / named if config.file and beside else Path(named)
    return str(file) if file.is_file() else named


def common(paths: Sequence[Path]) -> Path:
    """The folder that all paths lie in."""
    folders = [str(path if os.path.isdir(path) else path.parent) for path in paths]  # noqa: PTH112
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # different drives
        return Path(folders[0])


def find_config(start: Path, base: Path) -> LoadedConfig:
    """The config that applies to `start`; `base` is the working directory. Raises ConfigError.

    Without a repository nothing is looked for above the working directory: what
    lies in a shared folder like `/tmp` is not this project's.
    """
    top = repository_root(start) or (base if start.is_relative_to(base) else start)
    for folder in (start, *start.parents):
        for name in NAMES:
            file = folder / name
            if os.path.isfile(file):  # noqa: PTH113
                config = read_config(file)
                if config is not None:
                    return LoadedConfig(config, file)
        if folder == top:
            break
    return LoadedConfig(Config())


def read_config(file: Path) -> Config | None:
    """Read a config file; None for a `pyproject.toml` that has no table of ours. Raises ConfigError."""
    import tomllib

    shared = file.name == "pyproject.toml"
    try:
        data = file.read_bytes()
        table: object = tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        if shared and b"tool.kfm-audit" not in data:
            return None  # it is not meant for us; those it is meant for will say so
        raise ConfigError(f"{file}: is not TOML: {error}") from None
    if shared:
        tools = table.get("tool") if isinstance(table, dict) else None
        table = tools.get("kfm-audit") if isinstance(tools, dict) else None
        if table is None:
            return None
    try:
        config = read_strictly(msgspec.to_builtins(table), Config)  # TOML's dates become text
    except DocumentError as error:
        where = f" ({'.'.join(error.path)})" if error.path else ""
        raise ConfigError(f"{file}{_line_of(file, error.path)}{where}: {error.message}") from None
    _check_version(file, config.required_version)
    return config


def profile_named(name: str, config: Config) -> Profile:
    """The profile of that name: the config's, else a built-in one. Raises ConfigError."""
    profiles = {profile.name: profile for profile in (*BUILT_IN_PROFILES, *config.profile)}
    if name in profiles:
        return profiles[name]
    raise ConfigError(f"no profile is called {name!r}{nearest(name, profiles)}")


def _line_of(file: Path, path: Sequence[str]) -> str:
    """`:line` of the last key of `path`; TOML readers keep no positions, so the text is searched."""
    keys = [step for step in path if not step.isdigit()]
    if not keys:
        return ""
    pattern = re.compile(
        rf"^\s*\"?{re.escape(keys[-1])}\"?\s*=|^\s*\[+[\w.\" -]*\b{re.escape(keys[-1])}\"?\]"
    )
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        if pattern.search(line):
            return f":{number}"
    return ""


def _check_version(file: Path, required: str) -> None:
    """Hold `required-version` (`>=0.1,<1`, comma-separated) to this version. Raises ConfigError."""
    if not required:
        return
    for clause in required.split(","):
        parts = re.fullmatch(r"\s*(>=|<=|==|!=|>|<)?\s*(\d+(?:\.\d+)*)\s*", clause)
        if parts is None:
            raise ConfigError(f"{file}: required-version {required!r} is no version: write `>=0.1,<1`")
        have, want = _numbers(__version__), _numbers(parts[2])
        holds = {
            ">=": have >= want,
            "<=": have <= want,
            "==": have == want,
            "!=": have != want,
            ">": have > want,
            "<": have < want,
        }[parts[1] or "=="]
        if not holds:
            raise ConfigError(f"{file}: asks for version {required}, this is {__version__}")


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))
