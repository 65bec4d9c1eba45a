"""Terraform addresses, `module.m["a.b"].aws_sns_topic.alerts[0].arn`, split as brackets and quotes allow."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from kfm_audit.pattern import pattern

_STEP: Final = pattern(r'[^.\[\]]+(?:\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\])*')
_INDEX: Final = pattern(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]')


# An address is taken apart several times in a row while its resource is read.
@lru_cache(maxsize=64)
def steps(address: str) -> tuple[str, ...]:
    """The steps of an address, each with its instance key.

    `('module', 'm["a.b"]', 'aws_sns_topic', 'alerts[0]')`, for example.
    """
    return tuple(_STEP.findall(address))


@lru_cache(maxsize=64)
def without_keys(address: str) -> str:
    """The address without any instance key: what `configuration` calls it."""
    return _INDEX.sub("", address) if "[" in address else address


@lru_cache(maxsize=64)
def module_of(address: str) -> tuple[str, ...]:
    """The names, with keys, of the modules that an address lies in, outermost first."""
    parts = steps(address)
    names = []
    at = 0
    while at + 1 < len(parts) and parts[at] == "module":
        names.append(parts[at + 1])
        at += 2
    return tuple(names)


def in_module(modules: tuple[str, ...], address: str) -> str:
    """The full address of something in a module."""
    return "".join(f"module.{name}." for name in modules) + address
