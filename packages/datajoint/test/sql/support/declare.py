"""Declares tables with datajoint-python 0.14: the schema's name as argument, settings and definitions by table as JSON on stdin."""

import json
import sys

import datajoint as dj

given = json.load(sys.stdin)
dj.config["database.host"] = given["host"]
dj.config["database.port"] = given["port"]
dj.config["database.user"] = given["user"]
dj.config["database.password"] = given["password"]
dj.config["database.use_tls"] = False
dj.logger.setLevel("ERROR")
connection = dj.conn()
connection.query("SET SESSION character_set_server='utf8mb4'")
schema = dj.Schema(sys.argv[1], connection=connection)
context = {}
for name, definition in given["texts"].items():
    tier = dj.Lookup if name.startswith("#") else dj.Manual
    class_name = name.lstrip("#").capitalize()
    table = type(class_name, (tier,), {"definition": definition})
    context[class_name] = schema(table, context=dict(context))
