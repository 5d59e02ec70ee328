"""Reads an imported platform with datajoint-python 0.14, as an analyst does after the move: the manifest with its files, values in stores.

usage: read-platform.py ORG WORKFLOW LAB STAGE      (DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS); prints one JSON object
LAB holds dj_local_conf.json; STAGE is where files of the manifest are put.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["DJ_SUPPORT_FILEPATH_MANAGEMENT"] = "TRUE"

import datajoint as dj

org, workflow, lab, stage = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
dj.config["database.host"] = os.environ["DJ_HOST"]
dj.config["database.port"] = int(os.environ["DJ_PORT"])
dj.config["database.user"] = os.environ["DJ_USER"]
dj.config["database.password"] = os.environ["DJ_PASS"]
dj.config["database.use_tls"] = False
dj.logger.setLevel("ERROR")
stores = json.loads((lab / "dj_local_conf.json").read_text())["stores"]
for name, store in stores.items():
    store["location"] = str((lab / store["location"]).resolve())
    if name != "datajoint-blob":
        store["stage"] = str(stage / name)
        (stage / name).mkdir(parents=True, exist_ok=True)
dj.config["stores"] = stores

admin = dj.create_virtual_module("admin", f"{org}_admin_workflow")
ephys = dj.create_virtual_module("ephys", f"{org}_{workflow}_ephys")
mua = dj.create_virtual_module("mua", f"{org}_{workflow}_mua")
raw = admin.FileManifest & 'remote_fullpath LIKE "%/inbox/%.meta"'
summary = mua.Summary.fetch(as_dict=True, download_path=str(stage))[0]
print(
    json.dumps(
        {
            "manifest": len(admin.FileManifest()),
            "files": {
                name: hashlib.md5(Path(path).read_bytes()).hexdigest()
                for name, path in zip(*raw.fetch("remote_fullpath", "file"))
            },
            "recordings": [str(value) for value in ephys.EphysRecording.fetch("subject")],
            "traces": sorted(summary["traces"]),
            "plot": Path(summary["plot"]).stat().st_size,
            "report": json.loads(Path(summary["report"]).read_text()),
        },
        default=str,
    )
)
