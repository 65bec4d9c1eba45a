"""What the first steps of a traversal lead to: namespaces, resources, data sources, modules that are not here."""

from __future__ import annotations

from collections.abc import Callable

from kfm_audit.inputs.terraform.language.values import Opened, Value
from kfm_audit.values import Reference, ReferenceKind, Unknown


class Namespace(Opened):
    """`var`, `local`, `module`, or a resource type: a name that only leads on to others."""

    __slots__ = ("_find", "_name")

    def __init__(self, name: str, find: Callable[[str], Value]) -> None:
        """`name` is its full address."""
        self._name = name
        self._find = find

    def attribute(self, name: str) -> Value:
        """What stands under a name."""
        return self._find(name)

    @property
    def whole(self) -> Unknown:
        """Unresolved: a namespace is no value."""
        return unresolved(self._name)


class Remote(Opened):
    """What is known by its address alone: a data source, or a module whose sources are not here."""

    __slots__ = ("_kind", "_name")

    def __init__(self, name: str, kind: ReferenceKind) -> None:
        """`name` is its full address; UNRESOLVED for a module, DATA for a data source."""
        self._name = name
        self._kind = kind

    def attribute(self, name: str) -> Value:
        """Not known; a module is named with the output that is asked for."""
        if self._kind is ReferenceKind.DATA:
            return self.whole
        return Unknown((Reference(f"{self._name}.{name}", self._kind),))

    def index(self, key: str | int) -> Value:
        """One of its instances."""
        return Remote(self._name + instance_key(key), self._kind)

    @property
    def whole(self) -> Unknown:
        """It itself."""
        return Unknown((Reference(self._name, self._kind),))

    @property
    def certain(self) -> bool:
        """How many there are is not known."""
        return False


class Many(Opened):
    """A resource or module whose `count` or `for_each` is not known: one stands for all."""

    __slots__ = ("_one",)

    def __init__(self, one: Opened) -> None:
        """`one` is the instance without a key."""
        self._one = one

    def attribute(self, name: str) -> Value:
        """The attribute of any of them."""
        return self._one.attribute(name)

    def index(self, key: str | int) -> Value:  # noqa: ARG002 - whichever it is, nothing more is known of it
        """Any of them."""
        return self._one

    @property
    def whole(self) -> Unknown:
        """What one of them is."""
        return self._one.whole

    @property
    def certain(self) -> bool:
        """How many there are is not known."""
        return False


def unresolved(name: str) -> Unknown:
    """A value of which only the name is known."""
    return Unknown((Reference(name, ReferenceKind.UNRESOLVED),))


def instance_key(key: str | int) -> str:
    r"""An instance key as Terraform writes it in addresses: `[0]`, `["a \"b\" $${c}"]`."""
    if isinstance(key, int):
        return f"[{key}]"
    escaped = key.translate(_ESCAPES).replace("${", "$${").replace("%{", "%%{")
    return f'["{escaped}"]'


_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
