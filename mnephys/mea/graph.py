"""Measures of the graph of each well: its electrodes are the nodes, its links those of the connectivity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mnephys.errors import MissingPackageError
from mnephys.mea.connectivity import Connectivity
from mnephys.measurement import Feature, Measurement, Status

__all__ = ["GRAPH_MEASURES", "graph_measures"]

_MEANINGS: dict[str, tuple[str, str, tuple[float, float]]] = {
    "node_count": ("Electrodes that were tested", "mnephys", (0, 1e6)),
    "link_count": ("Pairs that are linked", "mnephys", (0, 1e12)),
    "density": ("Links, of all pairs", "mnephys", (0, 1)),
    "mean_degree": ("Links of an electrode, mean", "mnephys", (0, 1e6)),
    "mean_strength": ("Sum of the coefficients of the links of an electrode, mean", "mnephys", (0, 1e6)),
    "clustering": (
        "Share of the pairs of an electrode's neighbours that are linked, mean; 0 with fewer than two",
        "10.1038/30918",
        (0, 1),
    ),
    "path_length": (
        "Fewest links from electrode to electrode, mean over pairs of the largest connected part",
        "10.1038/30918",
        (1, 1e6),
    ),
    "largest_part": ("Electrodes in the largest connected part, of all that were tested", "mnephys", (0, 1)),
    "global_efficiency": (
        "Mean of 1 / path length over all pairs; 0 for those without a path",
        "10.1103/PhysRevLett.87.198701",
        (0, 1),
    ),
    "modularity": (
        "How much more of the coefficients lies within communities than by chance, for the best division",
        "10.1073/pnas.0601602103",
        (-0.5, 1),
    ),
    "community_count": ("Communities of that division", "10.1088/1742-5468/2008/10/P10008", (1, 1e6)),
}

GRAPH_MEASURES = {name: Feature(name, "1", ("well",), *rest) for name, rest in _MEANINGS.items()}
"""What each measure tells, by name."""


def graph_measures(
    connectivity: Mapping[str, Connectivity] | Connectivity, seed: int = 0
) -> dict[str, dict[str, Measurement]] | dict[str, Measurement]:
    """Measure the graph of the links of each group.

    Parameters
    ----------
    connectivity : mapping of str to Connectivity, or Connectivity
        Of `mnephys.mea.connectivity`.
    seed : int
        Of the search for communities, which visits the nodes in a random order.

    Returns
    -------
    dict of str to dict of str to Measurement, or dict of str to Measurement
        For each group one row of each of `GRAPH_MEASURES`, or of the one that was given. Without a link there is no
        path length, modularity and number of communities, and without two nodes nothing but the counts: those rows
        have no value, but a reason.

    Raises
    ------
    MissingPackageError
        If networkx is not installed.

    Notes
    -----
    Clustering and path length: Watts & Strogatz 1998, 10.1038/30918. Efficiency: Latora & Marchiori 2001,
    10.1103/PhysRevLett.87.198701. Modularity, with coefficients as weights: Newman 2006, 10.1073/pnas.0601602103, its
    best division after Blondel et al. 2008, 10.1088/1742-5468/2008/10/P10008. A small-world index is not given: it
    compares with random graphs, and of 8 or 16 electrodes, most of them linked, these differ too little.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.mea import connectivity
    >>> from mnephys.recording import SpikeTrains
    >>> rng = np.random.default_rng(1)
    >>> shared = rng.uniform(0.0, 100.0, 60)
    >>> lists = [shared, shared + 0.01, shared + 0.02, rng.uniform(0.0, 100.0, 60)]
    >>> measures = graph_measures(connectivity(SpikeTrains.from_lists(lists, stop=101.0)))
    >>> [measures[name].value for name in ("link_count", "density", "clustering", "path_length")]
    [3.0, 0.5, 0.75, 1.0]
    """
    try:
        import networkx as nx
    except ImportError as error:
        problem = "measures of graphs need networkx, which is not installed; run: pip install networkx"
        raise MissingPackageError(problem) from error
    if isinstance(connectivity, Connectivity):
        return _rows(_measured(nx, connectivity, seed), "")
    return {label: _rows(_measured(nx, each, seed), label) for label, each in connectivity.items()}


def _rows(measures: Mapping[str, float], label: str) -> dict[str, Measurement]:
    """Return one row per measure; what was not measured has a reason."""
    few = "fewer than 2 electrodes were tested" if measures["node_count"] < 2 else "no electrodes are linked"
    return {
        name: feature.measured(measures[name], id=label)
        if name in measures
        else feature.missing(Status.TOO_FEW_EVENTS, few, id=label)
        for name, feature in GRAPH_MEASURES.items()
    }


def _measured(nx: Any, connectivity: Connectivity, seed: int) -> dict[str, float]:
    """Return the measures of one group that are defined."""
    weights = connectivity.weights
    # A link whose coefficient is not positive (all of a recording within reach) would have no weight.
    graph = nx.from_numpy_array(np.where(weights > 0, weights, 0.0))
    n, n_links = graph.number_of_nodes(), graph.number_of_edges()
    measures = {"node_count": float(n), "link_count": float(n_links)}
    if n >= 2:
        parts = list(nx.connected_components(graph))
        measures |= {
            "density": nx.density(graph),
            "mean_degree": 2.0 * n_links / n,
            "mean_strength": sum(dict(graph.degree(weight="weight")).values()) / n,
            "clustering": nx.average_clustering(graph),
            "largest_part": max(map(len, parts)) / n,
            "global_efficiency": nx.global_efficiency(graph),
        }
        if n_links:
            largest = graph.subgraph(max(parts, key=len))
            communities = nx.community.louvain_communities(graph, seed=seed)
            measures |= {
                "path_length": nx.average_shortest_path_length(largest),
                "modularity": nx.community.modularity(graph, communities),
                "community_count": float(len(communities)),
            }
    return {name: float(value) for name, value in measures.items()}
