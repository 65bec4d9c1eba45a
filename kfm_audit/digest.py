"""SHA-256 for a short-lived process.

Importing `hashlib` loads OpenSSL, which costs a small run a twentieth of its
time. What is small is hashed by the interpreter's own implementation, as
`hashlib` itself does where there is no OpenSSL; only for much data does the
faster one pay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Final, cast

_OWN: Final = ("_sha2", "_sha256")
"""CPython's own implementation, from 3.12 on and before."""
_MUCH: Final = 1024 * 1024


@cache
def _own() -> Callable[[bytes], object] | None:
    for name in _OWN:
        try:
            return cast("Callable[[bytes], object]", import_module(name).sha256)
        except ImportError:
            continue
    return None


def sha256(data: bytes) -> str:
    """The digest of `data` in hex."""
    own = _own() if len(data) < _MUCH else None
    if own is None:
        from hashlib import sha256 as fast

        return fast(data).hexdigest()
    return str(own(data).hexdigest())  # type: ignore[attr-defined]  # a private module has no types
