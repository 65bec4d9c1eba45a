"""The digest is SHA-256, whichever implementation gives it."""

from __future__ import annotations

import hashlib

import pytest

from kfm_audit.digest import sha256


@pytest.mark.parametrize(
    "data", [b"", b"abc", bytes(range(256)) * 300, b"x" * (1024 * 1024), b"y" * (3 * 1024 * 1024)]
)
def test_it_is_sha_256(data) -> None:
    assert sha256(data) == hashlib.sha256(data).hexdigest()
