"""Write NWB files with the reference implementation, which knows nothing of the reader under test."""

from __future__ import annotations

import functools
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

with warnings.catch_warnings():
    # What its dependencies warn of when they are loaded is not this project's.
    warnings.simplefilter("ignore")
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.ecephys import LFP, ElectricalSeries
    from pynwb.file import Subject
    from pynwb.icephys import CurrentClampSeries

__all__ = [
    "FOUR",
    "TABLE",
    "UNITS",
    "Electrode",
    "Interval",
    "Nwb",
    "Series",
    "Unit",
    "clamp_file",
    "counts",
    "put",
    "put_full",
    "small",
]

TABLE = "general/extracellular_ephys/electrodes"
"""Where a file has its electrodes."""


@dataclass
class Electrode:
    """A row of the table of electrodes."""

    group: str = "shank0"
    x: float = 0.0
    y: float = 0.0
    location: str = "cortex"
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Series:
    """An electrical series; `lfp` puts it among the computed ones."""

    name: str
    data: NDArray[Any]
    electrodes: Sequence[int]
    rate: float | None = 20000.0
    start: float = 0.0
    timestamps: NDArray[np.float64] | None = None
    conversion: float = 1e-6
    offset: float = 0.0
    channel_conversion: Sequence[float] | None = None
    lfp: bool = False


@dataclass
class Unit:
    """A row of the table of units."""

    times: Sequence[float]
    electrodes: Sequence[int] | None = None
    observed: Sequence[tuple[float, float]] | None = None
    id: int | None = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Interval:
    """A trial."""

    start: float
    stop: float


@dataclass
class Nwb:
    """An NWB file of an extracellular recording.

    Columns of tables can grow, as the reference implementation writes them, or they are as long as they are
    (`growing=False`), as older versions of it wrote them.
    """

    electrodes: Sequence[Electrode] = ()
    series: Sequence[Series] = ()
    units: Sequence[Unit] = ()
    trials: Sequence[Interval] = ()
    growing: bool = True

    def write(self, path: Path) -> Path:
        """Write it and return where."""
        made = NWBFile(
            session_description="spontaneous activity",
            identifier="plate 7, DIV 21",
            session_start_time=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
            experimenter=["Ramon y Cajal, Santiago", "Golgi, Camillo"],
            lab="core facility",
            keywords=["MEA", "iPSC"],
        )
        made.subject = Subject(subject_id="line 39b", species="Homo sapiens", age="P21D", genotype="SOD1-A4V")
        if self.electrodes:
            self._add_electrodes(made)
        for series in self.series:
            self._add_series(made, series)
        self._add_units(made)
        for trial in self.trials:
            made.add_trial(start_time=trial.start, stop_time=trial.stop)
        grows = {} if self.growing else {"expandable": []}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with NWBHDF5IO(path, "w") as file:
                file.write(made, **grows)
        return path

    def _add_electrodes(self, made: NWBFile) -> None:
        device = made.create_device(name="MEA 2100")
        groups = {
            name: made.create_electrode_group(name=name, description="a group", location="in vitro", device=device)
            for name in dict.fromkeys(electrode.group for electrode in self.electrodes)
        }
        for name in self.electrodes[0].more:
            made.add_electrode_column(name=name, description=name)
        for electrode in self.electrodes:
            made.add_electrode(
                group=groups[electrode.group],
                location=electrode.location,
                rel_x=electrode.x,
                rel_y=electrode.y,
                **electrode.more,
            )

    @staticmethod
    def _add_series(made: NWBFile, series: Series) -> None:
        times: dict[str, Any] = (
            {"rate": series.rate, "starting_time": series.start}
            if series.timestamps is None
            else {"timestamps": series.timestamps}
        )
        region = made.create_electrode_table_region(region=list(series.electrodes), description="recorded")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of rates and shapes that some tests get wrong on purpose
            written = ElectricalSeries(
                name=series.name,
                data=series.data,
                electrodes=region,
                conversion=series.conversion,
                offset=series.offset,
                channel_conversion=series.channel_conversion,
                **times,
            )
        if series.lfp:
            if "ecephys" not in made.processing:
                made.create_processing_module(name="ecephys", description="computed")
                made.processing["ecephys"].add(LFP(name="LFP"))
            made.processing["ecephys"]["LFP"].add_electrical_series(written)
        else:
            made.add_acquisition(written)

    def _add_units(self, made: NWBFile) -> None:
        for name in self.units[0].more if self.units else ():
            made.add_unit_column(name=name, description=name)
        for unit in self.units:
            made.add_unit(
                spike_times=np.asarray(unit.times, np.float64),
                **({} if unit.id is None else {"id": unit.id}),
                **({} if unit.electrodes is None else {"electrodes": list(unit.electrodes)}),
                **({} if unit.observed is None else {"obs_intervals": np.asarray(unit.observed, np.float64)}),
                **unit.more,
            )


def clamp_file(path: Path) -> Path:
    """Write an NWB file of a single cell."""
    made = NWBFile("a cell", "cell 1", datetime(2024, 5, 6, tzinfo=UTC))
    electrode = made.create_icephys_electrode(
        name="pipette", description="patch", device=made.create_device(name="amplifier")
    )
    made.add_acquisition(
        CurrentClampSeries(name="sweep", data=np.zeros(100), electrode=electrode, gain=1.0, rate=10000.0, unit="volts")
    )
    with NWBHDF5IO(path, "w") as file:
        file.write(made)
    return path


def counts(n_samples: int, n_channels: int, seed: int = 1) -> NDArray[np.int16]:
    """Return noise as an amplifier stores it."""
    return np.random.default_rng(seed).integers(-2000, 2000, (n_samples, n_channels), dtype=np.int16)


FOUR = tuple(Electrode(x=50.0 * i, y=20.0) for i in range(4))
UNITS = (Unit([0.01, 0.02, 0.04], [2], id=7), Unit([0.03], [0], id=9))


def small(**changes: Any) -> Nwb:
    """Return four electrodes with 50 ms of voltage and two units."""
    parts = {"electrodes": FOUR, "series": [Series("raw", counts(1000, 4), range(4))], "units": UNITS}
    return Nwb(**{"growing": False, **parts, **changes})


def full() -> Nwb:
    """Return a file with something of everything."""
    wells = ("A1", "A1", "B3", "B3")
    electrodes = [Electrode(x=50.0 * i, more={"well": well, "label": f"{i % 2}x"}) for i, well in enumerate(wells)]
    raw = Series("raw", counts(1000, 4), range(4), channel_conversion=[1, 2, 3, 4], offset=1e-6)
    computed = counts(100, 4).astype(np.float32)
    field_potential = Series("field", computed, range(4), timestamps=np.arange(100) / 1000, lfp=True)
    units = [
        Unit([0.01, 0.02, 0.04], [2], [(0.0, 0.05)], more={"quality": "good"}),
        Unit([0.03], [0], [(0.0, 0.05)], more={"quality": "noise"}),
    ]
    trials = [Interval(0.0, 0.02), Interval(0.02, 0.05)]
    return Nwb(electrodes, [raw, field_potential], units, trials)


@functools.cache
def _bytes_of(kind: str) -> bytes:
    made = {"plain": small, "voltage": lambda: small(units=()), "full": full}[kind]()
    with tempfile.TemporaryDirectory() as folder:
        return made.write(Path(folder) / "made.nwb").read_bytes()


def put(path: Path, *, units: bool = True) -> Path:
    """Write the file of `small`, made once for all tests, and return where."""
    path.write_bytes(_bytes_of("plain" if units else "voltage"))
    return path


def put_full(path: Path) -> Path:
    """Write the file of `full`, made once for all tests, and return where."""
    path.write_bytes(_bytes_of("full"))
    return path
