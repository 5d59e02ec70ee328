"""Reads a Tenon pipeline's tables with datajoint-python 0.14, as an analyst does: virtual modules, joins, blobs, jobs.

usage: read-pipeline.py PREFIX      (DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS); prints one JSON object
"""

import json
import os
import sys

import datajoint as dj
import numpy as np

dj.config["database.host"] = os.environ["DJ_HOST"]
dj.config["database.port"] = int(os.environ["DJ_PORT"])
dj.config["database.user"] = os.environ["DJ_USER"]
dj.config["database.password"] = os.environ["DJ_PASS"]
dj.config["database.use_tls"] = False
dj.config["safemode"] = False
dj.logger.setLevel("WARNING")
prefix = sys.argv[1]
names = ["lab", "subject", "session", "probe", "ephys", "ephys_sorter", "ephys_report", "analysis"]
modules = {name: dj.create_virtual_module(name, prefix + name) for name in names}
ephys = modules["ephys"]


def number(value):
    return None if value is None or (isinstance(value, float) and np.isnan(value)) else float(value)


units = []
for row in (ephys.CuratedClustering.Unit * ephys.ClusterQualityLabel).fetch(as_dict=True, order_by="unit"):
    times, sites = row["spike_times"], row["spike_sites"]
    units.append(
        {
            "unit": int(row["unit"]),
            "spike_count": int(row["spike_count"]),
            "label": row["cluster_quality_label"],
            "dtype": str(times.dtype),
            "shape": list(times.shape),
            "first": float(times[0]),
            "last": float(times[-1]),
            "sum": float(times.sum()),
            "isSorted": bool(np.all(np.diff(times) >= 0)),
            "siteCount": int(np.size(sites)),
        }
    )
metrics = [
    {key: number(row[key]) for key in ("unit", "firing_rate", "snr", "isi_violation", "amplitude", "duration")}
    for row in (ephys.QualityMetrics.Cluster * ephys.QualityMetrics.Waveform).fetch(as_dict=True, order_by="unit")
]
waveform = (ephys.WaveformSet.PeakWaveform & {"unit": units[0]["unit"]}).fetch1("peak_electrode_waveform")
lfp = ephys.LFP.Electrode.fetch("lfp", limit=1)[0]
params = [
    {"paramset_idx": int(i), "method": m, "params": p, "hash": str(h)}
    for i, m, p, h in zip(
        *ephys.ClusteringParamSet.fetch("paramset_idx", "clustering_method", "params", "param_set_hash")
    )
]
jobs = []
for name, module in modules.items():
    for row in module.schema.jobs.fetch(as_dict=True):
        jobs.append(
            {
                "schema": name,
                "table": row["table_name"],
                "status": row["status"],
                "key": {k: str(v) for k, v in row["key"].items()},
                "message": row["error_message"],
                "stack": row["error_stack"],
            }
        )

# the worker log as datajoint-utilities has it: classes of these names, and SQL that is carried out
log = dj.Schema(prefix + "workerlog", create_schema=False, create_tables=False)


@log
class WorkerLog(dj.Manual):
    definition = "process_timestamp : datetime(6)"


@log
class ErrorLog(dj.Manual):
    definition = "process : varchar(64)"


@log
class RegisteredWorker(dj.Manual):
    definition = "worker_name : varchar(64)"

    class Process(dj.Part):
        definition = "-> master"


recent = WorkerLog.proj(age="TIMESTAMPDIFF(MINUTE, process_timestamp, UTC_TIMESTAMP())") & "age BETWEEN 0 AND 60"
registered = {}
for row in RegisteredWorker.Process.fetch(as_dict=True):
    sql = row["key_source_sql"]
    total = None if sql is None else dj.conn().query(f"SELECT COUNT(*) FROM ({sql}) AS source").fetchone()[0]
    registered.setdefault(row["worker_name"], []).append(
        {"process": row["process"], "table": row["full_table_name"], "kwargs": row["process_kwargs"], "total": total}
    )
worker_log = {
    "recent": dj.U("process").aggr(WorkerLog & recent, n="count(DISTINCT pid)").fetch("process").tolist(),
    "errors": len(ErrorLog()),
    "registered": registered,
}

plot = modules["ephys_report"].ProbeLevelReport.fetch("drift_map_plot", download_path=os.getcwd())
print(
    json.dumps(
        {
            "version": dj.__version__,
            "tables": {name: sorted(module.schema.list_tables()) for name, module in modules.items()},
            "units": units,
            "metrics": metrics,
            "waveform": {"dtype": str(waveform.dtype), "shape": list(waveform.shape), "min": float(waveform.min())},
            "lfp": {"dtype": str(lfp.dtype), "size": int(lfp.size)},
            "params": params,
            "jobs": jobs,
            "workerLog": worker_log,
            "plots": [os.path.getsize(path) for path in plot],
        },
        default=str,
    )
)
