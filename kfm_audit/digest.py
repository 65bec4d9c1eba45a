"""SHA-256 for a short-lived process.

Importing `hashlib` loads OpenSSL, which costs a small run a twentieth of its
time. What is small is hashed by the interpreter's own implementation, as
`hashlib` itself does where there is no OpenSSL; only for much data does the
faster one pay.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

_OWN: Final = ("_sha2", "_sha256")
"""CPython's own implementation, from 3.12 on and before."""
_MUCH: Final = 1024 * 1024


def sha256(data: bytes) -> str:
    """The digest of `data` in hex."""
    if len(data) < _MUCH:
        for name in _OWN:
            try:
                return str(import_module(name).sha256(data).hexdigest())
            except ImportError:
                continue
    from hashlib import sha256 as fast

    return fast(data).hexdigest()
