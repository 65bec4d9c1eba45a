"""Which files give values to variables, by their names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

AUTOMATIC: Final = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
"""The variable files that Terraform reads of itself; others count only where config names them."""


def is_variable_file(path: str) -> bool:
    """Whether a file gives values to variables, by its name."""
    return path.endswith((".tfvars", ".tfvars.json"))


def automatic(paths: Iterable[str]) -> list[str]:
    """Those that Terraform reads of itself, in its order: a later one wins."""
    names = {path: PurePosixPath(path) for path in paths}
    found = [path for path, name in names.items() if any(name.match(pattern) for pattern in AUTOMATIC)]
    return sorted(found, key=lambda path: (not names[path].name.startswith("terraform."), path))
