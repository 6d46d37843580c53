"""What was learnt from control wells, as a file: written once, and read, checked and hashed each time it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnephys.errors import ReferenceSetError, RubricError, UnitsError
from mnephys.maturity.activity_score import MIN_METRICS, ActivityModel
from mnephys.maturity.metric_scales import Metric
from mnephys.maturity.one_component import Component
from mnephys.maturity.parse_scale import parse_toml
from mnephys.maturity.section import Section
from mnephys.units import unit
from mnephys.wording import one_line

__all__ = ["WellReference", "parse_well_reference", "read_well_reference", "well_reference_toml"]

_KIND, _VERSION = "wells", 1
_MAX_BYTES = 1_000_000
_TOP = ("kind", "version", "name", "wells", "oriented_by", "orientation", "variance", "noise", "metrics", "left_out")
_HEAD = """# Second opinion on wells: first principal component of the metrics of control wells (Neural Activity Score).
# A metric is log(value + offset) where it has an offset; minus mean, over sd, times loading; the sum over all metrics
# is the score, in standard deviations of the control wells once it is divided by the root of the variance.
"""


@dataclass(frozen=True, slots=True, eq=False)
class WellReference:
    """What was learnt from control wells, under its name.

    Parameters
    ----------
    name : str
        Of the reference.
    model : ActivityModel
        What was learnt.
    units : mapping of str to str
        Of each metric that counts.
    sha256 : str
        Of its file, hexadecimal; empty where it was not read from one.
    """

    name: str
    model: ActivityModel
    units: Mapping[str, str]
    sha256: str = ""

    @property
    def identification(self) -> dict[str, str]:
        """Name, version of the format, and SHA-256."""
        return {"name": self.name, "version": str(_VERSION), "sha256": self.sha256}


def well_reference_toml(reference: WellReference) -> str:
    """Return the text of a file.

    Parameters
    ----------
    reference : WellReference
        What was learnt.

    Returns
    -------
    str
        TOML, the same for the same reference.

    Examples
    --------
    >>> day = np.arange(12.0)
    >>> from mnephys.maturity.activity_score import fit_activity
    >>> values = np.column_stack([day, day**2, 12 - day + day % 3])
    >>> model = fit_activity(values, ["rate", "bursts", "interval"], age=day)
    >>> text = well_reference_toml(WellReference("mine", model, {"rate": "Hz", "bursts": "1", "interval": "s"}))
    >>> parse_well_reference(text.encode(), "mine.toml").model.names
    ('bursts', 'interval', 'rate')
    """
    model = reference.model
    lines = [
        _HEAD,
        f"kind = {_quoted(_KIND)}",
        f"version = {_VERSION}",
        f"name = {_quoted(reference.name)}",
        f"wells = {model.n_wells}",
        f"oriented_by = {_quoted(model.oriented_by)}",
        f"orientation = {model.orientation!r}",
        f"variance = {model.component.variance!r}",
        f"noise = {model.component.noise!r}",
        f"# Share of the variance of all metrics that the score explains: {model.component.explained:.3f}.",
    ]
    for metric, loading in zip(model.metrics, model.component.loadings.tolist(), strict=True):
        lines += [
            "",
            "[[metrics]]",
            f"name = {_quoted(metric.name)}",
            f"unit = {_quoted(reference.units[metric.name])}",
        ]
        lines += [f"loading = {loading!r}", f"mean = {metric.mean!r}", f"sd = {metric.sd!r}"]
        lines += [] if metric.offset is None else [f"offset = {metric.offset!r}"]
    lines += ["", "[left_out]", *(f"{_quoted(name)} = {_quoted(why)}" for name, why in model.left_out.items())]
    return "\n".join(lines) + "\n"


def read_well_reference(path: Path | str) -> WellReference:
    """Read and check a file.

    Parameters
    ----------
    path : Path or str
        As `well_reference_toml` wrote it.

    Returns
    -------
    WellReference
        With the hash of its file.

    Raises
    ------
    ReferenceSetError
        If it cannot be read or is not valid: one line, with file, place and what to do.

    Examples
    --------
    >>> read_well_reference("no/such/file.toml")
    Traceback (most recent call last):
    mnephys.errors.ReferenceSetError: no/such/file.toml: cannot be read (No such file or directory)
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ReferenceSetError(f"{one_line(str(path))}: cannot be read ({error.strerror or error})") from None
    return parse_well_reference(data, one_line(str(path)))


def parse_well_reference(data: bytes, file: str) -> WellReference:
    """Check the content of a file.

    Parameters
    ----------
    data : bytes
        TOML in UTF-8.
    file : str
        What messages call it.

    Returns
    -------
    WellReference
        With its hash.

    Raises
    ------
    ReferenceSetError
        If it is not valid.

    Examples
    --------
    >>> parse_well_reference(b"kind = 'cells'", "mine.toml")
    Traceback (most recent call last):
    mnephys.errors.ReferenceSetError: mine.toml: line 1: kind is 'cells'; a reference for wells has kind = "wells"
    """
    if len(data) > _MAX_BYTES:
        raise ReferenceSetError(f"{file}: is longer than {_MAX_BYTES} bytes; a reference of wells is a short file")
    try:
        return _parsed(*parse_toml(data, file))
    except RubricError as error:
        raise ReferenceSetError(str(error)) from None


def _parsed(top: Section, sha256: str) -> WellReference:
    if (kind := top.text("kind")) != _KIND:
        raise top.error(f"kind is {kind!r}", f'a reference for wells has kind = "{_KIND}"')
    top = Section(top.data, top.file, "", _TOP, top.spot)
    if (version := top.required("version")) != _VERSION:
        raise top.error(f"version is {version:g}", f"this program reads version {_VERSION}; make the reference again")
    each = list(top.each("metrics", ("name", "unit", "loading", "mean", "sd", "offset"), "name"))
    names = [section.text("name") for section in each]
    if len(each) < MIN_METRICS or len(set(names)) != len(names):
        raise top.error(f"{len(set(names))} different metrics of {len(names)}", "make the reference again")
    loadings = np.array([section.required("loading") for section in each])
    if abs(float(np.linalg.norm(loadings)) - 1) > 1e-6:
        raise top.error("the squares of the loadings do not add up to 1", "make the reference again")
    variance, noise = _positive(top, "variance"), _positive(top, "noise")
    left_out = top.below("left_out")
    model = ActivityModel(
        metrics=tuple(_metric(section) for section in each),
        component=Component(loadings, variance, min(noise, variance)),
        n_wells=int(_positive(top, "wells")),
        oriented_by=top.text("oriented_by"),
        orientation=top.required("orientation"),
        left_out={name: left_out.text(name) for name in left_out.data},
    )
    return WellReference(top.text("name"), model, {s.text("name"): _unit(s) for s in each}, sha256)


def _metric(section: Section) -> Metric:
    offset = section.number("offset")
    if offset is not None and offset < 0:
        raise section.error(f"offset is {offset:g}", "it needs to be 0 or more")
    return Metric(section.text("name"), section.required("mean"), _positive(section, "sd"), offset)


def _unit(section: Section) -> str:
    try:
        return unit(section.text("unit")).symbol
    except UnitsError as error:
        raise section.error(str(error), "make the reference again") from None


def _positive(section: Section, key: str) -> float:
    number = section.required(key)
    if number <= 0:
        raise section.error(f"{key} is {number:g}", "it needs to be more than 0")
    return number


def _quoted(text: str) -> str:
    return json.dumps(one_line(text), ensure_ascii=False)
