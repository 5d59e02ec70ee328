"""What datajoint-python's users meet: accounts.py HOST PORT SCHEMA WORKER GUEST EXPERIMENTER, each account NAME:PASSWORD_FILE."""
import json, os, sys, warnings
os.environ["DJ_LOG_LEVEL"] = "CRITICAL"
warnings.simplefilter("ignore")
import datajoint as dj

host, port, schema_name, *accounts = sys.argv[1:]
dj.config["safemode"] = False


def connect(text):
    name, file = text.split(":", 1)
    return dj.Connection(host, name, open(file).read().strip(), int(port), None)


def schema_of(connection, **options):
    schema = dj.Schema(schema_name, connection=connection, **options)

    @schema
    class Mouse(dj.Manual):
        definition = """
        mouse : int
        ---
        note='' : varchar(20)
        data=null : longblob
        """

    @schema
    class Weight(dj.Computed):
        definition = """
        -> Mouse
        ---
        grams : float
        """

        def make(self, key):
            self.insert1(dict(key, grams=20.5))

    return Mouse, Weight


def refused(work):
    try:
        work()
    except Exception as error:
        return type(error).__name__
    return "allowed"


worker, guest, experimenter = map(connect, accounts)
result = {"cipher": worker.query("SHOW STATUS LIKE 'Ssl_cipher'").fetchone()[1] != ""}
Mouse, Weight = schema_of(worker)
Mouse().insert1(dict(mouse=1, note="by worker", data=[1, 2, 3]))
Weight().populate(reserve_jobs=True)
result["worker_populated"] = len(Weight())

Seen, SeenWeight = schema_of(guest, create_tables=False)
result["guest_reads"] = [int(Seen().fetch1("mouse")), Seen().fetch1("data"), float(SeenWeight().fetch1("grams"))]
result["guest_insert"] = refused(lambda: Seen().insert1(dict(mouse=2)))
result["guest_drop"] = refused(lambda: SeenWeight().drop_quick())

print(json.dumps({"before_grants": result}), flush=True)
sys.stdin.readline()  # the test gives the experimenter its rights on tables here
experimenter.close(); experimenter.connect()
Own, OwnWeight = schema_of(experimenter, create_tables=False)
Own().insert1(dict(mouse=3, note="by experimenter"))
more = {"experimenter_rows": len(Own())}
more["experimenter_result"] = refused(lambda: OwnWeight().insert1(dict(mouse=3, grams=1), allow_direct_insert=True))
more["experimenter_drop"] = refused(lambda: Own().drop_quick())
more["experimenter_alter"] = refused(lambda: experimenter.query("ALTER TABLE %s ADD COLUMN x int" % Own().full_table_name))
more["experimenter_delete_with_results"] = refused(lambda: (Own() & "mouse=1").delete_quick())
(Own() & "mouse=3").delete_quick()
more["experimenter_rows_after_delete"] = len(Own())
print(json.dumps(more), flush=True)
