"""From an attribute that names a resource to the resource: by ARN, by name, or by reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

from msgspec import Struct

from kfm_audit.aws.partly_known import names_in
from kfm_audit.facts import Fact
from kfm_audit.pattern import pattern
from kfm_audit.values import Attribute, Known, Reference, ReferenceKind, Unknown

F = TypeVar("F", bound=Fact)

_KEY: Final = pattern(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]')

Names = Callable[[F], Iterable[Attribute[str]]]


class Lead(Struct, Generic[F], frozen=True):
    """Where an attribute leads.

    `facts` are the resources of the input that it names; several where the
    instance cannot be told. `elsewhere` are texts and references to what the
    input does not hold. `open` says that it may also lead to any other resource.
    """

    facts: tuple[F, ...] = ()
    elsewhere: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


class Leads(Generic[F]):
    """The resources of one type, by what they can be named with.

    `globally` gives what names a resource wherever it is said (its ARN); `locally`
    what names it in its own stack (its name). Resources that the input deletes
    are among them.
    """

    def __init__(self, facts: Iterable[F], globally: Names[F], locally: Names[F]) -> None:
        """Index all facts once."""
        self._globally: dict[str, list[F]] = {}
        self._locally: dict[tuple[str, str], list[F]] = {}
        self._addresses: dict[tuple[str, str], list[F]] = {}
        for fact in facts:
            for attribute in globally(fact):
                if isinstance(attribute, Known):
                    self._globally.setdefault(attribute.value, []).append(fact)
            for attribute in locally(fact):
                if isinstance(attribute, Known):
                    self._locally.setdefault((fact.stack, attribute.value), []).append(fact)
            for address in dict.fromkeys((fact.subject, without_last_key(fact.subject), bare(fact.subject))):
                self._addresses.setdefault((fact.stack, address), []).append(fact)

    def of(self, attribute: Attribute[str], at: Fact) -> Lead[F]:
        """Where `attribute` of the fact `at` leads."""
        if isinstance(attribute, Known):
            return self.of_text(attribute.value, at)
        if not isinstance(attribute, Unknown):
            return Lead()
        one = indexed(attribute)
        return _joined([self.of_reference(reference, at, one=one) for reference in attribute.references])

    def of_text(self, text: str, at: Fact) -> Lead[F]:
        """The resource with that ARN or name."""
        found = self._globally.get(text) or self._locally.get((at.stack, text))
        return Lead(tuple(found)) if found else Lead(elsewhere=(text,))

    def of_reference(self, reference: Reference, at: Fact, *, one: bool = True) -> Lead[F]:
        """The resource at the end of a reference, in the stack of `at`; of several instances the `one` meant."""
        match reference.kind:
            case ReferenceKind.UNRESOLVED:
                return Lead(open=(reference.name,))
            case ReferenceKind.CONSTANT:
                return self.of_text(reference.name, at)
            case ReferenceKind.RESOURCE | ReferenceKind.DATA:
                found = self._addresses.get((at.stack, reference.name)) or self._addresses.get(
                    (at.stack, bare(reference.name)), []
                )
                if not found:
                    return Lead(elsewhere=(reference.name,))
                return Lead(_same_key(found, at) if one else tuple(found))


def called(fact: F, leads: Leads[F], text: str, at: Fact) -> frozenset[str]:
    """What the marks of a text that is known in part, an attribute of `at`, call the resource."""
    return frozenset(
        name
        for name in names_in(text)
        if any(item is fact for item in leads.of_reference(Reference(name, ReferenceKind.RESOURCE), at).facts)
    )


def others(fact: F, leads: Leads[F], text: str, at: Fact) -> frozenset[str]:
    """What the marks of such a text call other resources of the type, and certainly not this one."""
    found = {
        name: leads.of_reference(Reference(name, ReferenceKind.RESOURCE), at).facts for name in names_in(text)
    }
    return frozenset(
        name for name, facts in found.items() if facts and not any(item is fact for item in facts)
    )


def bare(address: str) -> str:
    """The address without any instance key."""
    return _KEY.sub("", address) if "[" in address else address


def without_last_key(address: str) -> str:
    """The address of all instances of a resource: those of modules around it keep their keys."""
    keys = list(_KEY.finditer(address)) if address.endswith("]") else []
    return address[: keys[-1].start()] if keys else address


def indexed(unknown: Unknown) -> bool:
    """Whether an expression picks instances by a key: a plan writes `x[each.key]` as `x` and `each.key`."""
    return any(_index(reference) for reference in unknown.references)


def _index(reference: Reference) -> bool:
    head, _, _ = reference.name.rpartition(".")
    return f".{head}".endswith((".each", ".count")) or ".each.value" in f".{reference.name}"


def keys_in(address: str) -> tuple[str, ...]:
    """The instance keys of an address, of modules and the resource, the innermost first."""
    return tuple(key[0] for key in _KEY.finditer(address))[::-1] if "[" in address else ()


def _same_key(found: list[F], at: Fact) -> tuple[F, ...]:
    """Of several instances the one whose key is that of `at`, or of a module around it.

    A plan writes `x[each.key]` as `x`, in a resource and in a module's call alike.
    """
    for key in keys_in(at.subject) if len(found) > 1 else ():
        same = tuple(fact for fact in found if fact.subject.endswith(key))
        if same:
            return same
    return tuple(found)


def _joined(leads: list[Lead[F]]) -> Lead[F]:
    # An expression of several references is a condition or a template. Where one of them leads to a resource
    # of the type, the constants and other resources beside it are parts of that expression.
    facts = tuple({id(fact): fact for lead in leads for fact in lead.facts}.values())
    elsewhere = tuple(dict.fromkeys(name for lead in leads for name in lead.elsewhere))
    return Lead(
        facts,
        () if facts else elsewhere,
        tuple(dict.fromkeys(name for lead in leads for name in lead.open)),
    )
