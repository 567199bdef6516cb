"""What the tables of a definition rest on: the circles among them, and the order in which duties are evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..language import syntax as s
from .model import Definition


def circles(definition: Definition) -> Iterator[list[str]]:
    """Each circle once: duties, terms, readings, measures and pools that need each other."""
    graph = {name: sorted(needs) for name, needs in needs_graph(definition).items()}
    done: set[str] = set()
    for start in graph:
        path: list[str] = []
        # iterative depth-first search: the chain of duties may be longer than Python's stack
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(graph[start]))] if start not in done else []
        if stack:
            path.append(start)
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                done.add(node)
                stack.pop()
                path.pop()
            elif following in path:
                yield [*path[path.index(following) :], following]
            elif following in graph and following not in done:
                stack.append((following, iter(graph[following])))
                path.append(following)


def needs_graph(definition: Definition) -> dict[str, frozenset[str]]:
    """What each duty, term, reading, table, measure, rule and pool refers to directly (`duty.x`, `term.x.end`, …)."""
    d = definition
    graph: dict[str, frozenset[str]] = {}
    for duty in d.duties.values():
        trees = [tree for name, tree in duty.expressions.items() if name in ("due", "done")]
        graph[f"duty.{duty.id}"] = _named([*trees, *(binding.source for binding in duty.bindings)])
        # whether it is in breach depends on its gate as well, which never moves the date
        gates = [tree for name, tree in duty.expressions.items() if name in ("gate", "after_gate")]
        graph[f"breaches.{duty.id}"] = _named(gates) | {f"duty.{duty.id}"}
    for term in d.terms.values():
        # each edge by itself: a term that ends 24 months after its own start is no circle
        for edge, tree in (("start", term.start), ("end", term.end)):
            graph[f"term.{term.id}.{edge}"] = _named([tree])
    for reading in d.readings.values():
        graph[f"reading.{reading.id}"] = _named([o.value for o in reading.options if o.value is not None])
    for measure in d.measures.values():
        graph[f"measure.{measure.id}"] = _named([measure.value, *(b.source for b in measure.bindings)])
    for table in d.tables.values():
        graph[f"table.{table.id}"] = _named([tree for row in table.rows for tree in (row.value, row.round) if tree])
    for rule in d.rules.values():
        sources = [binding.source for binding in rule.bindings]
        graph[f"rule.{rule.id}"] = _named([*sources, *_given(rule.when, rule.amount, rule.because)])
    inner = {name for pool in d.pools.values() for name in pool.over if name not in d.rules}
    for pool in d.pools.values():
        over = {f"rule.{name}" if name in d.rules else f"pool.{name}" for name in pool.over}
        if pool.combine.startswith("reading."):
            over.add(pool.combine)
        caps = [tree for cap in pool.caps for tree in (cap.limit, *cap.by)]
        graph[f"pool.{pool.id}"] = _named([*_given(pool.amount, pool.claim), *pool.by, *caps]) | over
    # `assessments()` are those of every rule, `assessed()` is what every outermost pool comes to
    graph["assessments()"] = frozenset(f"rule.{name}" for name in d.rules)
    graph["assessed()"] = frozenset(f"pool.{name}" for name in d.pools if name not in inner)
    return graph


def evaluation_order(definition: Definition, names: Iterable[str]) -> list[str]:
    """The duties and all duties they rest on, each after what it needs: a chain of any length evaluates flat."""
    graph = needs_graph(definition)
    order: list[str] = []
    seen: set[str] = set()
    for name in names:
        stack: list[tuple[str, bool]] = [(f"duty.{name}", False)]
        while stack:
            node, finished = stack.pop()
            if finished:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((need, False) for need in sorted(graph.get(node, ())))
    return [node.removeprefix("duty.") for node in order if node.startswith("duty.")]


def _named(trees: Iterable[s.Expr]) -> frozenset[str]:
    return frozenset(name for tree in trees for name in _names_in(tree))


def _given(*trees: s.Expr | None) -> list[s.Expr]:
    return [tree for tree in trees if tree is not None]


def _names_in(tree: s.Expr) -> Iterator[str]:
    if isinstance(tree, s.Call):
        target = tree.args[0] if tree.args else None
        if tree.function in ("start", "end") and isinstance(target, s.Ref) and target.kind == "term":
            yield f"term.{target.name}.{tree.function}"
            return
        if tree.function == "breaches":
            yield from (f"breaches.{node.name}" for node in tree.args if isinstance(node, s.Ref))
            return
        if tree.function == "settled":
            # what is recorded as settled is a fact and closes no circle
            return
        if tree.function in ("assessed", "assessments") and target is None:
            yield f"{tree.function}()"
        table = tree.args[-1] if tree.args else None
        if tree.function in ("band", "tier") and isinstance(table, s.Var):
            yield f"table.{table.name}"
    if isinstance(tree, s.Ref):
        edges = (".start", ".end") if tree.kind == "term" else ("",)
        yield from (f"{tree.kind}.{tree.name}{edge}" for edge in edges)
    for child in tree.children():
        yield from _names_in(child)
