"""Which assessments belong together: what they rest on, and the connected components of that.

Two assessments are linked if they share an incident or a cause; so are two that are each linked to a third. A cause
nobody has established links nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..language import syntax as s
from ..language.evaluator import Evaluator
from ..language.spans import Span
from ..language.values import Choice, Element
from ..world import FactWorld

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Basis:
    """What an assessment rests on: things, bare labels (`cause:c1`), and what leaves it in doubt."""

    elements: tuple[Element, ...] = ()
    labels: tuple[str, ...] = ()
    missing: frozenset[str] = NONE

    @property
    def names(self) -> tuple[str, ...]:
        """All labels, incidents before the causes they have."""
        found = [f"{element.kind}:{element.id}" for element in self.elements]
        for element in self.elements:
            cause = _text(element.fields.get("cause"))
            if cause:
                found.append(f"cause:{cause}")
        return tuple(dict.fromkeys((*found, *self.labels)))

    def nodes(self, name: str) -> tuple[frozenset[str], frozenset[str]]:
        """The values of `incident`, `cause` … it rests on, and what is missing to know them all."""
        values: set[str] = set()
        missing: set[str] = set()
        for element in self.elements:
            if element.kind == name:
                values.add(element.id)
            elif name in element.fields:
                found = _texts(element.fields[name])
                if found is None:
                    missing.update(element.fields[name].missing or {f"{element.kind}:{element.id}.{name}"})
                else:
                    values.update(found)
        values.update(label.partition(":")[2] for label in self.labels if label.startswith(f"{name}:"))
        return frozenset(values), frozenset(missing)

    def joined(self, other: Basis) -> Basis:
        """Both together."""
        known = {(element.kind, element.id) for element in self.elements}
        extra = tuple(each for each in other.elements if (each.kind, each.id) not in known)
        labels = tuple(dict.fromkeys((*self.labels, *other.labels)))
        return Basis((*self.elements, *extra), labels, self.missing | other.missing)


def _text(value: Choice | Span | None) -> str:
    found = value.value if isinstance(value, Choice) else None
    return found.id if isinstance(found, Element) else found if isinstance(found, str) else ""


def _texts(value: Choice | Span) -> tuple[str, ...] | None:
    """The text a field holds, or each text of a list; None where nobody knows."""
    found = value.value if isinstance(value, Choice) else None
    if isinstance(found, tuple | list):
        return tuple(each.id if isinstance(each, Element) else str(each) for each in found)
    return (text,) if (text := _text(value)) else None


def basis_of(world: FactWorld, tree: s.Expr | None, variables: Mapping[str, Element]) -> Basis:
    """What a `because` names; without one, the things and breaches of the "for" clause."""
    if tree is None:
        return Basis(tuple(each for each in variables.values() if each.kind not in ("period", "system")))
    value = Evaluator(world, variables).value(tree)
    if not isinstance(value, Choice):
        return Basis(missing=value.missing)
    name = tree.name if isinstance(tree, s.Field) else ""
    found = Basis(missing=value.missing if not value.is_certain else NONE)
    sure = value.options[0] if value.options else ()
    for member in sure if isinstance(sure, tuple) else (sure,):
        found = found.joined(_member(world, member, name))
    return found


def _member(world: FactWorld, member: object, name: str) -> Basis:
    if isinstance(member, Choice):
        return _member(world, member.value, name) if member.is_certain else Basis(missing=member.missing)
    if isinstance(member, Element):
        # a breach or an assessment rests on what it is a breach of
        return Basis((member,))
    if isinstance(member, str) and member:
        element = world.thing(name, member)
        return Basis((element,)) if element is not None else Basis(labels=(f"{name or 'cause'}:{member}",))
    return Basis()


@dataclass
class Components:
    """Union-find over hashable nodes."""

    parents: dict[Hashable, Hashable] = field(default_factory=dict)

    def root(self, node: Hashable) -> Hashable:
        """The node that stands for the component."""
        path = []
        while self.parents.setdefault(node, node) != node:
            path.append(node)
            node = self.parents[node]
        for each in path:
            self.parents[each] = node
        return node

    def join(self, nodes: Sequence[Hashable]) -> None:
        """All nodes into one component."""
        for node in nodes[1:]:
            self.parents[self.root(node)] = self.root(nodes[0])


@dataclass(frozen=True)
class Linkage:
    """The component of each basis by its name, and what is missing where a link may be hidden."""

    names: tuple[str, ...]
    labels: Mapping[Hashable, str]
    components: Components

    def label(self, basis: Basis, alone: str) -> tuple[str, frozenset[str]]:
        """The name of the component a basis belongs to (`alone` if it is linked to nothing), and what is missing."""
        missing = basis.missing.union(*(basis.nodes(name)[1] for name in self.names))
        for name in self.names:
            for value in sorted(basis.nodes(name)[0]):
                root = self.components.root((name, value))
                return self.labels.get(root, value), missing
        return alone, missing

    def touched(self, basis: Basis) -> frozenset[str]:
        """The names of the components a basis has anything to do with."""
        nodes = ((name, value) for name in self.names for value in basis.nodes(name)[0])
        roots = {self.components.root(node) for node in nodes}
        return frozenset(self.labels[root] for root in roots if root in self.labels)


def linkage(names: Sequence[str], bases: Iterable[Basis]) -> Linkage:
    """The connected components of the bases; each is called after its first thing of the first kind named."""
    components = Components()
    order: list[tuple[int, str]] = []
    for basis in bases:
        nodes = [(name, value) for name in names for value in sorted(basis.nodes(name)[0])]
        order += [(names.index(name), value) for name, value in nodes]
        if nodes:
            components.join(nodes)
    labels: dict[Hashable, str] = {}
    for index, value in sorted(set(order)):
        labels.setdefault(components.root((names[index], value)), value)
    return Linkage(tuple(names), labels, components)
