"""`locks/core.txt` is complete: what it leaves out, `--no-deps` leaves out of the action's environment."""

from __future__ import annotations

import re
from importlib.metadata import requires, version

from packaging.requirements import Requirement
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name

from locks.lock import LOCK, dependencies, missing, uncovered

TEXT = LOCK.read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", TEXT, flags=re.MULTILINE))


def test_there_is_nothing_but_pins_and_hashes():
    comment, *lines = TEXT.splitlines()
    assert comment.startswith("#")
    pins = "\n".join(lines).replace(" \\\n    ", " ").splitlines()
    assert len(pins) == len(PINS) > 0
    for line in pins:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( --hash=sha256:[0-9a-f]{64})+", line), line


def test_every_declared_dependency_is_pinned_to_a_version_that_it_admits():
    for text in dependencies():
        requirement = Requirement(text)
        assert PINS[canonicalize_name(requirement.name)] in requirement.specifier


def test_every_dependency_of_a_dependency_is_pinned():
    # By what is installed here, which is at least as new as the declared dependencies demand.
    assert missing({name: (version(name), requires(name) or []) for name in PINS}) == []


def test_what_is_missing_on_one_platform_only_is_missing():
    resolved = {
        "rich": ("15.0.0", ["colorama>=1; sys_platform == 'win32'", "markdown; extra == 'docs'", "attrs<2"])
    }
    assert missing(resolved | {"attrs": ("3.0", [])}) == [
        "rich requires colorama>=1; sys_platform == 'win32'",
        "rich requires attrs<2",
    ]


def test_a_platform_without_a_wheel_is_named():
    everywhere = {"a-1-py3-none-any.whl": (parse_tag("py3-none-any"), "0")}
    assert uncovered(everywhere) == []
    abi3 = "cp39-abi3-{}"
    platforms = (
        "manylinux_2_17_x86_64",
        "manylinux2014_aarch64",
        "musllinux_1_2_x86_64",
        "macosx_10_12_x86_64.macosx_11_0_arm64.macosx_10_12_universal2",
    )
    wheels = {platform: (parse_tag(abi3.format(platform)), "0") for platform in platforms}
    only = {"a-1-cp313-cp313-win_amd64.whl": (parse_tag("cp313-cp313-win_amd64"), "0")}
    free_threaded = {"a-1-cp314-cp314t-win_amd64.whl": (parse_tag("cp314-cp314t-win_amd64"), "0")}
    assert uncovered(wheels | only | free_threaded) == [
        "Python 3.11 on windows amd64",
        "Python 3.12 on windows amd64",
        "Python 3.14 on windows amd64",
    ]
