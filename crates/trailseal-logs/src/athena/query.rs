//! The statement that counts files.

use trailseal_rule::BucketName;

use super::Table;
use super::table::literal;

/// A key in a folder of CloudTrail: prefix, organization, account, kind, Region, year, month, day and
/// name. It is the grammar of [`crate::key`].
const FOLDER: &str = r"(?s)^(?:(.+)/)?AWSLogs/(?:(o-[a-z0-9]{10,32})/)?([0-9]{12})/(CloudTrail(?:-[A-Za-z]{1,32})?)/([a-z]+(?:-[a-z]+)+-[0-9]+)/([0-9]{4})/([0-9]{2})/([0-9]{2})/([^/]*)$";

/// Any key in the folder of an account, kind and Region. Names of files that CloudTrail does not give
/// are such keys, and so are files whose prefix is in such a folder.
const IN_REGION_FOLDER: &str = r"(?s)^(?:.+/)?AWSLogs/(?:o-[a-z0-9]{10,32}/)?[0-9]{12}/CloudTrail(?:-[A-Za-z]{1,32})?/[a-z]+(?:-[a-z]+)+-[0-9]+/";

/// The name of a log file after `ACCOUNT_KIND_REGION_`.
const LOG: &str = r"^[0-9]{8}T([01][0-9]|2[0-3])[0-5][0-9](Z_?[A-Za-z0-9]{1,64}|_[A-Za-z0-9]{1,64}|[A-Ya-z0-9][A-Za-z0-9]{0,63})\.json\.gz$";

/// The name of a digest after `ACCOUNT_KIND_REGION_`: the Region of the trail and the time.
const DIGEST: &str = r"^[A-Za-z0-9._-]{3,128}_([a-z]+(?:-[a-z]+)+-[0-9]+)_([0-9]{8}T(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])Z(?:_backfill)?\.json\.gz$";

/// The statement that counts the objects of a bucket in a table, in the SQL of Athena (Trino).
///
/// A table can list other buckets too; their objects do not count. Each row names the bucket and, for
/// an inventory, the report's partition `dt`, and all rows name the time of the query. The last row
/// is the total: a result that was cut is found out.
pub fn query(table: &Table, bucket: &BucketName) -> String {
    let (from, bucket) = (table.path(), literal(bucket.as_str()));
    let objects = match table {
        Table::Metadata { .. } => format!(
            "  SELECT bucket, CAST(NULL AS varchar) AS as_of, -- the table does not say it
         key, size, storage_class, kms_key_arn,
         coalesce(is_delete_marker, false) AS is_delete_marker,
         coalesce(encryption_status, 'NOT-SSE') AS encryption, -- null means not encrypted
         row_number() OVER (PARTITION BY key ORDER BY sequence_number DESC) = 1 AS is_latest
  FROM {from}
  WHERE bucket = {bucket}"
        ),
        Table::Inventory { is_csv, .. } => {
            let key = if *is_csv { "url_decode(replace(key, '+', ' '))" } else { "key" };
            format!(
                "  SELECT bucket, CAST(dt AS varchar) AS as_of,
         {key} AS key, try_cast(CAST(size AS varchar) AS bigint) AS size, storage_class,
         CAST(NULL AS varchar) AS kms_key_arn, -- S3 Inventory names no key
         coalesce(lower(CAST(is_delete_marker AS varchar)), '') = 'true' AS is_delete_marker,
         coalesce(encryption_status, '') AS encryption,
         coalesce(lower(CAST(is_latest AS varchar)), '') <> 'false' AS is_latest
  FROM {from}
  WHERE bucket = {bucket} AND dt = (SELECT max(dt) FROM {from} WHERE bucket = {bucket})"
            )
        }
    };
    let parts = ["prefix", "organization", "account", "kind", "region", "y", "m", "d", "name"];
    let parts: Vec<String> = (1..)
        .zip(parts)
        .map(|(group, part)| {
            format!("         coalesce(regexp_extract(key, '{FOLDER}', {group}), '') AS {part}")
        })
        .collect();
    let parts = parts.join(",\n");
    format!(
        "WITH objects AS (
{objects}
), parts AS (
  SELECT objects.*,
{parts}
  FROM objects
), names AS (
  SELECT parts.*,
         try_cast(y || '-' || m || '-' || d AS date) AS folder_date,
         substr(name, length(account) + length(kind) + length(region) + 4) AS rest
  FROM parts
), times AS (
  SELECT names.*,
         CASE WHEN kind = 'CloudTrail-Digest' THEN coalesce(regexp_extract(rest, '{DIGEST}', 2), '')
              WHEN regexp_like(rest, '{LOG}') THEN substr(rest, 1, 13)
              ELSE '' END AS name_time
  FROM names
), dates AS (
  SELECT times.*,
         try_cast(substr(name_time, 1, 4) || '-' || substr(name_time, 5, 2) || '-'
                  || substr(name_time, 7, 2) AS date) AS name_date
  FROM times
), classes AS (
  SELECT dates.*,
         CASE WHEN key LIKE '%/' OR NOT regexp_like(key, '{IN_REGION_FOLDER}')
              THEN 'other' -- not in a folder of CloudTrail
              WHEN folder_date IS NOT NULL AND y <> '0000' AND length(region) <= 32
                   AND NOT regexp_like(prefix || '/', '{IN_REGION_FOLDER}')
                   AND starts_with(name, account || '_' || kind || '_' || region || '_')
                   AND coalesce(abs(date_diff('day', folder_date, name_date)) <= 1, false)
                   AND substr(name_time, 1, 4) <> '0000'
                   AND length(coalesce(regexp_extract(rest, '{DIGEST}', 1), '')) <= 32
              THEN 'file' -- and anything else is not a name that CloudTrail gives
              ELSE 'unrecognized' END AS class
  FROM dates
), counted AS (
  SELECT class, bucket, as_of,
         CASE WHEN class = 'file' THEN prefix END AS prefix,
         CASE WHEN class = 'file' THEN organization END AS organization,
         CASE WHEN class = 'file' THEN account END AS account,
         CASE WHEN class = 'file' THEN kind END AS kind,
         CASE WHEN class = 'file' THEN region END AS region,
         CASE WHEN class = 'file' THEN y || '-' || m END AS month,
         CASE WHEN class = 'file' THEN is_latest END AS is_latest,
         CASE WHEN class = 'file' THEN is_delete_marker END AS is_delete_marker,
         CASE WHEN class = 'file' THEN encryption END AS encryption,
         CASE WHEN class = 'file' THEN kms_key_arn END AS kms_key_arn,
         CASE WHEN class = 'file' THEN storage_class END AS storage_class,
         size, key, name_time || key AS time_and_key
  FROM classes
)
SELECT class, bucket, as_of, prefix, organization, account, kind, region, month, is_latest,
       is_delete_marker, encryption, kms_key_arn, storage_class, count(*) AS files, coalesce(sum(size), 0) AS bytes,
       CASE WHEN class <> 'other' THEN min_by(key, time_and_key) END AS oldest,
       CASE WHEN class <> 'other' THEN max_by(key, time_and_key) END AS newest,
       date_format(current_timestamp AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%i:%sZ') AS queried_at
FROM counted
GROUP BY GROUPING SETS (
  (class, bucket, as_of, prefix, organization, account, kind, region, month, is_latest,
   is_delete_marker, encryption, kms_key_arn, storage_class),
  ())
ORDER BY class, account, kind, region, month
"
    )
}
