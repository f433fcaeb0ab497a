"""Runs a statement of Athena on DuckDB and prints its result as Athena writes CSV files.

Standard input is JSON: the statement, the names of catalog, schema and table, the columns with their
types, and the rows. sqlglot must be able to read the statement as Trino and as Athena.
"""

import json
import sys

import duckdb
import sqlglot

CHUNK = 500


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def field(value):
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"'


def main():
    document = json.load(sys.stdin)
    for dialect in ("trino", "athena"):
        statements = sqlglot.parse(document["statement"], read=dialect)
        assert len(statements) == 1, statements
    statement = sqlglot.transpile(document["statement"], read="trino", write="duckdb")[0]
    connection = duckdb.connect()
    catalog, schema, table = (quoted(name) for name in document["path"])
    connection.execute(f"ATTACH ':memory:' AS {catalog}")
    connection.execute(f"CREATE SCHEMA {catalog}.{schema}")
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in document["columns"])
    connection.execute(f"CREATE TABLE {catalog}.{schema}.{table} ({columns})")
    rows = document["rows"]
    marks = "(" + ", ".join("?" for _ in document["columns"]) + ")"
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        values = ", ".join([marks] * len(chunk))
        insert = f"INSERT INTO {catalog}.{schema}.{table} VALUES {values}"
        connection.execute(insert, [value for row in chunk for value in row])
    result = connection.execute(statement)
    print(",".join(field(column[0]) for column in result.description))
    for row in result.fetchall():
        print(",".join(field(value) for value in row))


main()
