"""The shapes of label values that have no end: identifiers, addresses, paths, times, places.

A shape is told from the value alone; whether it condemns a label is the rule's
decision (`facts/provenance-and-telemetry.md` 3.4, layer 1). Entropy takes no
part: names of counties and short ids overlap.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from kfm_audit.telemetry.patterns import pattern


class Shape(Enum):
    """A kind of value of which there is always another; the value is its plural in messages."""

    UUID = "UUIDs"
    EMAIL = "e-mail addresses"
    URL = "URLs"
    IP = "IP addresses"
    TIME = "timestamps"
    EPOCH = "epoch timestamps"
    RUN = "run ids"
    H3 = "H3 cells"
    HEX = "hex ids"
    COORDINATE = "coordinates"
    POD = "Kubernetes pod names"
    PATH = "paths"


class Likeness(Struct, frozen=True):
    """The values that have some shape without end, and the commonest of these shapes."""

    shape: Shape
    values: tuple[str, ...]


# Kubernetes builds suffixes from letters and digits that spell no words (k8s.io/apimachinery, util/rand).
_SAFE: Final = "bcdfghjklmnpqrstvwxz2456789"
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

# In the order of their names in `Shape`: a value has the first shape that fits all of it.
_PATTERNS: Final = {
    Shape.UUID: r"(?:urn:uuid:)?\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?",
    Shape.EMAIL: r"[^\s@/:]+@[^\s@/:]+\.[A-Za-z]{2,}",
    Shape.URL: r"[A-Za-z][A-Za-z0-9+.-]*://\S+",
    Shape.IP: (
        rf"(?:{_OCTET}\.){{3}}{_OCTET}(?::\d{{1,5}})?"
        r"|\[?(?=[0-9a-fA-F:]*::|(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F])[0-9a-fA-F:]{2,39}(?:%\w+)?(?:\]:\d{1,5}|\])?"
    ),
    Shape.TIME: r"\d{4}-\d\d-\d\d[T_ ]\d\d[:-]?\d\d.*|\d{8}T\d{4,6}(?:\.\d+)?Z?",
    # Seconds, milliseconds, microseconds and nanoseconds since 1970, from 2001 to 2033.
    Shape.EPOCH: r"1\d{9}(?:\.\d+|\d{3}|\d{6}|\d{9})?",
    Shape.RUN: r"(?:[\w.-]*[_-])?run[_-]?\d{4}-?\d\d-?\d\d\S*",
    # A cell of Uber's grid: 64 bits whose first hex digit, 0, is left out; mode 1 gives the 8.
    Shape.H3: r"0?8[0-9a-f]{14}",
    Shape.HEX: r"(?:sha\d+:|0x)?(?=[0-9a-fA-F]*\d)(?=\d*[a-fA-F])(?:[0-9a-f]{12,}|[0-9A-F]{12,})",
    Shape.COORDINATE: r"[+-]?\d{1,3}\.\d{3,}(?:,\s*[+-]?\d{1,3}\.\d{3,})?",
    # The suffix must mix digits and letters: `cool-attribute-value` is no pod.
    Shape.POD: (
        rf".+-(?:(?=[{_SAFE}-]*\d)(?=[\d-]*[a-z])[{_SAFE}]{{8,10}}-[{_SAFE}]{{5}}"
        rf"|(?=[a-z]*\d)(?=\d*[a-z])[{_SAFE}]{{5}})"
    ),
    # Two segments or more with a digit outside a version (`/api/v2/items` is a route, not a file);
    # without a leading slash three, or a file ending, for `owner/name2` is mostly a name.
    Shape.PATH: (
        r"(?!/dev/)(?=.*(?<![/\\]v)(?<![/\\]v\d)(?<!\.)\d)"
        r"(?:(?:~|\.{1,2}|[A-Za-z]:)?[/\\][^/\\\s]+(?:[/\\][^/\\\s]*)+"
        r"|[^/\\\s]+(?:/[^/\\\s]+){2,}/?|[^/\\\s]+/[^/\\\s]+\.[A-Za-z]\w{0,4})"
    ),
}
_SHAPE: Final = pattern("|".join(f"(?P<{shape.name}>{text})" for shape, text in _PATTERNS.items()))
_LONGEST: Final = 512
"""Characters that are looked at: no pattern needs more, and a hostile value must not cost more."""
_POSSIBLE: Final = pattern(r"[\d@/\\]|::")
"""Every shape holds one of these: most label values are words and stop here."""

_TEMPLATE: Final = pattern(r"\{[^/]*\}|<[^/]*>|(?:^|/):[A-Za-z_]|\*")
"""Placeholders of a route: it was cut down to a template already."""
_MEDIA_TYPE: Final = pattern(r"(?:application|audio|font|image|message|model|multipart|text|video)/[^/]+")

_ID_KEY: Final = pattern(
    r"(?:.*_)?(?:id|ids|uid|uuid|guid|gid|url|uri|href|path|file|filename|ip|email|mail|address|addr|hash|sha|sha256|md5"
    r"|digest|commit|token|session|trace|span|timestamp|time|ts|date|datetime|at|lat|lon|lng|latitude|longitude"
    r"|coord|coords|coordinates|x|y|elev|h3|h3_cell|cell|geohash|tile|pod|pod_name|container|run)"
    r"|h3_.*|.*_h3_.*"
)
_COORDINATE_KEY: Final = pattern(
    r"(?:.*_)?(?:lat|lon|lng|latitude|longitude|coord|coords|coordinates|x|y|elev|elevation|point|location|bbox)"
)
_WORDS: Final = pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=8192)
def plain_key(key: str) -> str:
    """A label key as policies write it: `RequestId`, `request.id` and `request-id` are all `request_id`."""
    return _WORDS().sub("_", key).replace(".", "_").replace("-", "_").replace("/", "_").lower()


def is_id_like(key: str) -> bool:
    """Whether the name of a label says that its values are identifiers, addresses, times or places."""
    return _ID_KEY().fullmatch(plain_key(key)) is not None


@lru_cache(maxsize=65536)
def shape_of(value: str) -> Shape | None:
    """The endless shape of a value, or None."""
    if not _POSSIBLE().search(value):
        return None
    match = _SHAPE().fullmatch(value[:_LONGEST])
    if match is None:
        return None
    assert match.lastgroup is not None
    shape = Shape[match.lastgroup]
    if shape is Shape.PATH and (_TEMPLATE().search(value) or _MEDIA_TYPE().fullmatch(value)):
        return None
    return shape


def likeness(key: str, values: Iterable[str]) -> Likeness | None:
    """What the distinct `values` of the label `key` look like, or None where none has a shape without end.

    A number of less than one degree with three decimals is taken for a
    coordinate only under a key that names one: `0.999` is an objective.
    """
    found: dict[Shape, list[str]] = {}
    everywhere = _COORDINATE_KEY().fullmatch(plain_key(key)) is not None
    for value in values:
        shape = shape_of(value)
        if shape is None or (shape is Shape.COORDINATE and not everywhere and value.lstrip("+-")[0] == "0"):
            continue
        found.setdefault(shape, []).append(value)
    if not found:
        return None
    commonest = max(found, key=lambda shape: len(found[shape]))
    return Likeness(commonest, tuple(value for values in found.values() for value in values))
