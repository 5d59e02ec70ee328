"""A datajoint-python worker of benchmarks/jobs-scale.ts, of whichever generation runs this file.

usage: jobs-scale-worker.py SCHEMA MILLISECONDS     (DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS)

Prints "ready", waits for a line, populates until nothing is left, and prints the keys that it computed as JSON.
"""

import json
import os
import sys
import time

import datajoint as dj

for name, value in (
    ("host", os.environ["DJ_HOST"]),
    ("port", int(os.environ["DJ_PORT"])),
    ("user", os.environ["DJ_USER"]),
    ("password", os.environ["DJ_PASS"]),
    ("use_tls", False),
):
    dj.config["database." + name] = value
dj.config["loglevel"] = "CRITICAL"
dj.logger.setLevel("CRITICAL")
schema = dj.Schema(sys.argv[1], create_tables=False)
computed = []


@schema
class Item(dj.Manual):
    definition = "item : int" if dj.__version__.startswith("0.") else "item : int32"


@schema
class Task(dj.Computed):
    definition = (
        """
    -> Item
    ---
    worker : varchar(16)
    """
    )

    def make(self, key):
        time.sleep(float(sys.argv[2]) / 1000)
        self.insert1(dict(key, worker="python"))
        computed.append(int(key["item"]))


print("ready", flush=True)
sys.stdin.readline()
crash = None
errors = 0
try:
    errors = len(Task.populate(reserve_jobs=True, suppress_errors=True)["error_list"])
except Exception as error:  # populate itself ended: this worker is lost, the others go on
    crash = type(error).__name__ + ": " + str(error)[:200]
report = {"version": dj.__version__, "keys": computed, "errors": errors, "crash": crash}
print(json.dumps(report), flush=True)
