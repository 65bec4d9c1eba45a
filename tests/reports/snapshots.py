"""Reports kept as files beside the tests: to be read by people, and compared byte by byte."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"


def assert_same(name: str, text: str) -> None:
    """Compare with the file; with KFM_UPDATE_CASES=1 write it, then read what changed."""
    file = FOLDER / name
    if os.environ.get("KFM_UPDATE_CASES"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")
