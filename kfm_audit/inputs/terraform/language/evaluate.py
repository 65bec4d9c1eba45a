"""From an expression to its value, in three values: known, unknown with its references, and at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from kfm_audit.aws.arns import service_of
from kfm_audit.inputs.terraform.language.functions import call
from kfm_audit.inputs.terraform.language.operators import binary, equal, unary
from kfm_audit.inputs.terraform.language.primitives import MAX_TEXT, to_bool, to_number, to_text
from kfm_audit.inputs.terraform.language.syntax import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Element,
    Expression,
    For,
    Index,
    Literal,
    Name,
    Object,
    Sequence,
    Splat,
    Template,
    Unary,
    Unread,
)
from kfm_audit.inputs.terraform.language.values import (
    Bound,
    Budget,
    Fault,
    MaybeNull,
    Names,
    OneValue,
    Opened,
    SetOf,
    Value,
    is_known,
    unknown_of,
    with_marks,
)
from kfm_audit.values import PartText, Reference, ReferenceKind, Unknown

_NEEDED: Final = frozenset(
    {"a list", "a map", "a number", "a bool", "a string", "a tuple", "an object", "elements of one type"}
)
"""What faults say that a place asks for; other things are what comes of it."""
_MAX_DEPTH: Final = 110
"""Expressions within expressions, through locals and modules: what is deeper is not known."""

_ELEMENT: Final = "[*]"
"""The name under which the element of a splat is bound: no identifier."""


class Evaluator:
    """Evaluates the expressions of one root module, with one budget for all."""

    def __init__(self, budget: Budget) -> None:
        """`budget`: how much work may be done before `Exhausted` is raised."""
        self.budget = budget
        self._depth = 0
        self._guarded = 0

    def value(self, expression: Expression, names: Names) -> Value:
        """The value of an expression. Raises Fault where Terraform would refuse it, Exhausted."""
        if type(expression) is Literal:
            return expression.value
        self.budget.spend()
        if self._depth > _MAX_DEPTH:
            raise Fault(written(expression))
        self._depth += 1
        try:
            return _BY_TYPE[type(expression)](self, expression, names)
        finally:
            self._depth -= 1

    def settled(self, expression: Expression, names: Names, place: str) -> Value:
        """The value of what stands alone: an attribute, a local, an output. Raises Exhausted.

        A fault ends here: `try` catches none of what it only refers to. `place` is the
        module's prefix, for the name of what is at fault.
        """
        guarded, self._guarded = self._guarded, 0
        try:
            return self.value(expression, names)
        except Fault as fault:
            what = _at_fault(fault.what, expression, place)
        except RecursionError:
            what = f"{place}{written(expression)}"
        finally:
            self._guarded = guarded
        return Fault(what).unknown

    def _template(self, expression: Template, names: Names) -> Value:
        values = [self.value(part, names) for part in expression.parts]
        interpolated = [
            value
            for part, value in zip(expression.parts, values, strict=True)
            if not isinstance(part, Literal)
        ]
        if any(isinstance(value, Unknown | Opened) for value in interpolated):
            shown = self._shown(expression, values)
            if service_of(shown) is not None:
                # Whatever the region and the account will be, the service is written out.
                references: tuple[Reference, ...] = (Reference(shown, ReferenceKind.CONSTANT),)
            else:
                references = unknown_of(interpolated, self.budget).references
            return self._in_part(references, values)
        text = "".join(to_text(value) for value in values)
        if len(text) > MAX_TEXT:
            raise Fault("a text too long")
        self.budget.spend(len(text) // 64)
        return text

    def _in_part(self, references: tuple[Reference, ...], values: list[Value]) -> Unknown:
        try:
            text = "".join(to_text(with_marks(value, self.budget)) for value in values)
        except Fault:
            return Unknown(references)
        self.budget.spend(len(text) // 64)
        return PartText(references, text) if len(text) <= MAX_TEXT else Unknown(references)

    def _shown(self, expression: Template, values: list[Value]) -> str:
        """A text with holes where parts are not known; "" where it cannot be one."""
        if not isinstance(values[0], str) or not values[0].startswith("arn:"):
            return ""
        parts = [
            f"${{{written(part)}}}" if isinstance(value, Unknown | Opened) else to_text(value)
            for part, value in zip(expression.parts, values, strict=True)
        ]
        return "".join(parts)

    def _sequence(self, expression: Sequence, names: Names) -> Value:
        return tuple(self.value(item, names) for item in expression.items)

    def _object(self, expression: Object, names: Names) -> Value:
        result: dict[str, Value] = {}
        for key, item in expression.items:
            name = self.value(key, names)
            if isinstance(name, Unknown | Opened):
                # Where a key is not known, none of the object's attributes is certain.
                return unknown_of(self._all(expression, names), self.budget)
            result[to_text(name)] = self.value(item, names)
        return result

    def _all(self, expression: Object, names: Names) -> Iterator[Value]:
        for key, item in expression.items:
            if not isinstance(key, Literal):
                yield self.value(key, names)
            yield self.value(item, names)

    def _name(self, expression: Name, names: Names) -> Value:
        return names.lookup(expression.word)

    def _attribute(self, expression: Attribute, names: Names) -> Value:
        base = self.value(expression.base, names)
        if isinstance(base, Opened):
            return base.attribute(expression.name)
        if isinstance(base, Unknown):
            return Unknown(base.references) if isinstance(base, OneValue) else base
        if isinstance(base, dict) and expression.name in base:
            return base[expression.name]
        raise Fault(written(expression))

    def _index(self, expression: Index, names: Names) -> Value:
        base, key = self.value(expression.base, names), self.value(expression.key, names)
        if isinstance(base, Unknown) or isinstance(key, Unknown | Opened):
            return unknown_of((base, key), self.budget)
        if isinstance(base, Opened):
            return self._opened(base, key, expression)
        try:
            if isinstance(base, dict):
                return base[to_text(key)]
            number = to_number(key)
            if isinstance(base, tuple) and not isinstance(base, SetOf) and number >= 0:
                return base[int(number)]
        except (Fault, LookupError):
            pass
        raise Fault(written(expression))

    def _opened(self, base: Opened, key: Value, expression: Index) -> Value:
        if not isinstance(key, str | int):
            raise Fault(written(expression))
        if self._guarded and not base.certain:
            return base.whole
        return base.index(key)

    def _element(self, expression: Element, names: Names) -> Value:  # noqa: ARG002 - all handlers' signature
        return names.lookup(_ELEMENT)

    def _splat(self, expression: Splat, names: Names) -> Value:
        base = self.value(expression.base, names)
        if isinstance(base, Unknown) or (isinstance(base, Opened) and not base.certain):
            return unknown_of((base,), self.budget)
        items = base if isinstance(base, tuple) else () if base is None else (base,)
        return tuple(self.value(expression.each, Bound({_ELEMENT: item}, names)) for item in items)

    def _call(self, expression: Call, names: Names) -> Value:
        if expression.function in ("try", "can"):
            return self._try(expression, names)
        arguments = [self.value(argument, names) for argument in expression.arguments]
        if expression.expand and arguments:
            last = arguments.pop()
            if isinstance(last, Unknown | Opened):
                return unknown_of((*arguments, last), self.budget)
            if not isinstance(last, tuple):
                raise Fault(written(expression))
            arguments.extend(last)
        return call(expression.function, tuple(arguments), self.budget)

    def _try(self, expression: Call, names: Names) -> Value:
        """The first argument without fault; `can` says whether there is one.

        What is unknown may turn out to be at fault, so what comes after it counts too.
        """
        self._guarded += 1
        unsure: list[Value] = []
        try:
            for argument in expression.arguments:
                try:
                    value = self.value(argument, names)
                except Fault:
                    continue
                if not is_known(value, self.budget):
                    unsure.append(value)
                elif unsure:
                    unsure.append(value)
                    break
                else:
                    return True if expression.function == "can" else value
        finally:
            self._guarded -= 1
        if unsure:
            alone = len(unsure) == 1 and expression.function == "try"
            return unsure[0] if alone else _perhaps(unsure, unknown_of(unsure, self.budget))
        if expression.function == "can":
            return False
        raise Fault(written(expression))

    def _for(self, expression: For, names: Names) -> Value:
        collection = self.value(expression.collection, names)
        if isinstance(collection, Unknown | Opened):
            return self._for_unknown(expression, unknown_of((collection,), self.budget), names)
        keys: list[Value] = []
        values: list[Value] = []
        for key, value in _pairs(collection, expression):
            inner = self._bound(expression, key, value, names)
            if expression.condition is not None:
                test = self.value(expression.condition, inner)
                if isinstance(test, Unknown | Opened):
                    return self._for_unknown(expression, unknown_of((collection, test), self.budget), names)
                if not to_bool(test):
                    continue
            values.append(self.value(expression.value, inner))
            if expression.key is not None:
                keys.append(self.value(expression.key, inner))
        if expression.key is None:
            return tuple(values)
        if any(isinstance(key, Unknown | Opened) for key in keys):
            return unknown_of((*keys, *values), self.budget)
        return _grouped(expression, [to_text(key) for key in keys], values)

    def _for_unknown(self, expression: For, collection: Unknown, names: Names) -> Value:
        """A `for` over what is not known comes from its collection and from all that its body names."""
        inner = self._bound(expression, collection, collection, names)
        written = (expression.condition, expression.key, expression.value)
        parts = [self._or_unknown(part, inner) for part in written if part is not None]
        return unknown_of((collection, *parts), self.budget)

    def _bound(self, expression: For, key: Value, value: Value, names: Names) -> Names:
        bound = {expression.value_name: value}
        if expression.key_name:
            bound[expression.key_name] = key
        return Bound(bound, names)

    def _conditional(self, expression: Conditional, names: Names) -> Value:
        test = self.value(expression.condition, names)
        if isinstance(test, Unknown | Opened):
            arms = [self._or_unknown(arm, names) for arm in (expression.then, expression.otherwise)]
            if equal(*arms):
                return arms[0]
            return _perhaps(arms, unknown_of((test, *arms), self.budget))
        chosen, other = expression.then, expression.otherwise
        if not to_bool(test):
            chosen, other = other, chosen
        value = self.value(chosen, names)
        # Both arms have one type: a number beside a text is a text.
        if isinstance(other, Literal) and isinstance(other.value, str) and isinstance(value, int | float):
            return to_text(value)
        return value

    def _or_unknown(self, expression: Expression, names: Names) -> Value:
        """The value, or what is at fault as something unknown: where it is not certain to be asked for."""
        try:
            return self.value(expression, names)
        except Fault as fault:
            return Fault(_at_fault(fault.what, expression, "")).unknown

    def _binary(self, expression: Binary, names: Names) -> Value:
        left, right = self.value(expression.left, names), self.value(expression.right, names)
        return binary(expression.operator, left, right, self.budget)

    def _unary(self, expression: Unary, names: Names) -> Value:
        return unary(expression.operator, self.value(expression.operand, names))

    def _unread(self, expression: Unread, names: Names) -> Value:  # noqa: ARG002 - all handlers' signature
        return Unknown((Reference(expression.text[:80], ReferenceKind.UNRESOLVED),))


def _perhaps(values: Iterable[Value], found: Unknown) -> Unknown:
    """What is one of some values: where one of them is null, it is not known either whether it is set."""
    null = any(value is None or isinstance(value, MaybeNull) for value in values)
    return MaybeNull(found.references) if null else found


def _at_fault(what: str, expression: Expression, place: str) -> str:
    """What is named for a value that Terraform refuses: the part at fault; the expression, where that is a mere thing.

    `lookup() (which needs a map)`; a traversal or call at fault says enough by itself.
    """
    if " " not in what or not what.startswith(("a ", "an ", "elements ")):
        return f"{place}{what}"
    name = written(expression)
    name = "an expression" if name.startswith("(") else f"{place}{name}"
    if what == "a call":
        return f"{name} (which is given the wrong number of values)"
    return f"{name} (which {'needs' if what in _NEEDED else 'makes'} {what})"


def written(expression: Expression) -> str:
    """A traversal as it is written, to name it; other expressions by their outermost part."""
    steps: list[str] = []
    while True:
        match expression:
            case Attribute(base, name):
                steps.append(f".{name}")
                expression = base
            case Index(base, key):
                steps.append(f"[{_key(key)}]")
                expression = base
            case Name(word):
                return word + "".join(reversed(steps))
            case Call(function):
                return f"{function}()" + "".join(reversed(steps))
            case _:
                return f"({type(expression).__name__.lower()})" + "".join(reversed(steps))


def _key(key: Expression) -> str:
    if isinstance(key, Literal):
        return f'"{key.value}"' if isinstance(key.value, str) else str(key.value)
    return written(key)


def _pairs(collection: Value, expression: For) -> Iterator[tuple[Value, Value]]:
    if isinstance(collection, SetOf):
        yield from ((item, item) for item in collection)
    elif isinstance(collection, tuple):
        yield from enumerate(collection)
    elif isinstance(collection, dict):
        yield from ((key, collection[key]) for key in sorted(collection))
    else:
        raise Fault(written(expression.collection))


def _grouped(expression: For, keys: list[str], values: list[Value]) -> Value:
    if expression.group:
        groups: dict[str, list[Value]] = {}
        for key, value in zip(keys, values, strict=True):
            groups.setdefault(key, []).append(value)
        return {key: tuple(group) for key, group in groups.items()}
    if len(set(keys)) < len(keys):
        raise Fault("a key that is given twice")
    return dict(zip(keys, values, strict=True))


# Each handler takes its own kind of expression, which a table cannot say.
_BY_TYPE: Final[dict[type, Callable[[Evaluator, Any, Names], Value]]] = {
    Attribute: Evaluator._attribute,
    Binary: Evaluator._binary,
    Call: Evaluator._call,
    Conditional: Evaluator._conditional,
    Element: Evaluator._element,
    For: Evaluator._for,
    Index: Evaluator._index,
    Name: Evaluator._name,
    Object: Evaluator._object,
    Sequence: Evaluator._sequence,
    Splat: Evaluator._splat,
    Template: Evaluator._template,
    Unary: Evaluator._unary,
    Unread: Evaluator._unread,
}
