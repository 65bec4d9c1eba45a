"""Read a policy, with all that it extends.

`extends` names a pack or a file relative to the policy. Maps are merged key by
key; anything else, lists too, replaces what was inherited, so that a team can
always say less than a pack does.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from kfm_audit import shipped
from kfm_audit.digest import sha256
from kfm_audit.policy.model import Policy
from kfm_audit.policy.strict import DocumentError, nearest, read_strictly

DEFAULT_PACK: Final = "kfm-v11"
_BRANCH_GLOB: Final = r"[\w*?][-\w*?]*"
"""lakeFS takes `^\\w[-\\w]*$` (pkg/validator/validate.go); a glob adds `*` and `?`."""

Document = dict[str, Any]


class PolicyError(Exception):
    """The policy is wrong: its author must change it. The text names file, place, cause and cure."""


class LoadedPolicy(Struct, frozen=True):
    """A policy, the digest of the merged document, the file that it was read from, and whether that ships with us."""

    policy: Policy
    sha256: str
    file: Path
    ships: bool = False


def load_policy(name: str) -> LoadedPolicy:
    """Read the pack or file called `name`. Raises PolicyError."""
    file = _resolve(name, Path())
    document = _merged(file, ())
    policy = _typed(file, document)
    ships = name in shipped.pack_names()
    if not ships:
        _check_contract(file, policy)
    digest = sha256(msgspec.json.encode(document, order="deterministic"))
    return LoadedPolicy(policy, digest, file, ships)


def _resolve(name: str, beside: Path) -> Path:
    if name in shipped.pack_names():
        return shipped.pack_file(name)
    file = beside / name
    if file.is_file():
        return file
    packs = shipped.pack_names()
    raise PolicyError(f"{name}: no such policy file, and no pack of that name{nearest(name, packs)}")


def _merged(file: Path, seen: tuple[Path, ...]) -> Document:
    place = file.resolve()
    if place in seen:
        chain = " -> ".join(step.name for step in (*seen, place))
        raise PolicyError(f"{file}: `extends` runs in a circle: {chain}")
    document = _read(file)
    base = document.get("extends")
    if not isinstance(base, str) or not base:
        return document
    try:
        below = _merged(_resolve(base, file.parent), (*seen, place))
    except PolicyError as error:
        raise PolicyError(f"{file}: extends {base!r}: {error}") from None
    return _merge(below, document)


def _merge(below: Document, above: Document) -> Document:
    merged = dict(below)
    for key, value in above.items():
        inherited = merged.get(key)
        if isinstance(inherited, dict) and isinstance(value, dict):
            merged[key] = _merge(inherited, value)
        else:
            merged[key] = value
    return merged


def _read(file: Path) -> Document:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise PolicyError(f"{file}: {error.strerror}") from None
    document: object
    if file.suffix == ".json":
        try:
            document = msgspec.json.decode(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise PolicyError(f"{file}: {error}") from None
    else:
        try:
            from kfm_audit.policy.yaml import read_yaml

            document = read_yaml(data)
        except ValueError as error:
            raise PolicyError(f"{file}: is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise PolicyError(f"{file}: a policy is a map of keys; begin it with `policy: 1`")
    # A policy without a name must not bear the name of the pack that it extends, and departs from.
    own: Document = {"name": file.stem, **document}
    if not shipped.holds(file):
        _typed(file, own)  # a wrong key is the fault of the file that it stands in
    return own


def _typed(file: Path, document: Document) -> Policy:
    try:
        policy = read_strictly(document, Policy)
    except DocumentError as error:
        raise PolicyError(f"{place_in(file, error.path)}: {error.message}") from None
    for name, globs in policy.lakefs.environment_branches.items():
        for glob in globs:
            if not re.fullmatch(_BRANCH_GLOB, glob):
                place = place_in(file, ("lakefs", "environment_branches", name))
                raise PolicyError(
                    f"{place}: no lakeFS branch can be called {glob!r}: its names are of letters, digits, `_` and "
                    "`-`; for the runbook's env/prod write env-prod"
                )
    return policy


def _check_contract(file: Path, policy: Policy) -> None:
    """What only the merged policy can show to be wrong. Packs are checked by the tests."""
    from kfm_audit.policy.contract_check import check_contract
    from kfm_audit.policy.lakefs_check import check_lakefs

    try:
        check_contract(policy.alarms, tuple(policy.environments.names))
        check_lakefs(policy.lakefs)
    except DocumentError as error:
        raise PolicyError(f"{place_in(file, error.path)}: {error.message}") from None


def place_in(file: Path, path: tuple[str, ...]) -> str:
    """`file:line` of a path in a YAML document, and the path itself; for messages."""
    dotted = ".".join(path)
    where = f" ({dotted})" if dotted else ""
    if file.suffix == ".json" or not path:
        return f"{file}{where}"
    import yaml

    node = yaml.compose(file.read_bytes(), Loader=yaml.CSafeLoader)
    line = 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == step]
            if not pairs:
                break
            line = pairs[0][0].start_mark.line + 1
            node = pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            node = node.value[int(step)]
            line = node.start_mark.line + 1
        else:
            break
    return f"{file}:{line}{where}"
