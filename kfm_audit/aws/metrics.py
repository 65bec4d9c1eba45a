"""The metrics that AWS services publish: which there are, and under which dimensions.

A metric is its namespace, its name and the exact set of its dimensions; nothing
is rolled up over dimensions, so a set that is never published never has data
(CloudWatch user guide, "Metrics concepts"). Names are case-sensitive.

The catalogue is `metrics.json` (see NOTICE): the metrics of the console's
dashboards, extended from the service guides. It is not complete: what it does
not list may exist. `Verdict.certain` says where the guides rule that out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

_FILE: Final = Path(__file__).with_name("metrics.json")

Dimensions: TypeAlias = tuple[str, ...]
"""A set of dimension names, sorted."""


class MetricKind(Enum):
    """What a metric's values are."""

    EVENTS = "events"
    LEVEL = "level"
    DURATION = "duration"
    SIZE = "size"
    PERCENT = "percent"
    FRACTION = "fraction"
    UNKNOWN = "unknown"


class _Review(Enum):
    """How much is known of a namespace's dimensions."""

    COMPLETE = "complete"
    REVIEWED = "reviewed"
    CONSOLE = "console"


class Metric(Struct, frozen=True, kw_only=True):
    """A metric of the catalogue.

    `statistics` are those that tell something, the first one best; `pNN` is any
    percentile. `unit` is "" where it is not known. `open` says that it may have other
    dimension sets than those listed.
    """

    dimension_sets: tuple[Dimensions, ...]
    statistics: tuple[str, ...]
    kind: MetricKind = MetricKind.UNKNOWN
    unit: str = ""
    open: bool = False


# fmt: off
_UNLISTED: Final = (
    "/aws/sagemaker/Endpoints", "/aws/sagemaker/InferenceComponents",
    "/aws/sagemaker/InferenceRecommendationsJobs", "/aws/sagemaker/ProcessingJobs",
    "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TransformJobs", "AmazonMWAA", "AWS/ACMPrivateCA",
    "AWS/AOSS", "AWS/AppRunner", "AWS/Athena", "AWS/Backup", "AWS/Bedrock", "AWS/Billing", "AWS/Cassandra",
    "AWS/CertificateManager", "AWS/ClientVPN", "AWS/CloudSearch", "AWS/Connect", "AWS/DDoSProtection",
    "AWS/DirectoryService", "AWS/DX", "AWS/EC2Spot", "AWS/ECR", "AWS/ElasticInference",
    "AWS/ElasticTranscoder", "AWS/EMRServerless", "AWS/ES", "AWS/GlobalAccelerator", "AWS/Inspector",
    "AWS/IoTAnalytics", "AWS/IPAM", "AWS/Kafka", "AWS/KafkaConnect", "AWS/MediaConnect", "AWS/MediaTailor",
    "AWS/ML", "AWS/MWAA", "AWS/Network Manager", "AWS/NetworkFirewall", "AWS/Polly",
    "AWS/PrivateLinkEndpoints", "AWS/PrivateLinkServices", "AWS/Prometheus", "AWS/Redshift-Serverless",
    "AWS/Rekognition", "AWS/Robomaker", "AWS/RUM", "AWS/Sagemaker/ModelBuildingPipeline", "AWS/Scheduler",
    "AWS/SDKMetrics", "AWS/SecretsManager", "AWS/SSM-RunCommand", "AWS/StorageGateway", "AWS/SWF",
    "AWS/Textract", "AWS/ThingsGraph", "AWS/Translate", "AWS/TrustedAdvisor", "AWS/Usage", "AWS/VpcLattice",
    "AWS/WAFV2", "AWS/WorkMail", "AWS/X-Ray", "ContainerInsights", "ECS/ContainerInsights", "Glue", "WAF",
)
# fmt: on
"""Namespaces that AWS publishes and the catalogue holds no metric of: nothing is said of what is read there.

CloudWatch user guide, "AWS services that publish CloudWatch metrics"; what is newer than its last public source, by the
discovery of the CloudWatch exporter for Prometheus (`pkg/config/services.go`).
"""


class Standing(Enum):
    """What the catalogue says of a metric with its dimensions."""

    LISTED = "listed"
    ACCOUNT_WIDE = "account-wide"
    UNLISTED_NAMESPACE = "unlisted-namespace"
    UNLISTED_METRIC = "unlisted-metric"
    IMPOSSIBLE_DIMENSION = "impossible-dimension"
    UNPUBLISHED_SET = "unpublished-set"


class Verdict(Struct, frozen=True):
    """The judgement on a metric with its dimensions.

    `certain` says that AWS's documents leave no doubt; a verdict that is not
    certain may come from a gap in the catalogue. `wrong` are the names that are
    wrong, sorted, and `suggested` the nearest right one for each, "" where there
    is none. `sets` are the sets that the metric is published under, where it is
    listed; `elsewhere` the namespaces that do have the metric, or all the wrong
    dimensions.
    """

    standing: Standing
    certain: bool
    wrong: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    sets: tuple[Dimensions, ...] = ()
    elsewhere: tuple[str, ...] = ()


class _MetricEntry(Struct):
    sets: list[int]
    statistics: tuple[str, ...]
    kind: MetricKind = MetricKind.UNKNOWN
    unit: str = ""
    open: bool = False


class _NamespaceEntry(Struct):
    review: _Review
    keys: list[str]
    sets: list[list[str]]
    metrics: dict[str, _MetricEntry]


class _File(Struct):
    namespaces: dict[str, msgspec.Raw]


class _Namespace:
    """The metrics of one namespace, by name."""

    def __init__(self, entry: _NamespaceEntry) -> None:
        self.review = entry.review
        self.keys = frozenset(entry.keys)
        sets = [tuple(sorted(keys)) for keys in entry.sets]
        self.metrics: Mapping[str, Metric] = {
            name: Metric(
                dimension_sets=tuple(sets[index] for index in metric.sets),
                statistics=metric.statistics,
                kind=metric.kind,
                unit=metric.unit,
                open=metric.open,
            )
            for name, metric in entry.metrics.items()
        }


def metric(namespace: str, name: str) -> Metric | None:
    """The catalogue's entry; None for a metric that it does not list."""
    known = _namespace(namespace)
    return known.metrics.get(name) if known else None


def dimension_sets(namespace: str, name: str) -> tuple[Dimensions, ...]:
    """The sets of dimensions that a metric is published under; () for a metric that is not listed."""
    known = metric(namespace, name)
    return known.dimension_sets if known else ()


def judge(namespace: str, name: str, dimensions: Iterable[str]) -> Verdict:
    """Whether a metric with dimensions of these names can ever have data; their values do not matter."""
    return _judge(namespace, name, tuple(sorted(set(dimensions))))


@cache
def is_own(namespace: str | None) -> bool:
    """Whether a namespace is certainly somebody's own: not AWS's, nor one of those without `AWS/`."""
    if namespace is None or namespace.casefold().startswith("aws/"):
        return False
    published = {name.casefold() for name in (*_namespaces(), *_UNLISTED)}
    return not published & {namespace.casefold(), f"aws/{namespace}".casefold()}


@cache
def _judge(namespace: str, name: str, keys: Dimensions) -> Verdict:
    known = _namespace(namespace)
    if namespace in _UNLISTED:
        return Verdict(Standing.LISTED, certain=False)
    if known is None:
        # A namespace of somebody's own resembles none of AWS's but by chance.
        candidates = (*_namespaces(), *_UNLISTED) if namespace.casefold().startswith("aws/") else ()
        return _unlisted(Standing.UNLISTED_NAMESPACE, namespace, candidates)
    wrong = tuple(key for key in keys if key not in known.keys)
    if wrong:
        return _impossible(namespace, known, wrong)
    found = known.metrics.get(name)
    if found is None:
        elsewhere = tuple(other for other in _namespaces() if name in _get(other).metrics)
        verdict = _unlisted(Standing.UNLISTED_METRIC, name, tuple(known.metrics))
        return msgspec.structs.replace(verdict, elsewhere=elsewhere)
    standing = Standing.LISTED if keys else Standing.ACCOUNT_WIDE
    if keys in found.dimension_sets:
        return Verdict(standing, certain=True, sets=found.dimension_sets)
    if found.open:
        return Verdict(standing, certain=False, sets=found.dimension_sets)
    certain = known.review is _Review.COMPLETE
    return Verdict(Standing.UNPUBLISHED_SET, certain, sets=found.dimension_sets)


def _unlisted(standing: Standing, name: str, known: tuple[str, ...]) -> Verdict:
    """A name that is known but for its case is certainly wrong; any other may only be missing here."""
    same = next((other for other in known if other.casefold() == name.casefold()), "")
    return Verdict(standing, bool(same), (name,), (same or _longer(name, known) or _nearest(name, known),))


def _longer(name: str, known: tuple[str, ...]) -> str:
    """`AWS/AmazonMQ` for `AWS/MQ`, `ApproximateNumberOfMessagesVisible` for `MessagesVisible`: the one that ends so."""
    ending = name.casefold().rpartition("/")[2]
    longer = [other for other in known if len(ending) > 1 and other.casefold().endswith(ending)]
    return longer[0] if len(longer) == 1 else ""


def _impossible(namespace: str, known: _Namespace, wrong: tuple[str, ...]) -> Verdict:
    suggested = tuple(_same_letters(name, known.keys) for name in wrong)
    elsewhere = tuple(
        other for other in _namespaces() if other != namespace and _get(other).keys.issuperset(wrong)
    )
    certain = (
        known.review is _Review.COMPLETE
        or any(suggested)
        or (known.review is _Review.REVIEWED and bool(elsewhere))
    )
    return Verdict(Standing.IMPOSSIBLE_DIMENSION, certain, wrong, suggested, (), elsewhere)


def _same_letters(name: str, known: Iterable[str]) -> str:
    """`FunctionName` for `function_name`: the same letters, but for case and separators."""
    letters = _letters(name)
    return next((other for other in sorted(known) if _letters(other) == letters), "")


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _nearest(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, n=1, cutoff=0.75)), "")


@cache
def _raw() -> Mapping[str, msgspec.Raw]:
    return msgspec.json.decode(_FILE.read_bytes(), type=_File).namespaces


@cache
def _namespaces() -> tuple[str, ...]:
    return tuple(_raw())


@cache
def _get(namespace: str) -> _Namespace:
    return _Namespace(msgspec.json.decode(_raw()[namespace], type=_NamespaceEntry))


def _namespace(namespace: str) -> _Namespace | None:
    """One namespace is read when it is asked for: a run rarely needs more than five of seventy."""
    return _get(namespace) if namespace in _raw() else None


def listed() -> Iterator[tuple[str, str, Metric]]:
    """The whole catalogue: namespace, name, metric."""
    for namespace in _namespaces():
        for name, entry in _get(namespace).metrics.items():
            yield namespace, name, entry
