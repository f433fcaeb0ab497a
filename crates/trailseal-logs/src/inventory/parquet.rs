//! Data files in Parquet. Columns are found by name in the schema of the file itself.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Type};
use parquet::column::reader::{ColumnReaderImpl, get_column_reader};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::file::FOOTER_SIZE;
use parquet::file::metadata::{
    ColumnChunkMetaData, FooterTail, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use parquet::file::reader::SerializedPageReader;
use parquet::schema::types::SchemaDescriptor;

use super::files::{Content, verified};
use super::format::FILE_METADATA;
use super::manifest::DataFile;
use super::pages::{Chunks, LimitedPageReader};
use super::rows::{Column, Counter, Record, RowFault};
use super::thrift::{Thrift, is_well_typed};

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 2048;

/// The longest metadata of a file that is read.
const METADATA_BYTES_MAX: usize = 8 << 20;

/// The columns of the widest schema that is read.
const COLUMNS_MAX: u64 = 1000;

/// Where each column of [`Column::ALL`] is in the schema.
type Places = [Option<usize>; Column::ALL.len()];

/// Counts the rows of a file after its checksum was verified. Returns the columns that it lacks.
///
/// `stop` is checked between rows. If it returns `true`, not all rows were counted, and the caller
/// discards the result.
pub(crate) fn count(
    input: Box<dyn Content>,
    file: &DataFile,
    counter: &mut Counter<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Column>, String> {
    let content: Arc<dyn Content> = Arc::from(verified(input, file, stop)?);
    let metadata = metadata(&*content)?;
    check_amount(&metadata, content.bytes())?;
    let places = places(metadata.file_metadata().schema_descr())?;
    for (place, group) in metadata.row_groups().iter().enumerate() {
        let counted = count_group(&content, group, &places, counter, stop);
        counted.map_err(|fault| format!("row group {place}: {fault}"))?;
    }
    let lacked = Column::ALL.into_iter().zip(places).filter(|(_, place)| place.is_none());
    Ok(lacked.map(|(column, _)| column).collect())
}

fn metadata(content: &dyn Content) -> Result<ParquetMetaData, String> {
    let before_end = |bytes: usize, end: usize| -> Result<Bytes, String> {
        let from_end = u64::try_from(bytes + end).unwrap_or(u64::MAX);
        let short = "it is not a Parquet file: it is too short";
        let start = content.bytes().checked_sub(from_end).ok_or(short)?;
        let read = content.read_at(start, bytes).map_err(|error| error.to_string())?;
        if read.len() == bytes { Ok(read) } else { Err(short.to_owned()) }
    };
    let tail = before_end(FOOTER_SIZE, 0)?;
    let tail = <&[u8; FOOTER_SIZE]>::try_from(&*tail).map_err(|error| error.to_string())?;
    let tail = FooterTail::try_new(tail).map_err(|error| error.to_string())?;
    let bytes = tail.metadata_length();
    if tail.is_encrypted_footer() || bytes > METADATA_BYTES_MAX {
        let max = METADATA_BYTES_MAX >> 20;
        return Err(format!(
            "its metadata is encrypted or has {bytes} bytes, expected plain metadata of at most \
             {max} MiB"
        ));
    }
    let metadata = before_end(bytes, FOOTER_SIZE)?;
    check_metadata(&metadata)?;
    ParquetMetaDataReader::decode_metadata(&metadata).map_err(|error| error.to_string())
}

/// Checks that the numbers of rows and of bytes that are read are bounded by the size of the file: a
/// run of equal values takes a few bytes for any number of rows, and several row groups can name the
/// same bytes. [`Counter::count`] bounds the texts of a row, which a dictionary has once for all rows.
///
/// Each row of a report has a key or a version ID of its own, and its text takes at least a byte, also
/// if it is compressed.
fn check_amount(metadata: &ParquetMetaData, file_bytes: u64) -> Result<(), String> {
    // Negative numbers are refused where they are used.
    let sum = |numbers: &mut dyn Iterator<Item = i64>| {
        let numbers = numbers.map(|number| u64::try_from(number).unwrap_or_default());
        numbers.fold(0_u64, u64::saturating_add)
    };
    let groups = || metadata.row_groups().iter();
    let rows = sum(&mut groups().map(RowGroupMetaData::num_rows));
    let columns = groups().flat_map(RowGroupMetaData::columns);
    let bytes = sum(&mut columns.map(ColumnChunkMetaData::compressed_size));
    if rows > file_bytes {
        return Err(format!(
            "it has {rows} rows in {file_bytes} bytes, expected at most one for each byte"
        ));
    }
    if bytes > file_bytes {
        return Err(format!("its columns have {bytes} bytes in a file of {file_bytes}"));
    }
    Ok(())
}

/// Checks what the decoder takes for granted in the metadata of a file, which is a struct in Thrift's
/// compact protocol (`FileMetaData` of the Parquet format).
fn check_metadata(metadata: &[u8]) -> Result<(), String> {
    if !is_well_typed(metadata, FILE_METADATA) {
        return Err("its metadata is malformed".to_owned());
    }
    let checked = Thrift::new(metadata).fields(&mut |thrift, id, kind| match id {
        2 => check_schema(thrift),
        _ => thrift.skip(kind, 0),
    });
    checked.ok_or_else(|| format!("its schema is not one group of at most {COLUMNS_MAX} columns"))
}

/// The decoder takes memory for as many columns as a group says, and calls itself for each group.
/// The schema of an inventory is one group, the first element.
fn check_schema(thrift: &mut Thrift<'_>) -> Option<()> {
    let (elements, _) = thrift.list()?;
    let columns = elements.checked_sub(1).filter(|columns| *columns <= COLUMNS_MAX)?;
    for place in 0..elements {
        let mut children = None;
        thrift.fields(&mut |thrift, id, kind| match id {
            5 => children.replace(thrift.integer()?).is_none().then_some(()),
            _ => thrift.skip(kind, 0),
        })?;
        let expected = if place == 0 { columns } else { 0 };
        (u64::try_from(children.unwrap_or_default()).ok()? == expected).then_some(())?;
    }
    Some(())
}

/// Finds each column once and with its type, or names all faults.
fn places(schema: &SchemaDescriptor) -> Result<Places, String> {
    let mut faults = Vec::new();
    let places = Column::ALL.map(|column| {
        let name = column.parquet_name();
        let is_named = |path: &[String]| matches!(path, [only] if only == name);
        let mut found = schema.columns().iter().enumerate();
        let mut found = found.by_ref().filter(|(_, known)| is_named(known.path().parts()));
        let first = found.next();
        if found.next().is_some() {
            faults.push(format!("column `{name}` is there twice"));
        }
        match first {
            None if column.is_required() => faults.push(format!("column `{name}` is missing")),
            None => {}
            Some((_, known)) => {
                let (kind, expected) = (known.physical_type(), physical_type(column));
                if kind != expected || known.max_rep_level() > 0 {
                    faults.push(format!("column `{name}` is {kind}, expected one {expected}"));
                }
            }
        }
        first.map(|(place, _)| place)
    });
    if faults.is_empty() { Ok(places) } else { Err(faults.join("; ")) }
}

fn physical_type(column: Column) -> Type {
    match column {
        Column::Bucket | Column::Key | Column::StorageClass | Column::EncryptionStatus => {
            Type::BYTE_ARRAY
        }
        Column::IsLatest | Column::IsDeleteMarker => Type::BOOLEAN,
        Column::Size => Type::INT64,
    }
}

fn count_group(
    content: &Arc<dyn Content>,
    group: &RowGroupMetaData,
    places: &Places,
    counter: &mut Counter<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<(), String> {
    let [bucket, key, is_latest, is_delete_marker, size, storage_class, encryption] = *places;
    let mut columns = Columns {
        bucket: open(content, group, bucket)?,
        key: open(content, group, key)?,
        is_latest: open(content, group, is_latest)?,
        is_delete_marker: open(content, group, is_delete_marker)?,
        size: open(content, group, size)?,
        storage_class: open(content, group, storage_class)?,
        encryption: open(content, group, encryption)?,
    };
    let rows = u64::try_from(group.num_rows()).map_err(|_| "it has a negative number of rows")?;
    let mut row = 0;
    while row < rows {
        if stop() {
            return Ok(());
        }
        let batch = BATCH_ROWS.min(usize::try_from(rows - row).unwrap_or(BATCH_ROWS));
        columns.decode(batch)?;
        for _ in 0..batch {
            row += 1;
            let counted = columns.next().and_then(|record| counter.count(&record));
            counted.map_err(|fault| format!("row {row}: {fault}"))?;
        }
    }
    let more = columns.key.as_mut().map_or(Ok(0), |key| key.read(1))?;
    if more > 0 { Err(format!("it has more rows than the {rows} of its metadata")) } else { Ok(()) }
}

fn open<T: DataType>(
    content: &Arc<dyn Content>,
    group: &RowGroupMetaData,
    place: Option<usize>,
) -> Result<Option<Values<T>>, String> {
    let Some(column) = place.and_then(|place| group.columns().get(place)) else {
        return Ok(None);
    };
    let name = column.column_path().string();
    let end = end(column, content.bytes()).map_err(|fault| format!("column `{name}`: {fault}"))?;
    let rows = usize::try_from(group.num_rows()).unwrap_or_default();
    let pages = SerializedPageReader::new(Arc::new(Chunks::new(content, end)), column, rows, None)
        .map_err(|error| format!("column `{name}`: {error}"))?;
    let descriptor = column.column_descr_ptr();
    let pages = LimitedPageReader::new(pages, descriptor.clone());
    let reader = get_column_reader(descriptor, Box::new(pages));
    let reader = T::get_column_reader(reader).ok_or("it has another type")?;
    Ok(Some(Values { name, reader, levels: Vec::new(), values: Vec::new(), row: 0, next: 0 }))
}

/// Where a column ends, after a check of what the reader of pages takes for granted.
fn end(column: &ColumnChunkMetaData, file_bytes: u64) -> Result<u64, String> {
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let end = start.checked_add(column.compressed_size()).and_then(|end| u64::try_from(end).ok());
    let end = end.filter(|end| *end <= file_bytes && start >= 0 && column.compressed_size() >= 0);
    let end = end.ok_or("it is not within the file")?;
    let compression = column.compression();
    if matches!(compression, Compression::SNAPPY | Compression::UNCOMPRESSED) {
        return Ok(end);
    }
    // The crate also prints a level, which the file does not have.
    let compression = compression.to_string();
    let name = compression.split('(').next().unwrap_or_default();
    Err(format!("it is compressed with {name}, expected SNAPPY or none"))
}

struct Columns {
    bucket: Option<Values<ByteArrayType>>,
    key: Option<Values<ByteArrayType>>,
    is_latest: Option<Values<BoolType>>,
    is_delete_marker: Option<Values<BoolType>>,
    size: Option<Values<Int64Type>>,
    storage_class: Option<Values<ByteArrayType>>,
    encryption: Option<Values<ByteArrayType>>,
}

impl Columns {
    fn decode(&mut self, rows: usize) -> Result<(), String> {
        let texts =
            [&mut self.bucket, &mut self.key, &mut self.storage_class, &mut self.encryption];
        for values in texts.into_iter().flatten() {
            values.decode(rows)?;
        }
        for values in [&mut self.is_latest, &mut self.is_delete_marker].into_iter().flatten() {
            values.decode(rows)?;
        }
        self.size.as_mut().map_or(Ok(()), |values| values.decode(rows))
    }

    fn next(&mut self) -> Result<Record<'_>, RowFault> {
        let size = self.size.as_mut().and_then(Values::next).copied();
        let is_negative = |size: &i64| *size < 0;
        if let Some(size) = size.filter(is_negative) {
            let text = size.to_string();
            return Err(RowFault::value(Column::Size, text.as_bytes(), "a number of bytes"));
        }
        Ok(Record {
            bucket: text(&mut self.bucket),
            key: text(&mut self.key),
            is_latest: flag(Column::IsLatest, &mut self.is_latest)?,
            is_delete_marker: flag(Column::IsDeleteMarker, &mut self.is_delete_marker)?,
            size: size.and_then(|size| u64::try_from(size).ok()),
            storage_class: text(&mut self.storage_class),
            encryption: text(&mut self.encryption),
        })
    }
}

fn text(values: &mut Option<Values<ByteArrayType>>) -> &[u8] {
    values.as_mut().and_then(Values::next).map(ByteArray::data).unwrap_or_default()
}

fn flag(column: Column, values: &mut Option<Values<BoolType>>) -> Result<Option<bool>, RowFault> {
    let Some(values) = values else { return Ok(None) };
    match values.next() {
        Some(flag) => Ok(Some(*flag)),
        None => Err(RowFault::value(column, b"", "`true` or `false`")),
    }
}

/// The values of a column in the current batch.
struct Values<T: DataType> {
    name: String,
    reader: ColumnReaderImpl<T>,
    /// For each row 1 if there is a value, and 0 if not; empty if there always is.
    levels: Vec<i16>,
    values: Vec<T::T>,
    row: usize,
    next: usize,
}

impl<T: DataType> Values<T> {
    fn decode(&mut self, rows: usize) -> Result<(), String> {
        let read = self.read(rows)?;
        if read == rows {
            return Ok(());
        }
        Err(format!("column `{}` has {read} of the next {rows} values", self.name))
    }

    /// Reads at most this number of rows, and returns how many it read.
    fn read(&mut self, rows: usize) -> Result<usize, String> {
        self.levels.clear();
        self.values.clear();
        (self.row, self.next) = (0, 0);
        let levels = Some(&mut self.levels);
        let read = self.reader.read_records(rows, levels, None, &mut self.values);
        let (read, ..) = read.map_err(|error| format!("column `{}`: {error}", self.name))?;
        Ok(read)
    }

    fn next(&mut self) -> Option<&T::T> {
        let is_null = self.levels.get(self.row) == Some(&0);
        self.row += 1;
        if is_null {
            return None;
        }
        self.next += 1;
        self.values.get(self.next - 1)
    }
}
