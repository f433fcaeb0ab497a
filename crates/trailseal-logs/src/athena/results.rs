//! The CSV file that Athena writes for the statement.

use std::io::{BufRead, BufReader, Read};

use thiserror::Error;
use trailseal_rule::{BucketName, KeyArn, Timestamp};

use crate::coverage::{Coverage, Example, Folder, Row, Totals};
use crate::csv_rows::{self, Rows};
use crate::encryption::KeyName;
use crate::inventory::Record;
use crate::key::{FileKey, Parsed, instant, parse};
use crate::text::shortened;

/// What a result says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The files of CloudTrail.
    pub coverage: Coverage,
    /// Objects that were counted, as the total of the statement says.
    pub objects: u64,
    /// The time of the inventory report that was counted. The S3 Metadata table names no time.
    pub as_of: Option<Timestamp>,
    /// The time at which the query ran. The statement of earlier releases does not ask for it.
    pub queried_at: Option<Timestamp>,
}

/// Why a result is not usable. Nothing of it is counted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ResultsError {
    /// The first row does not name each column of the statement once.
    #[error("the first row does not name the columns of the statement: {0}")]
    Header(String),
    /// A row is not one of the statement's.
    #[error("row {row}: {fault}")]
    Row {
        /// Its number; the header is the first.
        row: u64,
        /// What is wrong.
        fault: String,
    },
    /// The total is missing or differs: the file was cut, or rows were added.
    #[error(
        "the rows count {counted} objects, but the total is {}: fetch the whole result again",
        total.map_or_else(|| "missing".to_owned(), |total| total.to_string())
    )]
    Total {
        /// The sum of all rows.
        counted: u64,
        /// The total of the last row.
        total: Option<u64>,
    },
}

const COLUMNS: [&str; 19] = [
    "class",
    "bucket",
    "as_of",
    "prefix",
    "organization",
    "account",
    "kind",
    "region",
    "month",
    "is_latest",
    "is_delete_marker",
    "encryption",
    "kms_key_arn",
    "storage_class",
    "files",
    "bytes",
    "oldest",
    "newest",
    QUERIED_AT,
];

/// The column that may be missing.
const QUERIED_AT: &str = "queried_at";

/// Reads the CSV file of a result about this bucket.
///
/// # Errors
///
/// [`ResultsError`] if anything in the file is not what the statement gives, if it was cut, or if a
/// row is about another bucket or another report than the first.
pub fn read(input: impl Read, bucket: &BucketName) -> Result<Outcome, ResultsError> {
    let mut rows = Rows::new(BufReader::new(input), COLUMNS.len());
    let places = header(&mut rows)?;
    let columns = places.iter().flatten().count();
    let mut results = Results::of(bucket);
    let mut number = 1;
    loop {
        number += 1;
        let fault = |fault| ResultsError::Row { row: number, fault };
        let Some(row) = rows.next().map_err(fault)? else { break };
        if row.len() != columns {
            let values = row.len();
            return Err(fault(format!("it has {values} values, expected {columns}")));
        }
        results.add(&Values { row, places: &places }).map_err(fault)?;
    }
    let Results { coverage, counted, total, as_of, queried_at, .. } = results;
    match total {
        Some(objects) if objects == counted => {
            let (as_of, queried_at) = (as_of.flatten(), queried_at.flatten());
            Ok(Outcome { coverage, objects, as_of, queried_at })
        }
        _ => Err(ResultsError::Total { counted, total }),
    }
}

/// Where each of [`COLUMNS`] is in a row.
type Places = [Option<usize>; COLUMNS.len()];

fn header(rows: &mut Rows<impl BufRead>) -> Result<Places, ResultsError> {
    let row = rows.next().map_err(ResultsError::Header)?;
    let row = row.ok_or_else(|| ResultsError::Header("the file is empty".to_owned()))?;
    let found = |column: &str| {
        let places = 0..row.len();
        places.filter(|place| row.value(*place) == column.as_bytes()).collect::<Vec<_>>()
    };
    let mut faults = Vec::new();
    let places = COLUMNS.map(|column| match found(column).as_slice() {
        [place] => Some(*place),
        [] if column == QUERIED_AT => None,
        [] => {
            faults.push(format!("`{column}` is missing"));
            None
        }
        _ => {
            faults.push(format!("`{column}` is there twice"));
            None
        }
    });
    if faults.is_empty() { Ok(places) } else { Err(ResultsError::Header(faults.join("; "))) }
}

/// A row by the names of columns.
struct Values<'a> {
    row: &'a csv_rows::Row,
    places: &'a Places,
}

impl<'a> Values<'a> {
    fn place(&self, column: &str) -> Option<usize> {
        let index = COLUMNS.iter().position(|name| *name == column)?;
        self.places.get(index).copied().flatten()
    }

    fn text(&self, column: &str) -> Result<&'a str, String> {
        let value = self.place(column).map(|place| self.row.value(place)).unwrap_or_default();
        std::str::from_utf8(value).map_err(|_| format!("`{column}` is not UTF-8"))
    }

    fn read<T>(
        &self,
        column: &str,
        expected: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, String> {
        let text = self.text(column)?;
        read(text).ok_or_else(|| {
            let text = shortened(text);
            format!("`{column}` is `{text}`, expected {expected}")
        })
    }

    fn number(&self, column: &str) -> Result<u64, String> {
        self.read(column, "a number", |text| text.parse().ok())
    }

    fn flag(&self, column: &str) -> Result<bool, String> {
        self.read(column, "`true` or `false`", |text| text.parse().ok())
    }

    fn queried_at(&self) -> Result<Option<Timestamp>, String> {
        if self.place(QUERIED_AT).is_none() {
            return Ok(None);
        }
        let time = |text| Timestamp::parse(text).ok();
        self.read(QUERIED_AT, "a time such as `2026-01-31T01:00:00Z`", time).map(Some)
    }

    fn file(&self, column: &str) -> Result<FileKey<'a>, String> {
        self.read(column, "the key of a file of CloudTrail", |text| match parse(text) {
            Parsed::File(file) => Some(file),
            Parsed::Other | Parsed::Unrecognized => None,
        })
    }
}

struct Results<'a> {
    bucket: &'a BucketName,
    /// The time that the first row names, if it names one.
    as_of: Option<Option<Timestamp>>,
    /// The same for the time of the query.
    queried_at: Option<Option<Timestamp>>,
    coverage: Coverage,
    counted: u64,
    total: Option<u64>,
}

impl<'a> Results<'a> {
    fn of(bucket: &'a BucketName) -> Self {
        Self {
            bucket,
            as_of: None,
            queried_at: None,
            coverage: Coverage::default(),
            counted: 0,
            total: None,
        }
    }

    fn add(&mut self, values: &Values<'_>) -> Result<(), String> {
        let files = values.number("files")?;
        let queried_at = values.queried_at()?;
        if *self.queried_at.get_or_insert(queried_at) != queried_at {
            return Err(format!("`{QUERIED_AT}` is another time than that of the rows before"));
        }
        let class = values.text("class")?;
        if class.is_empty() {
            return match self.total.replace(files) {
                Some(_) => Err("it is a second total".to_owned()),
                None => Ok(()),
            };
        }
        self.check_table(values)?;
        match class {
            "other" => self.coverage.others = self.coverage.others.saturating_add(files),
            "unrecognized" => {
                self.coverage.set_aside(values.text("oldest")?);
                let others = files.saturating_sub(1);
                self.coverage.unrecognized = self.coverage.unrecognized.saturating_add(others);
            }
            "file" => self.coverage.add(row(values, files)?),
            other => {
                let other = shortened(other);
                return Err(format!(
                    "`class` is `{other}`, expected `file`, `unrecognized` or `other`"
                ));
            }
        }
        self.counted = self.counted.saturating_add(files);
        Ok(())
    }

    /// Every row is about the bucket and about the same report.
    fn check_table(&mut self, values: &Values<'_>) -> Result<(), String> {
        let bucket = values.text("bucket")?;
        if bucket != self.bucket.as_str() {
            let bucket = shortened(bucket);
            return Err(format!("it is about bucket `{bucket}`, expected `{}`", self.bucket));
        }
        let as_of = match values.text("as_of")? {
            "" => None,
            _ => Some(values.read("as_of", "a time such as `2026-01-31-01-00`", partition)?),
        };
        if *self.as_of.get_or_insert(as_of) != as_of {
            return Err("`as_of` is another time than that of the rows before".to_owned());
        }
        Ok(())
    }
}

/// The time of a report, as its partition `dt` has it: `YYYY-MM-DD-HH-MM` (S3 User Guide, "Locating
/// your inventory list").
fn partition(text: &str) -> Option<Timestamp> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day, hour, minute] = *parts.as_slice() else { return None };
    let has_widths = year.len() == 4 && [month, day, hour, minute].iter().all(|it| it.len() == 2);
    instant(&format!("{year}{month}{day}T{hour}{minute}"), "").filter(|_| has_widths)
}

/// The files of a folder, month and class. Their oldest and newest file must be in that folder and
/// month.
fn row(values: &Values<'_>, files: u64) -> Result<Row, String> {
    let (oldest, newest) = (values.file("oldest")?, values.file("newest")?);
    for (column, file) in [("oldest", &oldest), ("newest", &newest)] {
        let of_file = [
            ("prefix", file.prefix.to_owned()),
            ("organization", file.organization.unwrap_or_default().to_owned()),
            ("account", file.account.to_owned()),
            ("kind", file.kind.as_str().to_owned()),
            ("region", file.region.to_owned()),
            ("month", file.month.to_string()),
        ];
        for (part, of_file) in of_file {
            let text = values.text(part)?;
            if text != of_file {
                let text = shortened(text);
                return Err(format!(
                    "`{part}` is `{text}`, but `{column}` is a file of `{of_file}`"
                ));
            }
        }
    }
    let is_before = (oldest.time, oldest.key) <= (newest.time, newest.key);
    let is_one = oldest.key == newest.key;
    if files == 0 || !is_before || (files == 1 && !is_one) {
        return Err(format!("`files` is {files}, which `oldest` and `newest` contradict"));
    }
    let folder = Folder::of(&oldest).ok_or("`oldest` has an account or Region that is not one")?;
    let key = match values.text("kms_key_arn")? {
        "" => KeyName::Unnamed,
        _ => KeyName::Arn(
            values.read("kms_key_arn", "the ARN of a KMS key", |text| KeyArn::parse(text).ok())?,
        ),
    };
    let record = Record {
        is_latest: Some(values.flag("is_latest")?),
        is_delete_marker: Some(values.flag("is_delete_marker")?),
        storage_class: values.text("storage_class")?.as_bytes(),
        encryption: values.text("encryption")?.as_bytes(),
        ..Record::default()
    };
    let class = record.class(key);
    let example = |file: FileKey<'_>| Example { time: file.time, key: file.key.to_owned() };
    let month = oldest.month;
    let bytes = values.number("bytes")?;
    let totals = Totals { files, bytes, oldest: example(oldest), newest: example(newest) };
    Ok(Row { folder, month, class, totals })
}
