"""What a build adds to the package: the schemas, and the policies compiled to JSON.

A run reads no YAML for the packs that ship (docs/architecture.md, "What ships").
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _catalogue(root: Path) -> bytes:
    """Ask the rules themselves, in a Python of their own that has no other version of the package in it."""
    script = (
        "import sys; from kfm_audit.rules.registry import catalogue; sys.stdout.buffer.write(catalogue())"
    )
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603 - our own script


class ShippedData(BuildHookInterface):  # type: ignore[type-arg]
    """Fill `kfm_audit/_shipped` before the wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        """Write policies and schemas; an editable install reads them from the clone instead."""
        root = Path(self.root)
        shipped = root / "kfm_audit" / "_shipped"
        shutil.rmtree(shipped, ignore_errors=True)
        if version == "editable":
            return
        (shipped / "policies").mkdir(parents=True)
        for pack in sorted((root / "policies").glob("*.yaml")):
            document = yaml.safe_load(pack.read_text(encoding="utf-8"))
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            (shipped / "policies" / f"{pack.stem}.json").write_text(text, encoding="utf-8")
        shutil.copytree(root / "schemas", shipped / "schemas")
        (shipped / "rules.json").write_bytes(_catalogue(root))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - as above
        """Leave nothing behind in the clone, where it would shadow what it was made from."""
        shutil.rmtree(Path(self.root) / "kfm_audit" / "_shipped", ignore_errors=True)
