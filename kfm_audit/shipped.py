"""The data that ships with the package: policy packs and JSON Schemas.

They stand at the top of the repository. A wheel carries them in
`kfm_audit/_shipped`, the packs compiled to JSON; a clone and an editable
install read them where they stand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent
_WHEEL: Final = _PACKAGE / "_shipped"
_CLONE: Final = _PACKAGE.parent


def pack_names() -> tuple[str, ...]:
    """The names of the packs that ship, sorted."""
    wheel = sorted(file.stem for file in (_WHEEL / "policies").glob("*.json"))
    return tuple(wheel or sorted(file.stem for file in (_CLONE / "policies").glob("*.yaml")))


def pack_file(name: str) -> Path:
    """The file of a pack: JSON in a wheel, YAML in a clone. Raises LookupError for an unknown name."""
    if name in pack_names():
        compiled = _WHEEL / "policies" / f"{name}.json"
        return compiled if compiled.exists() else _CLONE / "policies" / f"{name}.yaml"
    raise LookupError(f"no pack is called {name!r}")


def holds(file: Path) -> bool:
    """Whether it is the file of a pack."""
    return file.parent in (_WHEEL / "policies", _CLONE / "policies")


def read_schema(name: str) -> bytes:
    """The bytes of a schema, by its path below `schemas/`. Raises OSError where there is none."""
    shipped = _WHEEL / "schemas" / name
    return (shipped if shipped.exists() else _CLONE / "schemas" / name).read_bytes()


def read_catalogue() -> bytes | None:
    """The catalogue of rules that a wheel carries; None in a clone, where the rules are asked themselves."""
    file = _WHEEL / "rules.json"
    return file.read_bytes() if file.exists() else None
