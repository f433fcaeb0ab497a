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

PATTERN = (
    r"^(?:(.+)/)?AWSLogs/(?:(o-[a-z0-9]{10,32})/)?(\d{12})/(CloudTrail(?:-[A-Za-z]+)?)/"
    r"([a-z]{2,}(?:-[a-z]+)+-\d+)/(\d{4})/(\d{2})/\d{2}/[^/]+\.json\.gz$"
)

NAMES = "['prefix', 'organization', 'account', 'kind', 'region', 'year', 'month']"


def query(kind, folder):
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
        SELECT name, is_latest, is_delete_marker, storage_class, encryption_status,
               count(*) AS files, sum(CAST(nullif(CAST(size AS VARCHAR), '') AS BIGINT)) AS bytes,
               min(key) AS oldest, max(key) AS newest
        FROM (SELECT * REPLACE ({key} AS key) FROM {source}) AS rows,
             LATERAL (SELECT regexp_extract(key, '{PATTERN}', {NAMES}) AS name)
        WHERE name.account != ''
        GROUP BY ALL
    """


def main():
    kind, folder, threads = sys.argv[1:]
    connection = duckdb.connect()
    connection.execute(f"SET threads = {int(threads)}")
    begin = time.perf_counter()
    groups = connection.execute(query(kind, folder)).fetchall()
    seconds = time.perf_counter() - begin
    files = sum(group[5] for group in groups)
    print(json.dumps({"seconds": seconds, "groups": len(groups), "files": files}))


main()
