"""The chain and the detection of preprocessing.bench.ts in numpy and scipy, float32; prints JSON of the times, ms per second.

Whitening and pooling are timed as sparse (CSR) and as dense products and the faster counts; so are two forms of the matched filter.
"""
import json
import platform
import sys
import time

import numpy as np
import scipy
from scipy.signal import oaconvolve, sosfilt
from scipy.sparse import csr_matrix

folder = sys.argv[1]
plan = json.load(open(f"{folder}/plan.json"))
C, FS, SECONDS = plan["channels"], 30000, plan["seconds"]
raw = np.memmap(f"{folder}/data.raw", "<i2", "r").reshape(-1, C)
sos = np.array(plan["sos"], "f4").reshape(-1, 6)


def matrix(rows):
    return csr_matrix((np.array(rows["weights"], "f4"), rows["channels"], rows["rowStart"]), (C, C))


def clock(function):
    start = time.process_time()
    result = function()
    return (time.process_time() - start) * 1000, result


def best(*functions):
    return min((clock(function) for function in functions), key=lambda pair: pair[0])


def block_filter(y, block=64):
    """Correlation as one matrix product for each block of samples (the prototype's own way)."""
    n = len(prototype)
    blocks = (len(y) + block - 1) // block
    padded = np.zeros((blocks * block + n, C), "f4")
    padded[plan["before"] : plan["before"] + len(y)] = y
    toeplitz = np.zeros((block, block + n - 1), "f4")
    for i in range(block):
        toeplitz[i, i : i + n] = prototype
    view = np.lib.stride_tricks.as_strided(padded, (blocks, block + n - 1, C), (block * padded.strides[0], *padded.strides))
    return np.matmul(toeplitz[None], view).reshape(-1, C)[: len(y)]


def banded(x, w, step=48):
    """Dense product by column blocks with only the rows that matter."""
    out = np.empty_like(x)
    for b in range(0, C, step):
        part = w[:, b : b + step]
        used = np.flatnonzero(np.abs(part).sum(1))
        low, high = used.min(), used.max() + 1
        out[:, b : b + step] = x[:, low:high] @ part[low:high]
    return out


def product(x, sparse):
    dense = np.ascontiguousarray(sparse.toarray().T)
    return best(lambda: np.ascontiguousarray((sparse @ x.T).T), lambda: x @ dense, lambda: banded(x, dense))


whitening = matrix(plan["whitening"])
pools = [matrix(rows) for rows in plan["pools"]]
prototype = np.array(plan["prototype"], "f4")
chain = detection = 0.0
for second in range(SECONDS):
    a = max(0, second * FS - 471)
    t, x = clock(lambda: raw[a : (second + 1) * FS].astype("f4") * np.float32(plan["gain"]))
    chain += t
    t, x = clock(lambda: sosfilt(sos, x - x[:1], axis=0)[second * FS - a :])
    chain += t
    t, x = clock(lambda: x - np.median(x, axis=1, keepdims=True))
    chain += t
    t, y = product(x, whitening)
    chain += t
    kernel = prototype[::-1, None].copy()
    before = plan["before"]
    length = len(prototype)
    t, s = best(
        lambda: block_filter(y),
        lambda: oaconvolve(np.pad(y, ((before, length - 1 - before), (0, 0))), kernel, mode="valid", axes=0),
    )
    detection += t
    m = None
    for pool in pools:
        t, p = product(s, pool) if pool.nnz > C else clock(lambda: s * pool.diagonal())
        detection += t
        t, m = clock(lambda: p if m is None else np.maximum(m, p))
        detection += t

    def peaks():
        i = np.flatnonzero(m[1:-1].ravel() > plan["threshold"])
        i, c = np.divmod(i, C)
        v = m[i + 1, c]
        k = (v >= m[i, c]) & (v > m[i + 2, c])
        return i[k] + 1

    t, found = clock(peaks)
    detection += t
y.astype("f4").tofile(f"{folder}/last.f32")
print(json.dumps({
    "chain": chain / SECONDS, "detection": detection / SECONDS, "events": len(found),
    "versions": f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}",
}))
