"""Measures of graphs beside loops over nodes and paths."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_connectivity as plain

from mnephys.errors import MissingPackageError
from mnephys.mea import Connectivity, graph_measures
from mnephys.mea.graph import GRAPH_MEASURES
from mnephys.measurement import Status


def connected(weights):
    """Return a connectivity with these links: what has no weight was not significant."""
    weights = np.asarray(weights, dtype=float).reshape(len(weights), len(weights))
    p = np.where(weights != 0, 0.001, 0.9)
    np.fill_diagonal(p, np.nan)
    # Coefficients of pairs that are not linked must not matter.
    return Connectivity(np.arange(len(weights)), np.where(weights != 0, weights, 0.7), p, p, 0.05, 999)


def numbers(measures):
    """Return the values, NaN where there is none."""
    return {name: math.nan if row.value is None else row.value for name, row in measures.items()}


@st.composite
def graphs(draw, largest=7):
    n = draw(st.integers(2, largest))
    one, other = np.triu_indices(n, 1)
    values = draw(st.lists(st.sampled_from([0, 0, 0.25, 0.5, 1.0]), min_size=one.size, max_size=one.size))
    weights = np.zeros((n, n))
    weights[one, other] = weights[other, one] = values
    return weights


@given(weights=graphs())
@settings(deadline=None)
def test_each_measure_is_what_it_says(weights):
    n, links = len(weights), (weights > 0).tolist()
    found = numbers(graph_measures(connected(weights)))
    assert list(found) == list(GRAPH_MEASURES)
    assert found["node_count"] == n
    assert found["link_count"] == np.count_nonzero(weights) / 2
    assert found["density"] == pytest.approx(np.count_nonzero(weights) / (n * (n - 1)))
    assert found["mean_degree"] == pytest.approx(np.count_nonzero(weights) / n)
    assert found["mean_strength"] == pytest.approx(weights.sum() / n)
    assert found["clustering"] == pytest.approx(plain.clustering(links))
    paths = [plain.distances(links, node) for node in range(n)]
    near = sum(1 / d for each in paths for d in each.values() if d)
    assert found["global_efficiency"] == pytest.approx(near / (n * (n - 1)))
    size = max(map(len, paths))
    assert found["largest_part"] == pytest.approx(size / n)
    if not weights.any():
        assert all(math.isnan(found[name]) for name in ("path_length", "modularity", "community_count"))
        return
    totals = [sum(d for node in each for d in paths[node].values()) for each in paths if len(each) == size]
    assert any(found["path_length"] == pytest.approx(total / (size * (size - 1))) for total in totals)
    best = max(plain.modularity(weights.tolist(), division) for division in plain.divisions(range(n)))
    assert -0.5 <= found["modularity"] <= best + 1e-9


def test_two_cliques_with_one_bridge():
    weights = np.zeros((8, 8))
    weights[:4, :4] = weights[4:, 4:] = 0.8 * (1 - np.eye(4))
    weights[3, 4] = weights[4, 3] = 0.2
    found = numbers(graph_measures(connected(weights)))
    assert found["community_count"] == 2
    best = plain.modularity(weights.tolist(), [range(4), range(4, 8)])
    assert found["modularity"] == pytest.approx(best)
    assert best == max(plain.modularity(weights.tolist(), division) for division in plain.divisions(range(8)))
    assert found["density"] == pytest.approx(13 / 28)
    assert found["largest_part"] == 1.0


def test_a_well_without_links_or_electrodes_has_what_is_defined_and_reasons_for_the_rest():
    found = graph_measures({"A1": connected(np.zeros((3, 3))), "A2": connected(np.zeros((0, 0)))})
    one, none = numbers(found["A1"]), numbers(found["A2"])
    assert (one["density"], one["clustering"], one["largest_part"]) == (0, 0, 1 / 3)
    missing = {name: row for name, row in found["A1"].items() if not row.ok}
    assert list(missing) == ["path_length", "modularity", "community_count"]
    assert {(row.status, row.reason, row.id) for row in missing.values()} == {
        (Status.TOO_FEW_EVENTS, "no electrodes are linked", "A1")
    }
    assert (none["node_count"], none["link_count"]) == (0, 0)
    missing = {name: row for name, row in found["A2"].items() if not row.ok}
    assert set(missing) == set(GRAPH_MEASURES) - {"node_count", "link_count"}
    assert {row.reason for row in missing.values()} == {"fewer than 2 electrodes were tested"}


def test_the_same_seed_gives_the_same_communities():
    rng = np.random.default_rng(1)
    weights = np.triu(rng.choice([0, 0.1, 0.9], (16, 16), p=[0.7, 0.1, 0.2]), 1)
    each = connected(weights + weights.T)
    assert graph_measures(each, seed=3) == graph_measures(each, seed=3)
    assert len({graph_measures(each, seed=k)["modularity"].value for k in range(20)}) > 1


def test_a_link_without_a_positive_coefficient_is_none():
    assert graph_measures(connected([[0, -0.2], [-0.2, 0]]))["link_count"].value == 0


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingPackageError, match="pip install networkx"):
        graph_measures({})
