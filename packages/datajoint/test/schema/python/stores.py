"""What datajoint-python 0.14 reads of stored values, and rows that it writes itself.

usage: stores.py SCHEMA STORE_FOLDER DOWNLOAD_FOLDER   (DJ_HOST, DJ_USER, DJ_PASS say where)
Prints one line of JSON: what it fetched of `SCHEMA`.film. Then inserts a film of its own, and leaves what it has to say to the caller.
"""

import hashlib
import json
import sys
from pathlib import Path

import datajoint as dj
import numpy as np

name, store, download = sys.argv[1:]
dj.config["stores"] = {"raw": {"protocol": "file", "location": store}}
dj.config["safemode"] = False
# the test servers have no certificates
dj.config["database.use_tls"] = False
module = dj.create_virtual_module("module", name)
key = {"film": 1}
row = (module.Film & key).fetch1(download_path=download)
frames, note = row["frames"], Path(row["note"])
schema = dj.schema(name)
print(
    json.dumps(
        {
            "version": dj.__version__,
            "heading": {k: a.type for k, a in module.Film.heading.attributes.items()},
            "dtype": str(frames.dtype),
            "shape": list(frames.shape),
            "sum": float(frames.sum()),
            "note": [note.name, note.read_text()],
            "inTable": [Path(row["sheet"]).name, Path(row["sheet"]).read_text()],
            "unused": len(schema.external["raw"].unused()),
            "hash": hashlib.md5(note.name.encode() + b"\0" + note.read_bytes()).hexdigest(),
        }
    )
)
own = Path(download) / "von Python.txt"
own.write_text("written by Python")
module.Film.insert1(
    {
        "film": 2,
        "frames": {"a": np.arange(5, dtype="float32"), "b": "text"},
        "note": str(own),
        "sheet": str(own),
    }
)
