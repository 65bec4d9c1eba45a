"""Cycles of a directed graph."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def cycles(edges: Mapping[K, Collection[K]]) -> dict[K, tuple[K, ...]]:
    """For each node that can reach itself through another, the nodes that it shares a cycle with.

    The nodes stand in the order of `edges`, the node itself among them. Nodes
    that nothing leads to, or that lead nowhere, are peeled off first, so that
    only what is left is searched: the cost is that of the edges.
    """
    left = _core(
        {node: [end for end in ends if end in edges and end != node] for node, ends in edges.items()}
    )
    reached = {node: _reached(left, node) for node in left}
    return {
        node: tuple(other for other in left if other in ends and node in reached[other])
        for node, ends in reached.items()
        if node in ends
    }


def _core(edges: dict[K, list[K]]) -> dict[K, list[K]]:
    """The graph without all that cannot be part of a cycle."""
    for _ in range(2):  # those that nothing leads to; then, the arrows turned round, those that lead nowhere
        degrees = dict.fromkeys(edges, 0)
        for ends in edges.values():
            for end in ends:
                degrees[end] += 1
        free = [node for node, degree in degrees.items() if degree == 0]
        while free:
            for end in edges[free.pop()]:
                degrees[end] -= 1
                if degrees[end] == 0:
                    free.append(end)
        kept = {node: ends for node, ends in edges.items() if degrees[node] > 0}
        turned: dict[K, list[K]] = {node: [] for node in kept}
        for node, ends in kept.items():
            for end in ends:
                if end in turned:
                    turned[end].append(node)
        edges = turned
    return edges


def _reached(edges: Mapping[K, Collection[K]], start: K) -> set[K]:
    found: set[K] = set()
    waiting = list(edges[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(edges[node])
    return found
