"""Pairs of trains and their graph the slow way: loops over spikes, pairs and paths, straight from the definitions.

Nothing here is shared with the package. Trains are ascending lists of spike times in s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from reference.plain_mea import TOLERANCE, Train, sttc

EQUAL = 1e-9
Table = Sequence[Sequence[float]]


def shifted(times: Train, shift: float, start: float, stop: float) -> list[float]:
    """Return a train that is moved later; what leaves at the end comes in at the beginning."""
    length = stop - start
    return sorted(start + (time - start + shift) % length for time in times)


def shifted_in_pieces(times: Train, shifts: Sequence[float], start: float, width: float) -> list[float]:
    """Return a train of which every piece of the recording is shifted around itself by a time of its own."""
    moved = []
    for time in times:
        piece = min(int((time - start) / width), len(shifts) - 1)
        begin = start + piece * width
        moved.append(begin + (time - begin + shifts[piece]) % width)
    return sorted(moved)


def p_value(
    a: Train, b: Train, shifts: Sequence[tuple[float, float]], window: float, start: float, stop: float
) -> float:
    """Return the share of shifted pairs, the pair itself among them, whose tiling coefficient is no smaller."""
    own = sttc(a, b, window, start, stop)
    as_large = 1
    for first, second in shifts:
        moved = sttc(shifted(a, first, start, stop), shifted(b, second, start, stop), window, start, stop)
        as_large += moved >= own - EQUAL
    return as_large / (len(shifts) + 1)


def false_discoveries(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Return what Benjamini and Hochberg's step-up procedure rejects: all up to the last one below its line."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    last = 0
    for rank, i in enumerate(order, start=1):
        if p_values[i] <= alpha * rank / len(p_values) + 1e-12:
            last = rank
    rejected = set(order[:last])
    return [i in rejected for i in range(len(p_values))]


def correlogram(a: Train, b: Train, width: float, half: int) -> list[int]:
    """Count the pairs of a spike of a and a spike of b by their lag; a lag between two bins is further from 0."""
    counts = [0] * (2 * half + 1)
    for i, time in enumerate(a):
        for j, other in enumerate(b):
            if a is b and i == j:
                continue
            lag = other - time
            k = math.floor((abs(lag) + TOLERANCE) / width + 0.5)
            if k <= half:
                counts[half + (k if lag > 0 else -k)] += 1
    return counts


def area(a: Train, b: Train, window: float) -> float:
    """Pairs of spikes at most `window` apart, over the geometric mean of those of each train with itself."""

    def close(one: Train, other: Train) -> int:
        return sum(abs(x - y) <= window + TOLERANCE for x in one for y in other)

    return close(a, b) / math.sqrt(close(a, a) * close(b, b)) if a and b else math.nan


def spike_contrast(trains: Sequence[Train], start: float, stop: float, min_bin: float, shrink: float) -> float:
    """SPIKE-contrast (Ciba et al. 2018, 10.1016/j.jneumeth.2017.09.008) of trains of which each has a spike."""
    shortest = min(train[i + 1] - train[i] for train in trains for i in range(len(train) - 1))
    size, best = (stop - start) / 2, -math.inf
    while size >= max(shortest / 2, min_bin):
        best = max(best, _contrast(trains, start - shortest, stop + shortest, size))
        size *= shrink
    return best


def _contrast(trains: Sequence[Train], first: float, last: float, size: float) -> float:
    n_halves = math.ceil((last - first) / (size / 2))
    halves = [[0] * n_halves for _ in trains]
    for row, train in zip(halves, trains, strict=True):
        for time in train:
            row[min(math.floor((time - first) / (size / 2)), n_halves - 1)] += 1
    bins = [[row[k] + row[k + 1] for row in halves] for k in range(n_halves - 1)]
    theta = [sum(each) for each in bins]
    active = [sum(count > 0 for count in each) for each in bins]
    weighted = sum(n * t for n, t in zip(active, theta, strict=True)) / sum(theta)
    rises = sum(abs(theta[k + 1] - theta[k]) for k in range(len(theta) - 1))
    return (weighted - 1) / (len(trains) - 1) * rises / (2 * sum(map(len, trains)))


def distances(links: Table, source: int) -> dict[int, int]:
    """Return the fewest links from one node to each that it can reach."""
    found, front = {source: 0}, [source]
    while front:
        after = []
        for node in front:
            for other in range(len(links)):
                if links[node][other] and other not in found:
                    found[other] = found[node] + 1
                    after.append(other)
        front = after
    return found


def clustering(links: Table) -> float:
    """Share of the pairs of a node's neighbours that are linked, mean over nodes."""
    total = 0.0
    for node in range(len(links)):
        near = [other for other in range(len(links)) if links[node][other]]
        pairs = [(a, b) for i, a in enumerate(near) for b in near[:i]]
        total += sum(bool(links[a][b]) for a, b in pairs) / len(pairs) if pairs else 0.0
    return total / len(links)


def modularity(weights: Table, communities: Sequence[Sequence[int]]) -> float:
    """Weight within communities beyond what the strengths alone put there, of all weight (Newman 2006)."""
    strength = [sum(row) for row in weights]
    total = sum(strength)
    return sum(
        weights[a][b] / total - strength[a] * strength[b] / total**2
        for members in communities
        for a in members
        for b in members
    )


def divisions(nodes: Sequence[int]) -> Iterator[list[list[int]]]:
    """Yield every way to divide nodes into communities."""
    if not nodes:
        yield []
        return
    for rest in divisions(nodes[1:]):
        yield [[nodes[0]], *rest]
        for i in range(len(rest)):
            yield [*rest[:i], [nodes[0], *rest[i]], *rest[i + 1 :]]
