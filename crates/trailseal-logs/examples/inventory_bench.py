"""Aggregates an S3 Inventory report with DuckDB, as `inventory_bench` does, and prints JSON.

Arguments: the format (csv or parquet), the folder of data files, and the number of threads.
The time is that of the query alone, without the start of Python.
"""

import json
import sys
import time

import duckdb

COLUMNS = (
    "bucket key version_id is_latest is_delete_marker size last_modified_date e_tag storage_class "
    "is_multipart_uploaded replication_status encryption_status bucket_key_status"
).split()


def query(kind, folder):
    """Splits keys at slashes: with two regular expressions, the query took longer."""
    if kind == "csv":
        types = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
        source = (
            f"read_csv('{folder}/*.csv.gz', header = false, columns = {{{types}}}, quote = '\"', "
            "escape = '\"', auto_detect = false)"
        )
        key = "url_decode(key)"
    else:
        source, key = f"read_parquet('{folder}/*.parquet')", "key"
    return f"""
        SELECT parts[:-8] AS root, parts[-7] AS account, parts[-6] AS kind, parts[-5] AS region,
               parts[-4] AS year, parts[-3] AS month,
               is_latest, is_delete_marker, storage_class, encryption_status,
               count(*) AS files, sum(TRY_CAST(size AS BIGINT)) AS bytes,
               min(key) AS oldest, max(key) AS newest
        FROM (SELECT * REPLACE ({key} AS key), string_split({key}, '/') AS parts FROM {source})
        WHERE len(parts) >= 8 AND parts[-6] LIKE 'CloudTrail%' AND key LIKE '%.json.gz'
        GROUP BY ALL
    """


def main():
    kind, folder, threads = sys.argv[1:]
    connection = duckdb.connect()
    connection.execute(f"SET threads = {int(threads)}")
    begin = time.perf_counter()
    groups = connection.execute(query(kind, folder)).fetchall()
    seconds = time.perf_counter() - begin
    files = sum(group[10] for group in groups)
    print(json.dumps({"seconds": seconds, "groups": len(groups), "files": files}))


main()
