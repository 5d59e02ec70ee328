"""A recording of SpikeInterface's own generator, written as Tenon reads it.

make-spikeinterface-recording.py FOLDER LAYOUT SEED [SECONDS] [NOISE_UV]; LAYOUT is tetrode, linear32, poly64, np128 or np384.
"""
import sys

import numpy as np
import spikeinterface
from probeinterface import generate_linear_probe, generate_multi_columns_probe, generate_tetrode
from spikeinterface.core import generate_ground_truth_recording

from tenon_files import write_recording

folder, layout, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 60.0
noise_uv = float(sys.argv[5]) if len(sys.argv) > 5 else 8.0


def staggered(rows):
    probe = generate_multi_columns_probe(num_columns=4, num_contact_per_column=rows, xpitch=16, ypitch=40, y_shift_per_column=[0, 20, 0, 20])
    return probe


LAYOUTS = {
    "tetrode": (lambda: generate_tetrode(r=12), 6, 30000.0),
    "linear32": (lambda: generate_linear_probe(num_elec=32, ypitch=25), 20, 25000.0),
    "poly64": (lambda: generate_multi_columns_probe(num_columns=2, num_contact_per_column=32, xpitch=20, ypitch=20), 40, 30000.0),
    "np128": (lambda: staggered(32), 70, 30000.0),
    "np384": (lambda: staggered(96), 200, 30000.0),
}
make_probe, unit_count, rate = LAYOUTS[layout]
probe = make_probe()
probe.set_device_channel_indices(np.arange(probe.get_contact_count()))
rng = np.random.default_rng(seed)
recording, sorting = generate_ground_truth_recording(
    durations=[seconds],
    sampling_frequency=rate,
    num_units=unit_count,
    probe=probe,
    upsample_factor=8,
    generate_sorting_kwargs=dict(firing_rates=rng.uniform(1.0, 20.0, unit_count), refractory_period_ms=4.0),
    noise_kwargs=dict(noise_levels=noise_uv, strategy="tile_pregenerated"),
    seed=seed,
)
templates = recording.templates[..., 0] if recording.templates.ndim == 4 else recording.templates
peaks, trains = [], []
for i, unit in enumerate(sorting.unit_ids):
    at = np.unravel_index(np.argmax(np.abs(templates[i])), templates[i].shape)
    peaks.append((float(templates[i][at]), int(at[1])))
    trains.append(sorting.get_unit_spike_train(unit, segment_index=0))
generator = f"spikeinterface {spikeinterface.__version__} generate_ground_truth_recording, {layout}, seed {seed}, noise {noise_uv} uV"
write_recording(folder, recording.get_traces(), rate, probe.contact_positions, trains, peaks, generator=generator)
print(generator)
