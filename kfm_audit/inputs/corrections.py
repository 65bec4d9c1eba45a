"""Corrections in an expanded PROV document (`docs/correction-document.md` has the terms)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from kfm_audit.facts import Agent, AgentKind, Correction
from kfm_audit.prov.activities import corrections
from kfm_audit.prov.graph import Node, Text, is_blank
from kfm_audit.prov.jsonld import Expanded, as_written
from kfm_audit.prov.placeholders import holds_todo
from kfm_audit.prov.terms import DCTERMS, FOAF, PROV, RDFS, SCHEMA, Vocabulary, last_part
from kfm_audit.prov.times import instant
from kfm_audit.values import Origin

_LAKEFS_COMMIT: Final = re.compile(r"lakefs://.*[/@]([0-9a-f]{12,64})")
_FALSE: Final = frozenset({"false", "0", "no", ""})
_NAMES: Final = (
    RDFS + "label",
    PROV + "label",
    FOAF + "name",
    FOAF + "mbox",
    FOAF + "nick",
    FOAF + "accountName",
    SCHEMA + "name",
    SCHEMA + "email",
    "http://schema.org/name",
    "http://schema.org/email",
    DCTERMS + "identifier",
    "http://www.w3.org/2006/vcard/ns#hasEmail",
)
"""Properties under which an agent's names, mailboxes and accounts stand; our own `lakefsUser` beside them."""
_KINDS: Final = (
    ({PROV + "SoftwareAgent", SCHEMA + "SoftwareApplication"}, AgentKind.SOFTWARE),
    ({PROV + "Organization", FOAF + "Organization", SCHEMA + "Organization"}, AgentKind.ORGANIZATION),
    ({PROV + "Person", FOAF + "Person", SCHEMA + "Person"}, AgentKind.PERSON),
)
"""The types of agents; what is software is no person, whatever else it is called."""


class UnreadTime(Struct, frozen=True):
    """A time that is none: the property, and what stands there."""

    term: str
    text: str


class CorrectionReader:
    """Reads the corrections of one document."""

    def __init__(self, expanded: Expanded, vocabulary: Vocabulary, path: str) -> None:
        """`path` is the document's, as people know it."""
        self._expanded = expanded
        self._graph = expanded.graph
        self._vocabulary = vocabulary
        self._path = path

    def read(self, activities: Iterable[Node]) -> Iterator[tuple[Correction, tuple[UnreadTime, ...]]]:
        """Each correction among the Activities, with the times in it that could not be read.

        A correction without an IRI is named after the document and its place
        among the Activities: a blank node's label changes with each run.
        """
        ours = frozenset(corrections(self._graph, self._vocabulary))
        for number, node in enumerate(activities, 1):
            if node in ours:
                subject = f"{self._path}#activity-{number}" if is_blank(node) else as_written(node)
                yield self._correction(node, subject)

    def _correction(self, node: Node, subject: str) -> tuple[Correction, tuple[UnreadTime, ...]]:
        own = self._own_terms(node)
        invalidated = self._entities(node, "wasInvalidatedBy", "invalidated", "qualifiedInvalidation")
        generated = self._entities(node, "wasGeneratedBy", "generated", "qualifiedGeneration")
        started = self._times(self._graph.values(node, PROV + "startedAtTime"))
        ended = self._times(self._graph.values(node, PROV + "endedAtTime"))
        recorded = (*ended, *self._recorded(node))
        correction = Correction(
            subject=subject,
            origin=Origin(self._path, self._pointer(node)),
            repository=_one(map(_name, own.get("lakefsRepository", ()))),
            branch=_one(map(_name, own.get("lakefsBranch", ()))),
            reverted_commits=self._commits(own.get("revertedCommit", ()), invalidated),
            restored_commits=self._commits(own.get("restoredCommit", ()), generated),
            request_ids=_distinct(map(_name, own.get("lakefsRequestId", ()))),
            reason_category=_one(map(_word, own.get("reasonCategory", ()))),
            justification=_one(map(_text, own.get("justification", ()))),
            trigger=_one(map(_word, own.get("trigger", ()))),
            incidents=_distinct(_name(value).removesuffix(".json") for value in own.get("incident", ())),
            started=min((time for _, time in started if time), default=None),
            ended=max((time for _, time in ended if time), default=None),
            recorded=max((time for _, time in recorded if time), default=None),
            agents=self._agents(node),
            draft=any(_text(value).strip().casefold() not in _FALSE for value in own.get("draft", ())),
        )
        unread = tuple(
            UnreadTime(term, text)
            for term, times in (("prov:startedAtTime", started), ("prov:endedAtTime", recorded))
            for text, time in times
            if time is None and not holds_todo(text)
        )
        todo = _todo(correction, {"prov:startedAtTime": started, "prov:endedAtTime": ended})
        return _with_todo(correction, todo), unread

    def _own_terms(self, node: Node) -> dict[str, tuple[Node | Text, ...]]:
        """The values of our own terms, by local name, whatever namespaces they stand under."""
        terms: dict[str, tuple[Node | Text, ...]] = {}
        for predicate in self._graph.predicates(node):
            name = self._vocabulary.local_name(predicate)
            if name:
                terms[name] = (*terms.get(name, ()), *self._graph.values(node, predicate))
        return terms

    def _pointer(self, node: Node) -> str:
        """Of several node objects of one resource, the one that gives its type."""
        pointers = self._expanded.pointers.get(node, ())
        for pointer in pointers:
            if any(self._expanded.keyword(key) == "@type" for key in self._expanded.objects[pointer]):
                return pointer
        return next(iter(pointers), "")

    def _entities(self, node: Node, passive: str, active: str, qualified: str) -> tuple[Node, ...]:
        """The Entities that the Activity made or ended, however PROV-O says so."""
        found = [*self._graph.sources(PROV + passive, node), *self._graph.nodes(node, PROV + active)]
        for influence in self._graph.sources(PROV + "activity", node):
            found.extend(self._graph.sources(PROV + qualified, influence))
        return tuple(dict.fromkeys(found))

    def _commits(self, values: Iterable[Node | Text], entities: Iterable[Node]) -> tuple[str, ...]:
        """Commits that are named, and those of Entities that carry one."""
        named = []
        for value in values:
            named.extend((isinstance(value, str) and self._commit_of(value)) or [_name(value)])
        for entity in entities:
            named.extend(self._commit_of(entity))
        return _distinct(named)

    def _commit_of(self, entity: Node) -> list[str]:
        commits = [_name(value) for value in self._own_terms(entity).get("commit", ())]
        if not commits:
            found = _LAKEFS_COMMIT.fullmatch(entity)
            commits = [found[1]] if found else []
        return commits

    def _recorded(self, node: Node) -> tuple[tuple[str, datetime | None], ...]:
        """When the record was made: what the document says of the Activity, of itself and of its bundles."""
        documents = dict.fromkeys(
            (node, *self._expanded.named, *self._graph.classes.get(PROV + "Bundle", ()))
        )
        values = (
            value
            for document in documents
            for term in (DCTERMS + "issued", PROV + "generatedAtTime")
            for value in self._graph.values(document, term)
        )
        return self._times(values)

    def _times(self, values: Iterable[Node | Text]) -> tuple[tuple[str, datetime | None], ...]:
        return tuple((text, instant(text)) for text in map(_text, values))

    def _agents(self, node: Node) -> tuple[Agent, ...]:
        """The associated agents, each once, with the roles of all its associations."""
        roles: dict[Node | Text, list[str]] = {}
        approvals: dict[Node | Text, list[datetime]] = {}
        for agent in self._graph.values(node, PROV + "wasAssociatedWith"):
            roles.setdefault(agent, [])
        for association in self._graph.nodes(node, PROV + "qualifiedAssociation"):
            played = [_text(role) for role in self._graph.values(association, PROV + "hadRole")]
            times = self._times(self._own_terms(association).get("approvedAt", ()))
            for agent in self._graph.values(association, PROV + "agent") or (Text(""),):
                roles.setdefault(agent, []).extend(filter(None, played))
                approvals.setdefault(agent, []).extend(time for _, time in times if time)
        return tuple(
            Agent(
                iri=_text(agent),
                kind=self._agent_kind(agent),
                roles=tuple(sorted(set(played))),
                names=self._agent_names(agent),
                approved=min(approvals.get(agent, ()), default=None),
            )
            for agent, played in roles.items()
        )

    def _agent_kind(self, agent: Node | Text) -> AgentKind:
        types = frozenset(self._graph.types(agent)) if isinstance(agent, str) else frozenset[str]()
        return next((kind for iris, kind in _KINDS if types & iris), AgentKind.UNSAID)

    def _agent_names(self, agent: Node | Text) -> tuple[str, ...]:
        iri = _text(agent)
        names = [iri, last_part(iri)]
        if isinstance(agent, str):
            values = [value for term in _NAMES for value in self._graph.values(agent, term)]
            values.extend(self._own_terms(agent).get("lakefsUser", ()))
            names.extend(_text(value).removeprefix("mailto:") for value in values)
        return _distinct(names)


def _text(value: Node | Text) -> str:
    """A text, or an IRI as people know it; "" for a blank node."""
    if isinstance(value, Text):
        return value.value
    return "" if is_blank(value) else as_written(value)


def _name(value: Node | Text) -> str:
    """A text, or the last part of an IRI: `lakefs://kfm/env-prod` is `env-prod`."""
    text = _text(value)
    return last_part(text) if isinstance(value, str) or text.startswith("lakefs://") else text.strip()


def _word(value: Node | Text) -> str:
    """A word of a vocabulary: `security`, `kfm:security` and its IRI are the same."""
    text = _name(value)
    return last_part(text) if text.startswith("kfm:") else text


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))


def _one(texts: Iterable[str]) -> str:
    return " | ".join(_distinct(texts))


def _todo(correction: Correction, times: dict[str, tuple[tuple[str, datetime | None], ...]]) -> str:
    """The first field, in the order of the documentation, that somebody left unfinished."""
    fields: tuple[tuple[str, Iterable[str]], ...] = (
        *((term, [text for text, _ in values]) for term, values in times.items()),
        ("prov:wasAssociatedWith", [name for agent in correction.agents for name in agent.names]),
        ("kfm:lakefsRepository", [correction.repository]),
        ("kfm:lakefsBranch", [correction.branch]),
        ("kfm:revertedCommit", correction.reverted_commits),
        ("kfm:restoredCommit", correction.restored_commits),
        ("kfm:lakefsRequestId", correction.request_ids),
        ("kfm:reasonCategory", [correction.reason_category]),
        ("kfm:justification", [correction.justification]),
        ("kfm:trigger", [correction.trigger]),
        ("kfm:incident", correction.incidents),
    )
    return next((term for term, texts in fields if any(map(holds_todo, texts))), "")


def _with_todo(correction: Correction, todo: str) -> Correction:
    import msgspec

    return msgspec.structs.replace(correction, todo=todo) if todo else correction
