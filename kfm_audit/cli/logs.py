"""The words of a command line that are about logs: URLs among PATHS, and `--engine`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from kfm_audit.cli.parser import UsageError
from kfm_audit.inputs.find import Found
from kfm_audit.inputs.source import Source

_STORE = "s3://"
_ENGINES = ("core", "duckdb", "spark")


def is_url(word: str) -> bool:
    """Whether a PATH is the URL of a store."""
    return word.startswith(_STORE)


def remote(words: Iterable[str]) -> tuple[Found, ...]:
    """The logs that URLs name: nothing of them is read here. One that ends with `/` is a folder of Parquet."""
    urls = dict.fromkeys(
        word + ("**/*.parquet" if word.endswith("/") else "") for word in words if is_url(word)
    )
    return tuple(Found(Source(url, None, b""), named=True, reported=True) for url in urls)


def engine(options: argparse.Namespace) -> str:
    """What `--engine` says, "" for the core. Raises UsageError."""
    words = str(options.engine or "")
    name, equals, master = words.partition("=")
    if words and (name not in _ENGINES or (equals and (name != "spark" or not master))):
        raise UsageError(f"--engine {words}: choose {', '.join(_ENGINES)} or spark=MASTER")
    return "" if name == "core" else words
