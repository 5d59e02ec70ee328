"""Adds to a pipeline what the hosted platform had beside it, with datajoint-python 0.14 itself: the manifest of files, workflows, support
tables, and values in stores (blob@, attach@, filepath@).

usage: make-platform.py ORG WORKFLOW FOLDER      (DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS)
FOLDER holds stage/inbox (raw), stage/outbox (processed) and bucket/ORG_WORKFLOW (what becomes the bucket). Prints the names of the schemas.
"""

import json
import os
import sys
from pathlib import Path

os.environ["DJ_SUPPORT_FILEPATH_MANAGEMENT"] = "TRUE"
os.environ["FILEPATH_FEATURE_SWITCH"] = "TRUE"

import datajoint as dj
import numpy as np

org, workflow, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
bucket = folder / "bucket" / f"{org}_{workflow}"
stage = folder / "stage"
dj.config["database.host"] = os.environ["DJ_HOST"]
dj.config["database.port"] = int(os.environ["DJ_PORT"])
dj.config["database.user"] = os.environ["DJ_USER"]
dj.config["database.password"] = os.environ["DJ_PASS"]
dj.config["database.use_tls"] = False
dj.config["safemode"] = False
dj.config["enable_python_native_blobs"] = True
dj.config["stores"] = {
    "datajoint-blob": {"protocol": "file", "location": str(bucket / "datajoint" / "blob")},
    "ephys-processed": {"protocol": "file", "location": str(bucket / "outbox"), "stage": str(stage / "outbox")},
    "data-root": {"protocol": "file", "location": str(bucket), "stage": str(stage)},
}
dj.logger.setLevel("ERROR")
for sub in ("datajoint/blob", "inbox", "outbox"):
    (bucket / sub).mkdir(parents=True, exist_ok=True)

ephys = dj.create_virtual_module("ephys", f"{org}_{workflow}_ephys")
names = [f"{org}_admin_workflow", f"{org}_support_{workflow}_ephys_support", f"{org}_{workflow}_mua"]
admin, support, mua = (dj.schema(name) for name in names)


@admin
class Workflow(dj.Manual):
    definition = """
    wf_name : varchar(64)
    ---
    wf_db_prefix : varchar(64)
    """


@admin
class FileManifest(dj.Manual):
    definition = """  # files of the workflows in the object store
    remote_fullpath : varchar(700)     # object key
    ---
    -> Workflow
    file : filepath@data-root
    file_size : bigint                 # (bytes)
    """


@support
class PreEphysRecording(dj.Imported):
    definition = """
    -> ephys.ProbeInsertion
    ---
    execution_time : datetime          # (UTC)
    """

    class File(dj.Part):
        definition = """
        -> master
        -> FileManifest
        """


@mua
class Summary(dj.Manual):
    definition = """  # one summary for each recording
    -> ephys.EphysRecording
    ---
    traces : blob@datajoint-blob       # threshold crossings
    plot : attach@datajoint-blob
    report : filepath@ephys-processed
    note=null : longblob
    """


Workflow.insert1({"wf_name": workflow, "wf_db_prefix": f"{org}_{workflow}_"})
files = sorted(path for path in (stage / "inbox").rglob("*") if path.is_file())
FileManifest.insert(
    {
        "remote_fullpath": f"{org}_{workflow}/{path.relative_to(stage).as_posix()}",
        "wf_name": workflow,
        "file": str(path),
        "file_size": path.stat().st_size,
    }
    for path in files
)
for key in ephys.ProbeInsertion.fetch("KEY"):
    PreEphysRecording.insert1({**key, "execution_time": "2026-01-02 03:04:05"}, allow_direct_insert=True)
    PreEphysRecording.File.insert(
        ({**key, "remote_fullpath": name} for name in FileManifest.fetch("remote_fullpath")), allow_direct_insert=True
    )
for index, key in enumerate(ephys.EphysRecording.fetch("KEY")):
    plot = folder / f"plot_{index}.png"
    plot.write_bytes(b"\x89PNG" + bytes(range(256)))
    report = stage / "outbox" / f"mua_{index}" / "report.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"crossings": index + 1}))
    Summary.insert1(
        {
            **key,
            "traces": {"threshold_uv": 50.0, "spikes": np.arange(1000, dtype=np.int32), "names": ["a", "b"]},
            "plot": str(plot),
            "report": str(report),
            "note": {"made_by": "platform", "values": [1, 2.5, None]},
        }
    )
# a worker that the platform killed, and a failure of the cloud
connection_id = dj.conn().connection_id
jobs = ephys.schema.jobs
jobs.reserve("_l_f_p", {"subject": "nobody", "session_datetime": "2025-01-01 00:00:00", "insertion_number": 1})
jobs.error(
    "_waveform_set",
    {"subject": "nobody", "session_datetime": "2025-01-01 00:00:00", "insertion_number": 1},
    "MaxRetryError: HTTPSConnectionPool(host='s3.amazonaws.com', port=443): Max retries exceeded",
    "Traceback: botocore",
)
print(json.dumps({"schemas": names, "connection": connection_id, "version": dj.__version__}))
