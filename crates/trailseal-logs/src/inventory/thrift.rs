//! Reads Thrift's compact protocol, in which a Parquet file describes itself.
//!
//! The decoder takes sizes and counts for granted, so they are checked before it reads them. It
//! reads the fields that it knows by their IDs alone, so [`is_well_typed`] comes first: after it,
//! both read the same.

/// The type of a value.
pub(crate) enum Type {
    Boolean,
    I8,
    I16,
    I32,
    I64,
    Double,
    Binary,
    List(&'static Self),
    Struct(Fields),
}

/// The fields of a struct, with their IDs.
pub(crate) type Fields = &'static [(i64, Type)];

/// Whether the bytes start with a struct in which every field of these has its type.
pub(crate) fn is_well_typed(bytes: &[u8], fields: Fields) -> bool {
    Thrift::new(bytes).typed_fields(fields, 0).is_some()
}

impl Type {
    fn is_written_as(&self, kind: u8) -> bool {
        match self {
            Self::Boolean => matches!(kind, 1 | 2),
            Self::I8 => kind == 3,
            Self::I16 => kind == 4,
            Self::I32 => kind == Thrift::I32,
            Self::I64 => kind == 6,
            Self::Double => kind == 7,
            Self::Binary => kind == 8,
            Self::List(_) => kind == Thrift::LIST,
            Self::Struct(_) => kind == Thrift::STRUCT,
        }
    }
}

/// Reads Thrift's compact protocol. `None` is a malformed value.
pub(crate) struct Thrift<'a> {
    rest: &'a [u8],
}

type OnField<'f, 'a> = &'f mut dyn FnMut(&mut Thrift<'a>, i64, u8) -> Option<()>;

impl<'a> Thrift<'a> {
    pub(crate) const I32: u8 = 5;
    pub(crate) const LIST: u8 = 9;
    pub(crate) const STRUCT: u8 = 12;
    const SET: u8 = 10;
    const DEPTH_MAX: u8 = 16;

    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn bytes(&mut self, count: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A zigzag integer.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some(i64::try_from(value >> 1).ok()? ^ -i64::from(value & 1 == 1))
    }

    /// Calls `on_field` with the ID and type of each field of a struct; it must read or skip the value.
    pub(crate) fn fields(&mut self, on_field: OnField<'_, 'a>) -> Option<()> {
        let mut id: i64 = 0;
        loop {
            let byte = self.byte()?;
            let (delta, kind) = (byte >> 4, byte & 0x0f);
            if kind == 0 {
                return Some(());
            }
            id = if delta == 0 { self.integer()? } else { id.checked_add(delta.into())? };
            // The decoder truncates IDs to 16 bits.
            i16::try_from(id).ok()?;
            on_field(self, id, kind)?;
        }
    }

    fn typed_fields(&mut self, fields: Fields, depth: u8) -> Option<()> {
        self.fields(&mut |thrift, id, kind| match fields.iter().find(|(known, _)| *known == id) {
            Some((_, expected)) => thrift.typed(expected, kind, depth + 1),
            None => thrift.skip(kind, depth + 1),
        })
    }

    fn typed(&mut self, expected: &Type, kind: u8, depth: u8) -> Option<()> {
        if !expected.is_written_as(kind) {
            return None;
        }
        match expected {
            Type::Struct(fields) => self.typed_fields(fields, depth),
            Type::List(element) => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.typed(element, kind, depth + 1))
            }
            Type::Boolean
            | Type::I8
            | Type::I16
            | Type::I32
            | Type::I64
            | Type::Double
            | Type::Binary => self.skip(kind, depth),
        }
    }

    /// The number and type of the elements that follow in a list or set.
    pub(crate) fn list(&mut self) -> Option<(u64, u8)> {
        let byte = self.byte()?;
        let count = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
        // The decoder reads no byte for a Boolean in a list: a few bytes could stand for billions.
        let is_boolean = matches!(byte & 0x0f, 1 | 2);
        (!is_boolean).then_some((count, byte & 0x0f))
    }

    /// Skips a value of this type, which is this deep in lists and structs.
    pub(crate) fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        if depth > Self::DEPTH_MAX {
            return None;
        }
        match kind {
            1 | 2 => Some(()),
            3 => self.bytes(1),
            4..=6 => self.varint().map(drop),
            7 => self.bytes(8),
            8 => {
                let bytes = self.varint()?;
                self.bytes(bytes)
            }
            Self::LIST | Self::SET => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip(kind, depth + 1))
            }
            Self::STRUCT => self.fields(&mut |thrift, _, kind| thrift.skip(kind, depth + 1)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: std::ops::RangeInclusive<u8> = 1..=12;

    /// A struct whose field 1 has this type and value.
    fn field(kind: u8, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x10 | kind];
        bytes.extend_from_slice(value);
        bytes.push(0);
        bytes
    }

    #[test]
    fn a_field_has_its_own_type_only() {
        const BOOLEAN: Fields = &[(1, Type::Boolean)];
        const I8: Fields = &[(1, Type::I8)];
        const I16: Fields = &[(1, Type::I16)];
        const I32: Fields = &[(1, Type::I32)];
        const I64: Fields = &[(1, Type::I64)];
        const DOUBLE: Fields = &[(1, Type::Double)];
        const BINARY: Fields = &[(1, Type::Binary)];
        const LIST: Fields = &[(1, Type::List(&Type::I32))];
        const STRUCT: Fields = &[(1, Type::Struct(I32))];
        let value = |kind: u8| -> &[u8] {
            match kind {
                1 | 2 => &[],
                7 => &[0; 8],
                9 | 10 => &[0x15, 0],
                12 => &[0x15, 0, 0],
                _ => &[0],
            }
        };
        let types: [(Fields, &[u8]); 9] = [
            (BOOLEAN, &[1, 2]),
            (I8, &[3]),
            (I16, &[4]),
            (I32, &[5]),
            (I64, &[6]),
            (DOUBLE, &[7]),
            (BINARY, &[8]),
            (LIST, &[9]),
            (STRUCT, &[12]),
        ];
        for (fields, own) in types {
            for kind in KINDS {
                let bytes = field(kind, value(kind));
                assert_eq!(is_well_typed(&bytes, fields), own.contains(&kind), "{own:?} as {kind}");
            }
        }
    }

    #[test]
    fn a_skipped_value_has_the_length_of_its_type() {
        // A field that nobody knows is skipped; the field after it is read.
        const I32: Fields = &[(2, Type::I32)];
        let values: [(u8, &[u8]); 12] = [
            (1, &[]),
            (2, &[]),
            (3, &[0x80]),
            (4, &[0x80, 1]),
            (5, &[0x80, 0x80, 1]),
            (6, &[0x80, 0x80, 0x80, 1]),
            (7, &[0x80, 0, 0, 0, 0, 0, 0, 0x80]),
            (8, &[3, 0x80, 0, 0x80]),
            (9, &[0x25, 0x80, 1, 2]),
            (10, &[0x23, 0x80, 0x80]),
            (10, &[0x1c, 0x15, 0, 0]),
            (12, &[0x13, 0x80, 0x18, 1, 0x80, 0]),
        ];
        for (kind, value) in values {
            let mut bytes = vec![0x10 | kind];
            bytes.extend_from_slice(value);
            let start = bytes.len();
            // Field 2 must be a 32-bit number: once it is, once it is a Boolean.
            bytes.extend_from_slice(&[0x15, 0, 0]);
            assert!(is_well_typed(&bytes, I32), "{kind} {value:?}");
            if let Some(byte) = bytes.get_mut(start) {
                *byte = 0x11;
            }
            assert!(!is_well_typed(&bytes, I32), "{kind} {value:?}");
            assert!(!is_well_typed(bytes.get(..start).unwrap(), I32), "{kind} {value:?}");
        }
        // A Boolean in a list takes no byte for the decoder, so a few bytes could stand for billions.
        for (kind, list) in [(9, 0x21), (9, 0x22), (10, 0x21)] {
            assert!(!is_well_typed(&field(kind, &[list]), I32), "{kind} {list}");
        }
        for kind in [0x0b, 0x0d, 0x0e, 0x0f] {
            assert!(!is_well_typed(&field(kind, &[0]), I32), "{kind}");
        }
    }

    /// Skips a 32-bit number in this many lists, sets or structs.
    fn skip_nested(kind: u8, count: usize) -> Option<()> {
        // Each announces the type of what it contains.
        let mut bytes = vec![0x10 | kind; count - 1];
        bytes.extend_from_slice(&[0x10 | Thrift::I32, 0]);
        if kind == Thrift::STRUCT {
            bytes.extend(std::iter::repeat_n(0, count));
        }
        let mut thrift = Thrift::new(&bytes);
        thrift.skip(kind, 0)?;
        assert!(thrift.rest.is_empty(), "{kind} {count}");
        Some(())
    }

    #[test]
    fn values_are_at_most_sixteen_deep() {
        for kind in [Thrift::LIST, Thrift::SET, Thrift::STRUCT] {
            assert!(skip_nested(kind, 16).is_some(), "{kind}");
            assert!(skip_nested(kind, 17).is_none(), "{kind}");
        }
    }

    #[test]
    fn known_fields_count_as_depth() {
        const OUTER: Fields = &[(1, Type::Struct(INNER))];
        const INNER: Fields = &[(1, Type::List(&Type::Struct(&[])))];
        // A struct, a list and a struct that are known, and in it this many that are not.
        let is_read = |unknown: usize| {
            let mut bytes = vec![0x1c, 0x19, 0x1c];
            bytes.extend(std::iter::repeat_n(0x1c, unknown));
            bytes.extend_from_slice(&[0x15, 0]);
            bytes.extend(std::iter::repeat_n(0, unknown + 3));
            is_well_typed(&bytes, OUTER)
        };
        assert!(is_read(12));
        assert!(!is_read(13));
    }

    #[test]
    fn integers_are_in_zigzag_order() {
        let integer = |bytes: &[u8]| Thrift::new(bytes).integer();
        assert_eq!(integer(&[0]), Some(0));
        assert_eq!(integer(&[1]), Some(-1));
        assert_eq!(integer(&[2]), Some(1));
        assert_eq!(integer(&[3]), Some(-2));
        assert_eq!(integer(&[0x80, 1]), Some(64));
        assert_eq!(integer(&[0xff, 0x7f]), Some(-8192));
        assert_eq!(integer(&[0x80]), None);
    }
}
