//! How the files that CloudTrail has delivered to a bucket are encrypted.
//!
//! A source reads the encryption of files and puts each file into a [`Coverage`], which counts them
//! by account, kind, Region, month and status. [`key`] reads the names of files.
//!
//! *Invariant of absence*: nothing here judges a trail. Only the command depends on this crate.

pub mod athena;
pub mod inventory;
pub mod key;
pub mod live;

mod client;
mod coverage;
mod csv_rows;
mod encryption;
mod month;
mod ownership;
mod text;

pub use crate::coverage::{Class, Coverage, Example, Folder, Owner, Row, Totals, Version};
pub use crate::encryption::{Encryption, FileStatus, KeyName, StorageClass, Unread};
pub use crate::key::{FileKey, Kind, Parsed, parse};
pub use crate::month::Month;
pub use crate::ownership::enforces_owner;
