//! The tables that Athena can query, and the commands that do it.

use thiserror::Error;
use trailseal_rule::BucketName;

/// A table that lists the objects of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Table {
    /// The live inventory table of S3 Metadata in the AWS managed table bucket.
    Metadata {
        /// Its namespace: `b_` and the bucket's name, for most buckets.
        namespace: String,
        /// Its name, `inventory`.
        name: String,
    },
    /// A table over reports of S3 Inventory with partitions `dt`, as the S3 User Guide creates it.
    Inventory {
        /// Its database.
        database: String,
        /// Its name.
        name: String,
        /// Whether the reports are CSV, in which keys are URL-encoded.
        is_csv: bool,
    },
}

/// Why a text names no table.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a table: expected `metadata`, `metadata=NAMESPACE.TABLE`, \
     `inventory=DATABASE.TABLE` or, for reports in CSV, `inventory-csv=DATABASE.TABLE`"
)]
pub struct TableError(String);

/// The catalog of the AWS managed table bucket (S3 User Guide, "Querying metadata tables").
const METADATA_CATALOG: &str = "s3tablescatalog/aws-s3";

impl Table {
    /// Reads `metadata`, `metadata=NAMESPACE.TABLE`, `inventory=DATABASE.TABLE` or
    /// `inventory-csv=DATABASE.TABLE`. `metadata` is the table that S3 makes for the bucket.
    ///
    /// # Errors
    ///
    /// [`TableError`] for any other text.
    pub fn parse(text: &str, bucket: &BucketName) -> Result<Self, TableError> {
        let error = || TableError(text.to_owned());
        if text == "metadata" {
            let namespace = format!("b_{}", bucket.as_str().replace('.', "_"));
            return Ok(Self::Metadata { namespace, name: "inventory".to_owned() });
        }
        let (kind, path) = text.split_once('=').ok_or_else(error)?;
        let (parent, name) = path.split_once('.').ok_or_else(error)?;
        let is_name = |name: &str| !name.is_empty() && !name.chars().any(char::is_control);
        if !is_name(parent) || !is_name(name) {
            return Err(error());
        }
        let (parent, name) = (parent.to_owned(), name.to_owned());
        match kind {
            "metadata" => Ok(Self::Metadata { namespace: parent, name }),
            "inventory" => Ok(Self::Inventory { database: parent, name, is_csv: false }),
            "inventory-csv" => Ok(Self::Inventory { database: parent, name, is_csv: true }),
            _ => Err(error()),
        }
    }

    /// Its quoted name in a statement.
    pub(crate) fn path(&self) -> String {
        let parts = match self {
            Self::Metadata { namespace, name } => vec![METADATA_CATALOG, namespace, name],
            Self::Inventory { database, name, .. } => vec!["awsdatacatalog", database, name],
        };
        parts.into_iter().map(quoted).collect::<Vec<_>>().join(".")
    }

    /// The commands that run the statement in the file `coverage.sql` and fetch its result.
    pub fn commands(&self, bucket: &BucketName) -> String {
        let check = match self {
            Self::Metadata { .. } => format!(
                "# The table exists, and is active, if this prints its name and ACTIVE:\n\
                 aws s3api get-bucket-metadata-configuration --bucket {bucket} --query \
                 'GetBucketMetadataConfigurationResult.MetadataConfigurationResult.\
                 [DestinationResult.TableNamespace, InventoryTableConfigurationResult]'\n\n"
            ),
            Self::Inventory { .. } => String::new(),
        };
        format!(
            "{check}\
             # RESULTS is a bucket and prefix for the result, in the Region of the table.\n\
             RESULTS=s3://BUCKET/PREFIX/\n\
             ID=$(aws athena start-query-execution --query-string file://coverage.sql \
             --result-configuration OutputLocation=\"$RESULTS\" --query QueryExecutionId \
             --output text)\n\
             # Repeat until it prints SUCCEEDED:\n\
             aws athena get-query-execution --query-execution-id \"$ID\" \
             --query QueryExecution.Status.State --output text\n\
             aws s3 cp \"$RESULTS$ID.csv\" coverage.csv\n\
             trailseal logs s3://{bucket} --athena-results coverage.csv\n"
        )
    }
}

/// A text of Trino.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An identifier of Trino.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Table, TableError> {
        Table::parse(text, &BucketName::parse("my.trail-logs").unwrap())
    }

    #[test]
    fn tables_are_named_with_quotes() {
        for (text, path) in [
            ("metadata", r#""s3tablescatalog/aws-s3"."b_my_trail-logs"."inventory""#),
            ("metadata=b_x.inventory", r#""s3tablescatalog/aws-s3"."b_x"."inventory""#),
            ("inventory=logs.all", r#""awsdatacatalog"."logs"."all""#),
            (r#"inventory-csv=a".b; --"#, r#""awsdatacatalog"."a"""."b; --""#),
        ] {
            assert_eq!(table(text).unwrap().path(), path);
        }
        for text in ["", "inventory", "inventory=a", "orc=a.b", "inventory=.b", "inventory=a.\n"] {
            assert_eq!(table(text), Err(TableError(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_text_ends_at_its_last_quote() {
        assert_eq!(literal("trail-logs"), "'trail-logs'");
        assert_eq!(literal("a' OR 1"), "'a'' OR 1'");
    }

    #[test]
    fn the_commands_name_the_bucket() {
        let bucket = BucketName::parse("trail-logs").unwrap();
        let commands = table("metadata").unwrap().commands(&bucket);
        assert!(commands.contains("get-bucket-metadata-configuration --bucket trail-logs"));
        assert!(
            commands.ends_with("trailseal logs s3://trail-logs --athena-results coverage.csv\n")
        );
        let commands = table("inventory=a.b").unwrap().commands(&bucket);
        assert!(!commands.contains("metadata"), "{commands}");
    }
}
