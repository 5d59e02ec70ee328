"""A recording unlike those of the other generators: no 1/r, no exponentials of currents, no whole-sample spikes.

make-shapes-recording.py FOLDER LAYOUT SEED [SECONDS] [NOISE_UV]; LAYOUT is tetrode20 (20 kHz), linear16 (24.4 kHz, 50 um), grid24 (40 kHz,
a plane of 30 um) or poly32 (25 kHz).

Waveforms are differences of gamma humps and Gabor pieces (triphasic ones too, a tenth with the positive peak first and largest), drawn at
the exact time of each spike and not on samples. They fall off as Gaussians of anisotropic width. Noise is pink and white, shared within
200 um by a random mixing, with a 60 Hz hum. Trains are log-normal renewal with a refractory time; a third of the units bursts, later
spikes of a burst being smaller (down to 60 %) and wider.
"""
import sys

import numpy as np

from tenon_files import write_recording

folder, layout, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 60.0
noise_uv = float(sys.argv[5]) if len(sys.argv) > 5 else 8.0
LAYOUTS = {
    "tetrode20": (20000.0, [[0, 0], [20, 0], [0, 20], [20, 20]], 5),
    "linear16": (24414.0625, [[0, 50 * i] for i in range(16)], 16),
    "grid24": (40000.0, [[30 * (i % 4), 30 * (i // 4)] for i in range(24)], 18),
    "poly32": (25000.0, [[18 * (i % 2) + 5 * (i % 4 // 2), 12.5 * i] for i in range(32)], 26),
}
rate, positions, unit_count = LAYOUTS[layout]
positions = np.array(positions, float)
channels = len(positions)
rng = np.random.default_rng([seed, len(layout)])
count = int(seconds * rate)


def pink(shape):
    """Noise whose power falls as 1/f below 1 kHz and is flat above, of standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(shape).astype("f4"), axis=0)
    f = np.fft.rfftfreq(shape[0], 1 / rate)
    spectrum *= np.sqrt(np.maximum(1, 1000 / np.maximum(f, 1)))[:, None]
    out = np.fft.irfft(spectrum, shape[0], axis=0)
    return out / out.std()


def draw_shape():
    """A function of time in ms with its extremum of -1 (or +1) at 0."""
    kind = rng.choice(["biphasic", "triphasic", "positive"], p=[0.6, 0.3, 0.1])
    w, tail, lag = rng.uniform(0.07, 0.22), rng.uniform(0.15, 0.6), rng.uniform(0.25, 0.6)
    lead = rng.uniform(0.15, 0.5) if kind == "triphasic" else 0.0
    ring = rng.uniform(0, 0.15)

    def shape(t):
        y = -np.exp(-0.5 * (t / w) ** 2)
        late = np.maximum(t, 0) / lag
        y = y + tail * late**2 * np.exp(2 - 2 * late) + lead * np.exp(-0.5 * ((t + 2.2 * w) / (0.9 * w)) ** 2)
        return y + ring * np.exp(-0.5 * ((t - 0.3) / 0.25) ** 2) * np.sin(2 * np.pi * 2.2 * t)

    grid = np.arange(-1, 2, 0.005)
    values = shape(grid)
    at = np.argmax(np.abs(values))
    sign = -1.0 if kind == "positive" else 1.0
    return lambda t: sign * shape(t + grid[at]) / abs(values[at])


def draw_train():
    mean_ms, refractory = 1000 / np.exp(rng.normal(np.log(5), 0.7)), rng.uniform(1.8, 5)
    is_bursting = rng.random() < 0.33
    times, sizes, t = [], [], rng.uniform(0, mean_ms)
    while t < 1000 * seconds - 3:
        if t > 3:
            times.append(t)
            sizes.append(rng.normal(1, 0.07))
        if is_bursting and rng.random() < 0.3:
            for k in range(rng.integers(1, 4)):
                t += rng.uniform(max(refractory, 3), 9)
                if t < 1000 * seconds - 3:
                    times.append(t)
                    sizes.append((1 - 0.13 * (k + 1)) * rng.normal(1, 0.05))
        t += refractory + rng.lognormal(np.log(mean_ms) - 0.32, 0.8)
    return np.array(times), np.array(sizes)


mixing = np.exp(-np.linalg.norm(positions[:, None] - positions[None], axis=2) / 60) * (0.7 + 0.6 * rng.random((channels, channels)))
mixing /= np.linalg.norm(mixing, axis=0)
traces = 0.8 * noise_uv * pink((count, channels)) @ mixing + 0.7 * noise_uv * rng.standard_normal((count, channels)).astype("f4")
traces += (4 * np.sin(2 * np.pi * 60 * np.arange(count) / rate))[:, None]
low, high = positions.min(0) - 15, positions.max(0) + 15
trains, peaks = [], []
for unit in range(unit_count):
    place, spread = rng.uniform(low, high), rng.uniform(14, 40, 2)
    # never a unit that no contact sees
    nearest = np.argmin(np.linalg.norm(positions - place, axis=1))
    place = positions[nearest] + 0.7 * (place - positions[nearest])
    gains = np.exp(-0.5 * (((positions - place) / spread) ** 2).sum(1)) * np.exp(rng.normal(np.log(13 * noise_uv), 0.5))
    delays = np.linalg.norm(positions - place, axis=1) / rng.uniform(300, 900)
    shape, (times, sizes) = draw_shape(), draw_train()
    seen = np.flatnonzero(gains > 0.2)
    for t, size in zip(times, sizes):
        first = int((t - 1.2) * rate / 1000)
        at = np.arange(first, min(count, first + int(4.2 * rate / 1000)))
        if first < 0:
            continue
        local = (at[:, None] * 1000 / rate - t - delays[None, seen]) / (1 + 0.4 * max(0, 1 - size))
        traces[at[0] : at[-1] + 1, seen] += size * gains[seen] * shape(local)
    main = int(np.argmax(gains))
    trains.append((times + delays[main]) * rate / 1000)
    peaks.append((gains[main], main))
generator = f"shapes, {layout}, seed {seed}, noise {noise_uv} uV"
write_recording(folder, traces, rate, positions, trains, peaks, gain_uv=0.195, generator=generator)
print(generator)
