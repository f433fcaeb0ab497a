//! The heat map: accounts by Regions, each field with its worst verdict.
//!
//! Each kind of field has its own mark, so that color is never the only difference.

use super::places::{Account, Place, Places};
use super::standing::{Standing, VerdictCounts};
use super::words::{Count, counted, shortened};

/// Rows of accounts. Further accounts share the last row.
const ROWS_MAX: usize = 40;

/// Columns of Regions; AWS has fewer.
const COLUMNS_MAX: usize = 48;

const LABEL_WIDTH: usize = 134;
const HEAD_HEIGHT: usize = 92;
const PITCH: usize = 26;
/// The width of the tilted label of the last column beyond that column.
const OVERHANG: usize = 52;

/// The heat map.
pub(super) struct HeatMap {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// The Regions without a column, if any.
    pub(super) left_out: Option<String>,
}

/// A Region.
pub(super) struct Column {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) region: String,
}

/// An account, or the accounts that share a row.
pub(super) struct Row {
    pub(super) y: usize,
    pub(super) label: String,
    pub(super) below: Option<String>,
    pub(super) fields: Vec<Field>,
    /// Text in place of fields.
    pub(super) instead: Option<&'static str>,
}

/// An account in a Region.
pub(super) struct Field {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) kind: &'static str,
    /// Its text.
    pub(super) mark: String,
    pub(super) title: String,
    /// The account that a click filters by; absent in a shared row.
    pub(super) account: Option<String>,
    pub(super) region: String,
}

impl HeatMap {
    pub(super) fn of(places: &Places<'_>) -> Self {
        let shown: Vec<&str> = places.regions.iter().copied().take(COLUMNS_MAX).collect();
        let apart = if places.accounts.len() > ROWS_MAX { ROWS_MAX - 1 } else { ROWS_MAX };
        let mut rows: Vec<Row> = places
            .accounts
            .iter()
            .take(apart)
            .enumerate()
            .map(|(index, account)| row(index, account, &shown))
            .collect();
        let others: Vec<&Account<'_>> = places.accounts.iter().skip(apart).collect();
        if !others.is_empty() {
            rows.push(shared_row(rows.len(), &others, &shown));
        }
        let left_out = places.regions.len().saturating_sub(shown.len());
        Self {
            width: LABEL_WIDTH + shown.len() * PITCH + OVERHANG,
            height: HEAD_HEIGHT + rows.len() * PITCH + 4,
            columns: shown
                .iter()
                .enumerate()
                .map(|(index, region)| Column {
                    x: LABEL_WIDTH + index * PITCH + PITCH / 2,
                    y: HEAD_HEIGHT - 8,
                    region: shortened(region, 16),
                })
                .collect(),
            rows,
            left_out: (left_out > 0).then(|| counted(left_out, "further Region")),
        }
    }
}

fn row(index: usize, account: &Account<'_>, shown: &[&str]) -> Row {
    let y = HEAD_HEIGHT + index * PITCH;
    let field = |(column, region): (usize, &&str)| {
        let place = account.regions.iter().find(|place| place.region == *region)?;
        let (kind, mark) = look(&place.tally, place.problem.or(account.problem).is_some());
        Some(Field {
            x: LABEL_WIDTH + column * PITCH,
            y,
            kind,
            mark,
            title: format!("{} {region}: {}", account.id, title(account, place)),
            account: Some(account.id.to_owned()),
            region: (*region).to_owned(),
        })
    };
    let fields: Vec<Field> = shown.iter().enumerate().filter_map(field).collect();
    let instead = fields.is_empty().then_some(match account.problem {
        Some(_) => "could not be read",
        None => "was not read",
    });
    let (label, below) = match account.name {
        Some(name) => (shortened(name, 18), Some(account.id.to_owned())),
        None => (account.id.to_owned(), None),
    };
    Row { y, label, below, fields, instead }
}

fn shared_row(index: usize, others: &[&Account<'_>], shown: &[&str]) -> Row {
    let y = HEAD_HEIGHT + index * PITCH;
    let field = |(column, region): (usize, &&str)| {
        let mut tally = VerdictCounts::default();
        let (mut audited, mut has_problem) = (0, false);
        for account in others {
            if let Some(place) = account.regions.iter().find(|place| place.region == *region) {
                audited += 1;
                tally.add_all(&place.tally);
                has_problem |= place.problem.or(account.problem).is_some();
            }
        }
        let (kind, mark) = look(&tally, has_problem);
        let words = if tally.trails() == 0 { "no trail".to_owned() } else { tally.words() };
        let title = format!("{} {region}: {words}", counted(audited, "further account"));
        let (x, region) = (LABEL_WIDTH + column * PITCH, (*region).to_owned());
        (audited > 0).then_some(Field { x, y, kind, mark, title, account: None, region })
    };
    Row {
        y,
        label: format!("{} more", Count(others.len())),
        below: Some("accounts together".to_owned()),
        fields: shown.iter().enumerate().filter_map(field).collect(),
        instead: None,
    }
}

/// The kind and the mark of a field. A failed read outweighs compliant trails.
fn look(tally: &VerdictCounts, has_problem: bool) -> (&'static str, String) {
    let number = |count: usize| if count > 999 { "999+".to_owned() } else { count.to_string() };
    match tally.worst() {
        Some(Standing::Failing) => (Standing::Failing.slug(), number(tally.failing)),
        Some(Standing::Unverified) => {
            (Standing::Unverified.slug(), format!("?{}", number(tally.unverified)))
        }
        _ if has_problem => ("refused", "!".to_owned()),
        Some(Standing::Compliant) => (Standing::Compliant.slug(), number(tally.compliant)),
        Some(Standing::NotApplicable) => (Standing::NotApplicable.slug(), "–".to_owned()),
        None => ("bare", "0".to_owned()),
    }
}

fn title(account: &Account<'_>, place: &Place<'_>) -> String {
    match place.problem.or(account.problem) {
        Some(why) if place.tally.trails() == 0 => format!("could not be read: {why}"),
        Some(why) => format!("{}; the rest could not be read: {why}", place.tally.words()),
        None if place.tally.trails() == 0 => "no trail".to_owned(),
        None => place.tally.words(),
    }
}
