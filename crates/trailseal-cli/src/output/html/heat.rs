//! The heat map: accounts by Regions, each field with its worst verdict.
//!
//! Each kind of field has its own mark, so that color is never the only difference.

use super::grid::{Column, Grid};
use super::places::{Account, Place, Places};
use super::status::TrailStatus;
use super::text::{Count, counted, shortened};

/// The most rows of accounts. Further accounts share the last row.
const ROWS_MAX: usize = 40;

/// The most columns of Regions; AWS has fewer.
const COLUMNS_MAX: usize = 48;

const GRID: Grid = Grid { head_height: 92, pitch: 26, overhang: 52 };

pub(super) struct HeatMap {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// The Regions without a column, if any.
    pub(super) left_out: Option<String>,
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
        let (alone, others) =
            places.accounts.split_at_checked(apart).unwrap_or((places.accounts.as_slice(), &[]));
        let groups = alone.chunks(1).chain((!others.is_empty()).then_some(others));
        let rows: Vec<Row> =
            groups.enumerate().map(|(index, accounts)| row(index, accounts, &shown)).collect();
        let left_out = places.regions.len().saturating_sub(shown.len());
        Self {
            width: GRID.width(shown.len()),
            height: GRID.height(rows.len()),
            columns: GRID.columns(shown.iter().map(|region| shortened(region, 16))),
            rows,
            left_out: (left_out > 0).then(|| counted(left_out, "further Region")),
        }
    }
}

/// The row of one account, or of the accounts that share it.
fn row(index: usize, accounts: &[Account<'_>], shown: &[&str]) -> Row {
    let y = GRID.y(index);
    let alone = if let [account] = accounts { Some(account) } else { None };
    let field = |(column, region): (usize, &&str)| {
        let mut all = Place::default();
        let mut audited = 0;
        for account in accounts {
            if let Some(place) = account.regions.iter().find(|place| place.region == *region) {
                audited += 1;
                all.add(place, account.problem);
            }
        }
        let (kind, mark) = look(&all);
        let title = match alone {
            Some(account) => format!("{} {region}: {}", account.id, title(&all)),
            None => {
                let accounts = counted(audited, "further account");
                format!("{accounts} {region}: {}", all.words())
            }
        };
        let account = alone.map(|account| account.id.to_owned());
        let (x, region) = (GRID.x(column), (*region).to_owned());
        (audited > 0).then_some(Field { x, y, kind, mark, title, account, region })
    };
    let fields: Vec<Field> = shown.iter().enumerate().filter_map(field).collect();
    let (label, below, instead) = match alone {
        None => {
            (format!("{} more", Count(accounts.len())), Some("accounts together".to_owned()), None)
        }
        Some(account) => {
            let id = account.id.to_owned();
            let read = account.instead().unwrap_or("no Region was read");
            let instead = fields.is_empty().then_some(read);
            match account.name {
                Some(name) => (shortened(name, 18), Some(id), instead),
                None => (id, None, instead),
            }
        }
    };
    Row { y, label, below, fields, instead }
}

/// The kind and the mark of a field. A failed read outweighs compliant trails.
fn look(place: &Place<'_>) -> (&'static str, String) {
    let number = |count: usize| if count > 999 { "999+".to_owned() } else { count.to_string() };
    let tally = &place.tally;
    match tally.worst() {
        Some(verdict @ TrailStatus::Failing) => (verdict.slug(), number(tally.of(verdict))),
        _ if place.is_finding => (TrailStatus::Failing.slug(), "0".to_owned()),
        Some(verdict @ TrailStatus::Unverified) => {
            (verdict.slug(), format!("?{}", number(tally.of(verdict))))
        }
        Some(verdict @ TrailStatus::NotEvaluated) => {
            (verdict.slug(), format!("!{}", number(tally.of(verdict))))
        }
        _ if place.problem.is_some() => ("refused", "!".to_owned()),
        Some(verdict @ TrailStatus::Compliant) => (verdict.slug(), number(tally.of(verdict))),
        None if place.copies == 0 => ("bare", "0".to_owned()),
        Some(TrailStatus::NotApplicable) | None => {
            (TrailStatus::NotApplicable.slug(), "–".to_owned())
        }
    }
}

fn title(place: &Place<'_>) -> String {
    match place.problem {
        Some(why) if place.is_empty() => format!("could not be read: {why}"),
        Some(why) => format!("{}; the rest could not be read: {why}", place.words()),
        None => place.words(),
    }
}
