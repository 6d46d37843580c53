"""From a file of raw voltage to the wells of a plate: the same numbers as from the spikes that were put into it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from readers.builders.axis_data import RATE, SCALE, continuous, spike_dtype, spikes
from readers.builders.axis_file import channel_array, compose
from readers.builders.axis_plates import CYTOVIEW_24
from scipy.signal import butter, sosfiltfilt
from signals import plate as plate_of_voltage

import mnephys
from mnephys.mea import DetectionSettings
from mnephys.mea.detection.plate import detect_plate
from mnephys.mea.detection.settings import fitted
from mnephys.measurement import Status
from mnephys.recording import SEGMENT

CHANNELS = CYTOVIEW_24.channels()
LENGTH_S = 4.0
NOISE_UV = 6.0


def spike_shape():
    at = np.arange(-8, 24) / RATE
    return np.exp(-0.5 * (at / 1.6e-4) ** 2) - 0.3 * np.exp(-0.5 * ((at - 6e-4) / 3e-4) ** 2)


@pytest.fixture(scope="module")
def truth():
    """Noise with spikes of -90 uV; sample and column of each, at least 2 ms apart on an electrode."""
    generator = np.random.default_rng(5)
    n_samples = round(LENGTH_S * RATE)
    voltage = generator.normal(0, NOISE_UV, (n_samples, CHANNELS.size)).astype(np.float32)
    slots = generator.random((n_samples // 40, CHANNELS.size)) < 0.03
    slots[[0, -1]] = False
    slot, column = np.nonzero(slots)
    sample = slot * 40 + generator.integers(0, 15, slot.size)
    shape = spike_shape()
    np.add.at(voltage, (sample[:, None] - 8 + np.arange(shape.size), column[:, None]), -90.0 * shape)
    return np.rint(voltage * 1e-6 / SCALE).astype(np.int16), sample, column


@pytest.fixture(scope="module")
def raw(truth, tmp_path_factory):
    """The voltage as a file of the acquisition program."""
    path = tmp_path_factory.mktemp("raw") / "P1.raw"
    compose(channel_array(CYTOVIEW_24), continuous(truth[0], CHANNELS), []).write(path)
    return path


@pytest.fixture(scope="module")
def detected(raw):
    # At 5 x the noise a few samples in ten millions are beyond by chance.
    return detect_plate(mnephys.read(raw), DetectionSettings(threshold=7.0))


@pytest.fixture(scope="module")
def spk(raw, detected):
    """The spikes that were detected, at whole samples, as the other file that the acquisition program writes."""
    trains = detected.recording.trains
    sample = np.rint(trains.times * RATE).astype(np.int64)
    channel = np.argsort(detected.recording.signal.electrodes)[trains.train_of_spike]
    order = np.argsort(sample, kind="stable")
    records = np.zeros(sample.size, spike_dtype())
    records["start"], records["trigger"] = sample[order] - 11, 11
    chosen = CHANNELS[channel[order]]
    records["channel"], records["chip"] = chosen["channel"], chosen["chip"]
    records["noise"], records["threshold"] = NOISE_UV * 1e-6, 7.0
    path = raw.with_suffix(".spk")
    compose(channel_array(CYTOVIEW_24), spikes(records, CHANNELS, duration=LENGTH_S), []).write(path)
    return path


def at_whole_samples(recording):
    trains = recording.trains
    return replace(recording, trains=replace(trains, times=np.rint(trains.times * RATE) / RATE))


def test_voltage_and_the_spikes_of_it_give_the_same_wells(detected, spk):
    of_voltage = mnephys.extract(at_whole_samples(detected.recording))
    of_spikes = mnephys.extract(mnephys.read(spk))
    there = [row for row in of_spikes if row.level in {"well", "electrode"} and row.ok and row.value is not None]
    assert len(there) > 24 * 20 + 384 * 5
    for row in there:
        other = of_voltage.get(row.feature, level=row.level, id=row.id)
        assert other.value == pytest.approx(row.value, rel=1e-9, abs=1e-12), (row.feature, row.id)


def test_detected_spikes_are_those_that_were_put_in(detected, truth):
    _, sample, column = truth
    trains, recording = detected.recording.trains, detected.recording
    assert trains.n_spikes == sample.size
    row = np.asarray(recording.signal.electrodes)[column]
    order = np.lexsort((sample, row))
    np.testing.assert_array_equal(trains.train_of_spike, row[order])
    assert np.abs(trains.times - sample[order] / RATE).max() < 1.1 / RATE
    assert trains.groups.tolist() == recording.electrodes["well"].tolist()
    alone = sosfiltfilt(butter(3, (300, 5000), "bandpass", fs=RATE, output="sos"), np.pad(-90.0 * spike_shape(), 1000))
    assert np.median(trains.amplitudes) == pytest.approx(alone.min(), rel=0.05)
    np.testing.assert_allclose(detected.voltage.noise, NOISE_UV, rtol=0.2)


def test_the_two_files_score_alike(raw, spk):
    of_voltage = mnephys.score(mnephys.read(raw))
    of_spikes = mnephys.score(mnephys.read(spk))
    assert {score.network_stage for score in of_spikes.values()} - {"indeterminate"}
    for well, score in of_voltage.items():
        assert score.network_stage == of_spikes[well].network_stage
        assert score.maturity_index == pytest.approx(of_spikes[well].maturity_index, abs=0.02)


def noisy_plate(*, gap=False):
    """Four channels of noise, of A1_11, A1_12, B2_21 and D6_44."""
    given = plate_of_voltage(trains=False, gap=gap)
    generator = np.random.default_rng(2)
    given.signal.values = generator.normal(0, 5, (30000, 4)).astype(np.float32)
    given.signal.shape = (30000, 4)
    # The others are switched off: they are no part of their wells.
    given.electrodes["enabled"] = False
    given.electrodes["enabled"][given.signal.electrodes] = True
    return given


def of_electrodes(given, **settings):
    table = mnephys.extract(given, detection=DetectionSettings(**settings))
    return {row.id: row for row in table.select("qc_electrode", level="electrode")}


def test_every_electrode_is_judged():
    given = noisy_plate()
    given.signal.values[:, 1] = 7.0
    given.signal.values[:, 2] *= 4
    given.signal.values[1000:1003, 2] -= 900
    given.signal.values[:, 3] = np.clip(given.signal.values[:, 3], -10, 10)
    given.signal.values[2000:2200, 3] = 10
    rows = of_electrodes(given)
    assert rows["A1_11"].text == "silent"
    assert rows["A1_12"].status is Status.EXCLUDED
    assert "constant" in rows["A1_12"].reason
    assert rows["B2_21"].text == "noisy"
    assert rows["D6_44"].text == "saturated"
    assert "at the limit of the range" in rows["D6_44"].reason
    assert rows["A2_11"].status is Status.EXCLUDED


def test_what_hides_spikes_is_no_silence():
    given = noisy_plate()
    given.signal.values[:, 2] *= 40
    given.signal.values[:, 3] = np.clip(given.signal.values[:, 3], -4, 4)
    table = mnephys.extract(given)
    for well, why in (("B2", "may hide its spikes"), ("D6", "is saturated")):
        row = table.get("qc_well", level="well", id=well)
        assert row.status is Status.BAD_INPUT
        assert why in row.reason
        assert not table.get("spike_count", level="well", id=well).ok
    assert {score.network_stage for score in mnephys.score(given).values()} == {"indeterminate", "absent"}


def test_a_well_of_which_few_electrodes_were_recorded_is_not_judged():
    given = noisy_plate()
    given.electrodes["enabled"] = True
    table = mnephys.extract(given)
    assert "only 2 of its 16 electrodes could be searched" in table.get("qc_well", level="well", id="A1").reason
    assert not table.get("spike_count", level="electrode", id="A1_13").ok
    score = mnephys.score(given)
    assert {well.network_stage for well in score.values()} == {"indeterminate"}


def test_one_loud_electrode_of_two_is_seen():
    given = noisy_plate()
    given.signal.values[:, 1:] *= np.array([100, 1, 1], np.float32)
    given.electrodes["enabled"][given.signal.electrodes[2:]] = False
    given.signal.values[1000:1010, 1] -= 9000
    assert of_electrodes(given)["A1_12"].text == "noisy"


def test_hum_of_the_mains_is_measured_and_named():
    given = noisy_plate()
    at = np.arange(30000) / given.signal.sampling_rate
    given.signal.values[:, 0] += 150 * np.sin(2 * np.pi * 50 * at).astype(np.float32)
    table = mnephys.extract(given)
    lines = {row.id: row.value for row in table.select("line_noise", level="electrode") if row.ok}
    assert lines["A1_11"] == pytest.approx(150, rel=0.02)
    assert max(lines["A1_12"], lines["B2_21"]) < 1.0
    assert "mains" in table.get("qc_electrode", level="electrode", id="A1_11").reason
    assert table.get("noise_level", level="electrode", id="A1_11").value == pytest.approx(
        table.get("noise_level", level="electrode", id="A1_12").value, rel=0.1
    )


def test_a_well_that_could_not_be_searched_is_not_silent():
    given = noisy_plate()
    given.signal.values[:, 2] = np.nan
    given.electrodes["enabled"][given.electrodes["well"] == "B2"] = True
    table = mnephys.extract(given)
    assert table.get("qc_well", level="well", id="B2").status is Status.BAD_INPUT
    assert "no number" in table.get("qc_well", level="well", id="B2").reason
    assert table.get("qc_well", level="well", id="A1").text == "ok"


def test_artefacts_on_many_electrodes_are_dropped_where_asked():
    given = noisy_plate()
    given.signal.values[5000:5003, :] -= 300
    given.signal.values[9000:9003, 0] -= 300
    given.electrodes["well"][:] = "A1"
    settings = DetectionSettings(coincident_electrodes=4)
    kept, dropped = (detect_plate(given, each).recording.trains.n_spikes for each in (DetectionSettings(), settings))
    assert (kept, dropped) == (5, 1)
    assert "dropped where 4 electrodes" in settings.label


def test_rates_of_an_interrupted_recording_are_per_recorded_second():
    given = noisy_plate(gap=True)
    given.signal.segments = np.array([(0, 0.0), (15000, 100.0)], SEGMENT)
    found = detect_plate(given, DetectionSettings()).recording
    assert (found.trains.start, found.trains.stop) == (0.0, 100.0 + 15000 / given.signal.sampling_rate)
    assert found.duration == pytest.approx(30000 / given.signal.sampling_rate)
    assert "interrupted 1 time;" in found.problems[-1]


def test_upper_edge_follows_the_sampling_rate():
    assert fitted(DetectionSettings(), 12500.0).band == (300.0, 5000.0)
    assert fitted(DetectionSettings(), 10000.0).band == (300.0, 4000.0)
    assert fitted(replace(DetectionSettings(), band=(300.0, 3000.0)), 10000.0).band == (300.0, 3000.0)
    assert fitted(DetectionSettings(), 1400.0) is None


def test_a_plate_without_voltage_has_nothing_to_detect():
    with pytest.raises(ValueError, match="no raw voltage"):
        detect_plate(plate_of_voltage(signal=False), DetectionSettings())
