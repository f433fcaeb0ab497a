//! Counts the files of buckets that are too large to list, with a query in Amazon Athena.
//!
//! [`query`] writes the statement and [`Table::commands`] the commands that run it; [`read`] reads the
//! CSV file that Athena writes. The statement reads names as [`crate::key`] does, with the same words
//! for what is set aside.
//!
//! The S3 Metadata table names the KMS key of each object; a table of S3 Inventory does not (S3 User
//! Guide, "S3 Metadata live inventory tables schema" and "Querying Amazon S3 Inventory with Amazon
//! Athena").

mod query;
mod results;
mod table;

pub use query::query;
pub use results::{Outcome, ResultsError, read};
pub use table::{Table, TableError};
