"""Whether tests that install packages can."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest


@cache
def index_reachable() -> bool:
    """Whether pip gets an answer from a package index."""
    pip = (sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed", "--no-deps")
    return (
        subprocess.run(
            (*pip, "--retries=0", "--timeout=15", "mdurl"), check=False, capture_output=True
        ).returncode
        == 0
    )


def need_index() -> None:
    """Skip the test where there is none."""
    if not index_reachable():
        pytest.skip("pip reaches no package index here")
