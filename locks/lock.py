"""Write `locks/core.txt`: every core dependency of kfm-audit, pinned, with the hash of every wheel.

The action installs from that file (`pip install --require-hashes --no-deps`), so it names all
dependencies of dependencies for every platform and Python that is supported, and the wheels of all of
them: which one a runner takes is pip's choice, and each must be in the file.

    python3.11 -m venv /tmp/lock && /tmp/lock/bin/pip install packaging && /tmp/lock/bin/python locks/lock.py

Run it with the oldest Python that is supported: markers such as `python_version < "3.13"` ask for more
there, and a version that runs there runs on the newer ones too. It asks the index that pip asks by
default, and nothing else; no address is written down, here or in the lock.
"""  # noqa: INP001 - a script beside its output, not a package

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "locks" / "core.txt"
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
# musl on aarch64 is not among them: tree-sitter has no wheel for it.
PLATFORMS: Final = {
    "linux x86_64": re.compile(r"manylinux.*_x86_64"),
    "linux aarch64": re.compile(r"manylinux.*_aarch64"),
    "musl x86_64": re.compile(r"musllinux.*_x86_64"),
    "macos x86_64": re.compile(r"macosx.*_(x86_64|universal2)"),
    "macos arm64": re.compile(r"macosx.*_(arm64|universal2)"),
    "windows amd64": re.compile(r"win_amd64"),
}
_SYSTEMS: Final = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
_JSON_INDEX: Final = "application/vnd.pypi.simple.v1+json"


def dependencies() -> list[str]:
    """The requirements that `pyproject.toml` declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared: list[str] = project["project"]["dependencies"]
    return declared


def resolve(requirements: Sequence[str]) -> dict[str, tuple[str, list[str]]]:
    """What pip would install for `requirements`: canonical name to version and requirements of its own."""
    pip = (sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--dry-run", "--ignore-installed")
    options = ("--only-binary", ":all:", "--report", "-")
    # Without PIP_* variables: an index of this machine must not decide what others install.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PIP_") or name == "PIP_CERT"
    }
    answer = subprocess.run(  # noqa: S603 - pip, with requirements from our own pyproject.toml
        (*pip, *options, *requirements), env=environment, check=True, capture_output=True
    )
    metadata = [item["metadata"] for item in json.loads(answer.stdout)["install"]]
    return {
        canonicalize_name(one["name"]): (one["version"], one.get("requires_dist", [])) for one in metadata
    }


def environments() -> Iterator[Mapping[str, str]]:
    """The values of environment markers on every supported platform and Python."""
    for python in PYTHONS:
        for sys_platform, system, os_name in _SYSTEMS:
            for machine in ("x86_64", "aarch64", "arm64", "AMD64"):
                yield {
                    "python_version": python,
                    "python_full_version": f"{python}.0",
                    "sys_platform": sys_platform,
                    "platform_system": system,
                    "os_name": os_name,
                    "platform_machine": machine,
                    "implementation_name": "cpython",
                    "platform_python_implementation": "CPython",
                    "extra": "",
                }


def missing(resolved: Mapping[str, tuple[str, list[str]]]) -> list[str]:
    """Requirements that hold on some supported platform and that `resolved` does not meet."""
    everywhere = tuple(environments())
    unmet = []
    for name, (_, requires) in sorted(resolved.items()):
        for text in requires:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is not None and not any(marker.evaluate(dict(one)) for one in everywhere):
                continue
            found = resolved.get(canonicalize_name(requirement.name))
            if found is None or found[0] not in requirement.specifier:
                unmet.append(f"{name} requires {text}")
    return unmet


def wheels(name: str, version: str) -> dict[str, tuple[frozenset[Tag], str]]:
    """The wheels of one release that a supported Python can take: file name to tags and SHA-256."""
    # pip knows its default index and how to reach it; it has no public name for either.
    from pip._internal.models import index as pip_index
    from pip._vendor import requests

    answer = requests.get(
        f"{pip_index.PyPI.simple_url}/{name}/",
        headers={"Accept": _JSON_INDEX},
        timeout=60,
        verify=os.environ.get("PIP_CERT") or True,
    )
    answer.raise_for_status()
    listing: dict[str, Any] = answer.json()  # the index's document; only three keys are read
    found = {}
    for file in listing["files"]:
        if not file["filename"].endswith(".whl") or file.get("yanked"):
            continue
        _, of_version, _, tags = parse_wheel_filename(file["filename"])
        if str(of_version) == version and any(_takes(python, tag) for python in PYTHONS for tag in tags):
            found[file["filename"]] = (tags, file["hashes"]["sha256"])
    return found


def _takes(python: str, tag: Tag) -> bool:
    """Whether a CPython of this version can take a wheel with this tag, on the tag's platform."""
    minor = int(python.removeprefix("3."))
    if tag.interpreter in ("py3", "py2.py3"):
        return tag.abi == "none"
    own = re.fullmatch(r"cp3(\d+)", tag.interpreter)
    if own is None:
        return False
    if tag.abi == "abi3":
        return int(own[1]) <= minor
    return int(own[1]) == minor and tag.abi in (tag.interpreter, "none")


def uncovered(found: Mapping[str, tuple[frozenset[Tag], str]]) -> list[str]:
    """The supported platforms and Pythons that none of these wheels fits."""
    tags = [tag for all_tags, _ in found.values() for tag in all_tags]
    return [
        f"Python {python} on {platform}"
        for platform, pattern in PLATFORMS.items()
        for python in PYTHONS
        if not any(
            _takes(python, tag) and (tag.platform == "any" or pattern.fullmatch(tag.platform)) for tag in tags
        )
    ]


def main() -> None:
    """Write the lock, or say what keeps it from being complete."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" != PYTHONS[0]:
        sys.exit(f"locks/lock.py: run it with Python {PYTHONS[0]}, the oldest that is supported")
    resolved = resolve(dependencies())
    problems = missing(resolved)
    lines = [
        "# Each core dependency of kfm-audit, with the hashes of all its wheels. Do not edit: locks/lock.py."
    ]
    for name, (version, _) in sorted(resolved.items()):
        found = wheels(name, version)
        problems += [f"{name} {version} has no wheel for {place}" for place in uncovered(found)]
        hashes = sorted(digest for _, digest in found.values())
        lines.append(
            " \\\n    ".join([f"{name}=={version}", *(f"--hash=sha256:{digest}" for digest in hashes)])
        )
    if problems:
        sys.exit("locks/lock.py: nothing written\n" + "\n".join(problems))
    LOCK.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
