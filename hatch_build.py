"""What a build adds to the package: the schemas, and the policies compiled to JSON.

A run reads no YAML for the packs that ship (docs/architecture.md, "What ships").
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
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
    """Put `kfm_audit/_shipped` into the wheel.

    It is made in a folder of its own: in the clone it would shadow what it is made from.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write policies, schemas and catalogue; an editable install reads them from the clone instead."""
        self._made = tempfile.TemporaryDirectory(prefix="kfm-audit-build-")
        if version == "editable":
            return
        root, shipped = Path(self.root), Path(self._made.name)
        (shipped / "policies").mkdir()
        for pack in sorted((root / "policies").glob("*.yaml")):
            document = yaml.safe_load(pack.read_text(encoding="utf-8"))
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            (shipped / "policies" / f"{pack.stem}.json").write_text(text, encoding="utf-8")
        shutil.copytree(root / "schemas", shipped / "schemas")
        (shipped / "rules.json").write_bytes(_catalogue(root))
        build_data["force_include"][str(shipped)] = "kfm_audit/_shipped"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - the hook's signature
        """Leave nothing behind."""
        self._made.cleanup()
