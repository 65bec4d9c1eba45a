"""Write kfm_audit/aws/metrics.json from the console's metrics and what AWS documents beside them.

python tools/metric_catalogue.py ../shared/corpus/cloudwatch-metric-dimensions.json

The source is npm `@aws-cdk/aws-service-spec` 0.1.216 (Apache-2.0), converted: the metrics of the console's
dashboards with a statistic and their dimension sets, and nothing else. `metric_catalogue.yaml` beside this
file adds to it from the service guides.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

ADDITIONS: Final = Path(__file__).with_suffix(".yaml")
CATALOGUE: Final = Path(__file__).resolve().parent.parent / "kfm_audit" / "aws" / "metrics.json"

LICENCE: Final = (
    "Derived from @aws-cdk/aws-service-spec 0.1.216, copyright Amazon.com, Inc. or its affiliates, licensed "
    "under the Apache License 2.0 (NOTICE and LICENSE-APACHE in this folder). Changed: converted, compacted, "
    "and extended by tools/metric_catalogue.py."
)


# Decoded JSON and YAML: hence `Any`.
def text(source: Path) -> str:
    """The catalogue as it ships: one line a namespace, so that a change shows in a diff."""
    console: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    additions: dict[str, Any] = yaml.safe_load(ADDITIONS.read_text(encoding="utf-8"))
    lines = (
        f"{_compact(name)}:{_compact(_namespace(console.get(name, {}), additions.get(name)))}"
        for name in sorted({*console, *additions})
    )
    return f'{{"licence":{_compact(LICENCE)},\n"namespaces":{{\n' + ",\n".join(lines) + "\n}}\n"


def _namespace(console: dict[str, Any], added: dict[str, Any] | None) -> dict[str, Any]:
    sets: list[list[str]] = []
    metrics: dict[str, Any] = {
        name: {"sets": _indexes(sets, known["dims"]), "statistics": known["stat"]}
        for name, known in console.items()
    }
    more = added or {}
    for group in more.get("metrics", ()):
        for name in group["names"]:
            entry = metrics.setdefault(str(name), {"sets": []})
            entry |= {key: group[key] for key in ("statistics", "kind", "unit")}
            entry["sets"] = sorted({*entry["sets"], *_indexes(sets, group.get("sets", ()))})
            if group.get("open") or more.get("open"):
                entry["open"] = True
    keys = {key for known in sets for key in known}
    if "keys" in more and not keys <= set(more["keys"]):
        raise SystemExit(f"not among the keys: {keys - set(more['keys'])}")
    review = "complete" if "keys" in more else "console" if added is None else "reviewed"
    keys |= {*more.get("keys", ()), *more.get("further_keys", ())}
    return {"review": review, "keys": sorted(keys), "sets": sets, "metrics": dict(sorted(metrics.items()))}


def _indexes(sets: list[list[str]], wanted: Iterable[list[str]]) -> list[int]:
    """Where the sets stand in `sets`, which takes up those that are new."""
    found = []
    for keys in map(sorted, wanted):
        if keys not in sets:
            sets.append(keys)
        found.append(sets.index(keys))
    return sorted(found)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    CATALOGUE.write_text(text(Path(sys.argv[1])), encoding="utf-8")
