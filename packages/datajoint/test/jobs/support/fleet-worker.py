"""A datajoint-python worker beside Tenon's on one table, of whichever generation runs this file.

usage: fleet-worker.py SCHEMA NAME work SECONDS_PER_JOB     (DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS)
       fleet-worker.py SCHEMA NAME hang                     three-part make; computes until a line comes on stdin
       fleet-worker.py SCHEMA NAME rows [ORPHAN_TIMEOUT]    prints the rows of the job table as this generation reads them

Prints one JSON object a line: {"kind": ..., "at": seconds since 1970, ...}. `work` and `hang` say "ready" and wait for a line first.
"""

import json
import os
import sys
import time
import warnings

warnings.simplefilter("ignore")
import datajoint as dj  # noqa: E402

for name, value in (
    ("host", os.environ["DJ_HOST"]),
    ("port", int(os.environ["DJ_PORT"])),
    ("user", os.environ["DJ_USER"]),
    ("password", os.environ["DJ_PASS"]),
    ("use_tls", False),
):
    dj.config["database." + name] = value
dj.logger.setLevel("CRITICAL")
is_old = dj.__version__.startswith("0.")
schema = dj.Schema(sys.argv[1], create_tables=False)
worker, mode = sys.argv[2:4]


def say(kind, **more):
    print(json.dumps({"kind": kind, "at": time.time(), "worker": worker, **more}), flush=True)


@schema
class Item(dj.Manual):
    definition = "item : " + ("int" if is_old else "int32")


class Parts:
    definition = """
    -> Item
    ---
    worker : varchar(16)
    """


if mode == "hang":

    @schema
    class Task(Parts, dj.Computed):
        def make_fetch(self, key):
            return (key["item"],)

        def make_compute(self, key, item):
            say("start", item=int(item))
            sys.stdin.readline()
            return (item,)

        def make_insert(self, key, item):
            self.insert1(dict(key, worker=worker))

else:

    @schema
    class Task(Parts, dj.Computed):
        def make(self, key):
            say("start", item=int(key["item"]))
            time.sleep(float(sys.argv[4]))
            self.insert1(dict(key, worker=worker))
            say("end", item=int(key["item"]))


jobs = schema.jobs if is_old else Task().jobs
if mode == "rows":
    if len(sys.argv) > 4:
        say("refreshed", **{k: int(v) for k, v in jobs.refresh(orphan_timeout=float(sys.argv[4])).items()})
    columns = ("status", "error_message", "error_stack", "host", "pid")
    for row in jobs.fetch(as_dict=True) if is_old else jobs.to_dicts():
        key = row["key"] if is_old else {"item": row["item"]}
        shown = {name: row[name] if row[name] is None else str(row[name]) for name in columns}
        say("row", item=int(key["item"]), **shown)
    sys.exit()

if not is_old and not jobs.is_declared:
    jobs.declare()
say("ready", version=dj.__version__)
sys.stdin.readline()
if mode == "hang":
    result = Task.populate(reserve_jobs=True, suppress_errors=True, max_calls=1)
    say("ended", successCount=int(result["success_count"]), errors=[str(message) for _, message in result["error_list"]])
    sys.exit()
while len(Task.key_source - Task) > 0:
    try:
        result = Task.populate(reserve_jobs=True, suppress_errors=True, max_calls=1, **({"order": "random"} if is_old else {}))
    except dj.errors.DataJointError as error:
        # two Python workers deadlock on their own statements now and then, and datajoint-python does not repeat them
        say("trouble", message=str(error))
        continue
    for key, message in result["error_list"]:
        say("error", item=int(key["item"]), message=str(message))
    if not result["success_count"]:
        time.sleep(0.1)
say("ended")
