//! The positions of labels and fields in a chart, in pixels.

/// The width of the labels of rows.
const LABEL_WIDTH: usize = 134;

/// The measures of a chart.
pub(crate) struct Grid {
    /// The height of the labels of columns.
    pub(crate) head_height: usize,
    /// The width and the height of a field, with its margin.
    pub(crate) pitch: usize,
    /// The width of the tilted label of the last column beyond that column.
    pub(crate) overhang: usize,
}

/// The label of a column.
pub(crate) struct Column {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) label: String,
}

impl Grid {
    pub(crate) fn width(&self, columns: usize) -> usize {
        self.x(columns) + self.overhang
    }

    pub(crate) fn height(&self, rows: usize) -> usize {
        self.y(rows) + 4
    }

    /// The left side of a column's fields.
    pub(crate) fn x(&self, column: usize) -> usize {
        LABEL_WIDTH + column * self.pitch
    }

    /// The upper side of a row's fields.
    pub(crate) fn y(&self, row: usize) -> usize {
        self.head_height + row * self.pitch
    }

    pub(crate) fn columns(&self, labels: impl Iterator<Item = String>) -> Vec<Column> {
        let column = |(index, label)| Column {
            x: self.x(index) + self.pitch / 2,
            y: self.head_height - 8,
            label,
        };
        labels.enumerate().map(column).collect()
    }
}
