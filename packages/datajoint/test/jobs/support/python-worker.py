"""A datajoint-python 0.14 worker on a table that Tenon works on too: what it reads in `~jobs`, and what it does.

usage: python-worker.py SCHEMA      (DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS); prints one JSON object

It fails at id 4, reserves id 5 and leaves it so, and does what else is free.
"""

import json
import os
import sys

import datajoint as dj

dj.config["database.host"] = os.environ["DJ_HOST"]
dj.config["database.port"] = int(os.environ["DJ_PORT"])
dj.config["database.user"] = os.environ["DJ_USER"]
dj.config["database.password"] = os.environ["DJ_PASS"]
dj.config["database.use_tls"] = False
dj.logger.setLevel("ERROR")
schema = dj.Schema(sys.argv[1], create_tables=False)


@schema
class Given(dj.Manual):
    definition = """
    id     : int
    code   : varchar(16)
    day    : date
    moment : datetime
    amount : decimal(8,3)
    rate   : double
    mark   : uuid
    """


@schema
class Doubled(dj.Computed):
    definition = """
    -> Given
    ---
    worker : varchar(16)
    """

    def make(self, key):
        if key["id"] == 4:
            raise ValueError("four is four")
        self.insert1(dict(key, worker="python"))


def rows():
    return [
        {
            "key": {name: [type(value).__name__, str(value)] for name, value in row["key"].items()},
            "isInSource": len(Given & row["key"]) == 1,
            "status": row["status"],
            "message": row["error_message"],
            "stack": row["error_stack"],
        }
        for row in schema.jobs.fetch(as_dict=True, order_by="status")
    ]


found = rows()
five = (Given & "id=5").fetch1("KEY")
schema.jobs.reserve(Doubled.table_name, five)
result = Doubled.populate(reserve_jobs=True, suppress_errors=True)
print(
    json.dumps(
        {
            "version": dj.__version__,
            "found": found,
            "successCount": result["success_count"],
            "errors": [message for _, message in result["error_list"]],
            "done": sorted(int(i) for i in (Doubled & "worker='python'").fetch("id")),
        }
    )
)
