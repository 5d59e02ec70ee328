"""Times scipy.signal.decimate for lfp.bench.ts: `decimate-scipy.py FOLDER REPEATS`. Reads block.f32 of the folder, prints JSON."""
import json
import pathlib
import platform
import sys
import time

import numpy as np
import scipy
from scipy import signal

folder, repeats = pathlib.Path(sys.argv[1]), int(sys.argv[2])
CHANNELS, FACTOR = 384, 12
x = np.tile(np.fromfile(folder / "block.f32", dtype=np.float32).reshape(-1, CHANNELS), (repeats, 1))
seconds = {}
for kind in ("fir", "iir"):
    start = time.process_time()
    y = signal.decimate(x, FACTOR, ftype=kind, axis=0, zero_phase=True)
    seconds[kind] = time.process_time() - start
    if kind == "fir":
        y[:, :8].astype(np.float32).tofile(folder / "fir.f32")
    del y
print(json.dumps(dict(python=platform.python_version(), numpy=np.__version__, scipy=scipy.__version__, samples=len(x), seconds=seconds)))
