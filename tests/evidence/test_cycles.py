"""Cycles of a graph, against what reachability says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.evidence.cycles import cycles

GRAPHS = st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 11), max_size=5), max_size=10)


def reach(edges: dict[int, list[int]], start: int) -> set[int]:
    found: set[int] = set()
    while True:
        more = {
            end for node in (found | {start}) for end in edges[node] if end in edges and end != node
        } - found
        if not more:
            return found
        found |= more


@given(GRAPHS)
def test_each_node_that_reaches_itself_is_in_a_cycle(edges) -> None:
    reached = {node: reach(edges, node) for node in edges}
    expected = {
        node: {other for other in edges if other in reached[node] and node in reached[other]}
        for node in edges
        if node in reached[node]
    }
    assert {node: set(members) for node, members in cycles(edges).items()} == expected


def test_a_node_that_only_leads_to_itself_is_in_none() -> None:
    assert cycles({1: [1]}) == {}


def test_what_hangs_on_a_cycle_is_not_part_of_it() -> None:
    assert cycles({"a": "b", "b": "cd", "c": "b", "d": ""}) == {"b": ("b", "c"), "c": ("b", "c")}
