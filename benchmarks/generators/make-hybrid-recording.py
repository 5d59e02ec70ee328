"""The real locust recording with known units added: make-hybrid-recording.py FOLDER locust SEED [SECONDS] [IGNORED].

Three units are added to the 28.8 s as recorded. Their waveforms are means of the recording's own largest troughs (band-passed, clustered by
depth), with the four channels turned by two places and scaled, so that none equals a unit that is there. Only these are in the truth:
found units that are not among them are the recording's own, and count as "false" in the score.
TENON_LOCUST names the raw file; default ../shared/data/tridesclous+tridesclous_datasets/locust/locust_trial_01.raw beside the repository.
"""
import os
import pathlib
import sys

import numpy as np
from scipy.signal import butter, sosfiltfilt

from tenon_files import write_recording

folder, seed = sys.argv[1], int(sys.argv[3])
root = pathlib.Path(__file__).resolve().parents[2]
path = os.environ.get("TENON_LOCUST", root.parent / "shared/data/tridesclous+tridesclous_datasets/locust/locust_trial_01.raw")
RATE, GAIN_UV, BEFORE, AFTER = 15000.0, 0.5, 15, 35
rng = np.random.default_rng(seed)
raw = np.fromfile(path, "<i2").reshape(-1, 4) * GAIN_UV
band = sosfiltfilt(butter(2, [200, 6500], "bandpass", fs=RATE, output="sos"), raw, axis=0)
noise = np.median(np.abs(band), axis=0) * 1.4826
depth = band.min(1)
troughs = [t for t in np.flatnonzero(depth < -6 * noise.max()) if BEFORE < t < len(band) - AFTER and depth[t] == depth[t - 12 : t + 13].min()]
order = np.array(troughs)[np.argsort(depth[troughs])]
taper = np.hanning(BEFORE + AFTER) ** 0.25
trains, peaks = [], []
for part, size, rate_hz in zip(np.array_split(order, 3), rng.uniform([0.7, 0.8, 1.2], [0.9, 1.0, 1.6]), rng.uniform(2, 9, 3)):
    main = np.bincount(band[part].argmin(1), minlength=4).argmax()
    members = part[band[part].argmin(1) == main][:60]
    mean = np.median([band[t - BEFORE : t + AFTER] for t in members], axis=0) * taper[:, None]
    waveform = size * np.roll(mean, 2, axis=1)
    times = np.cumsum(0.004 + rng.exponential(1 / rate_hz, int(40 * rate_hz)))
    times = (times[times < len(raw) / RATE - 0.01] * RATE).astype(int) + BEFORE
    for t in times:
        raw[t - BEFORE : t + AFTER] += rng.normal(1, 0.05) * waveform
    at = np.unravel_index(np.argmax(np.abs(waveform)), waveform.shape)
    trains.append(times + (at[0] - BEFORE))
    peaks.append((waveform[at], int(at[1])))
write_recording(folder, raw, RATE, [[0, 0], [20, 0], [0, 20], [20, 20]], trains, peaks, gain_uv=GAIN_UV, generator=f"locust hybrid, seed {seed}")
print("locust hybrid, seed", seed)
