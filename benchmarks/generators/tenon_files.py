"""Writes a recording with known truth as Tenon reads it: plain int16 binary, its JSON description, probeinterface JSON, and the truth."""
import json
import pathlib
import struct

import numpy as np
from probeinterface import Probe, write_probeinterface
from scipy.signal import butter, sosfilt


def write_recording(folder, traces_uv, rate_hz, positions_um, trains, peaks, gain_uv=0.195, generator=""):
    """traces_uv [samples x channels] float; trains: sample indices of each unit; peaks: (uV of the extremum, channel) of each unit."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    channels = traces_uv.shape[1]
    np.clip(np.round(traces_uv / gain_uv), -32768, 32767).astype("<i2").tofile(folder / "recording.raw")
    probe = Probe(ndim=2, si_units="um")
    probe.set_contacts(np.asarray(positions_um, float), shapes="circle", shape_params={"radius": 5})
    probe.set_device_channel_indices(np.arange(channels))
    write_probeinterface(folder / "probe.json", probe)
    description = dict(
        data="recording.raw", dtype="int16", channelCount=channels, samplingRateHz=rate_hz, gainUvPerBit=gain_uv, probe="probe.json"
    )
    (folder / "recording.json").write_text(json.dumps(description))
    write_truth(folder, len(traces_uv), rate_hz, trains, peaks, noise_levels(traces_uv, rate_hz), generator)


def noise_levels(traces_uv, rate_hz):
    """1.4826 x MAD of each channel between 300 and 6000 Hz, over ten seconds at most: what Tenon's own generator divides by."""
    sos = butter(2, [300, min(6000, 0.45 * rate_hz)], "bandpass", fs=rate_hz, output="sos")
    part = sosfilt(sos, traces_uv[: int(10 * rate_hz)], axis=0)[int(0.1 * rate_hz) :]
    return np.median(np.abs(part - np.median(part, axis=0)), axis=0) * 1.4826


def write_truth(folder, sample_count, rate_hz, trains, peaks, noise, generator):
    samples = np.concatenate([np.asarray(t, float) for t in trains]) if trains else np.zeros(0)
    units = np.concatenate([np.full(len(t), i) for i, t in enumerate(trains)]) if trains else np.zeros(0)
    order = np.argsort(samples, kind="stable")
    with open(folder / "truth_spikes.bin", "wb") as file:
        for i in order:
            file.write(struct.pack("<dIf", samples[i], int(units[i]), 1.0))
    truth = dict(
        format="tenon-truth", version=1, generator=generator, samplingRateHz=rate_hz, sampleCount=int(sample_count), channelCount=len(noise),
        spikeCount=len(order), recording="recording.json", spikesFile="truth_spikes.bin", noiseLevelUv=[float(x) for x in noise],
        units=[dict(id=i, snr=float(abs(uv) / noise[c]), spikeCount=len(trains[i]), mainChannel=int(c), peakUv=float(abs(uv))) for i, (uv, c) in enumerate(peaks)],
    )
    (folder / "truth.json").write_text(json.dumps(truth))
