//! The requests of a run, counted before it starts.

use std::ops::Add;

use super::Mode;

/// Requests to S3, without retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// ListObjectsV2.
    pub list: u64,
    /// HeadObject.
    pub head: u64,
}

/// US dollars for a thousand LIST requests in us-east-1 (Amazon S3 pricing, S3 Standard).
const LIST_USD_PER_THOUSAND: f64 = 0.005;

/// US dollars for a thousand HEAD requests in us-east-1.
const HEAD_USD_PER_THOUSAND: f64 = 0.0004;

impl Requests {
    /// Their approximate price for people, at the prices of us-east-1 and S3 Standard: in cents, or
    /// with more decimals for two significant digits. Other Regions and storage classes cost more.
    pub fn price(self) -> String {
        // One HEAD request is $0.0000004.
        const DECIMALS_MAX: usize = 7;
        let usd = (self.list as f64 * LIST_USD_PER_THOUSAND
            + self.head as f64 * HEAD_USD_PER_THOUSAND)
            / 1000.0;
        let has_two_digits = |decimals: &usize| {
            let text = format!("{usd:.decimals$}");
            text.trim_start_matches(['0', '.']).len() > 1
        };
        let decimals = match self {
            Self { list: 0, head: 0 } => 2,
            Self { .. } => (2..DECIMALS_MAX).find(has_two_digits).unwrap_or(DECIMALS_MAX),
        };
        format!("about ${usd:.decimals$} at the prices of us-east-1")
    }
}

impl Add for Requests {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { list: self.list + other.list, head: self.head + other.head }
    }
}

/// What the number of requests depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Folders of an account, kind and Region.
    pub folders: u64,
    /// Months of all folders, and folders without one; counted for `Monthly` only.
    pub months: u64,
    /// Files of all folders; counted for `All` only.
    pub files: u64,
    /// Lists of at most 1,000 files that contain them; counted for `All` only.
    pub pages: u64,
}

impl Counts {
    /// The requests that read the files, after their folders were found.
    ///
    /// - `Sample`: for each folder, one LIST for its oldest file, four for its newest (years, months,
    ///   days, files), and a HEAD of each.
    /// - `Monthly`: for each month of a folder, one LIST for its oldest file, two for its newest
    ///   (days, files), and a HEAD of each.
    /// - `All`: one LIST for each page, and a HEAD of each file.
    ///
    /// A folder with a single file has one HEAD less, and a day with more than 1,000 files a few
    /// LISTs more. Where the encryption of the oldest and the newest file differs, more find the file
    /// where it changed: a LIST and a HEAD for each halving of the days, and a HEAD for each halving
    /// of the files of two days. In ten years with 1,000 files a day, these are 14 LISTs and 24 HEADs.
    pub fn requests(self, mode: Mode) -> Requests {
        let Self { folders, months, files, pages } = self;
        match mode {
            Mode::Sample => Requests { list: 5 * folders, head: 2 * folders },
            Mode::Monthly => Requests { list: 3 * months, head: 2 * months },
            Mode::All => Requests { list: pages, head: files },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_price_of_a_request_is_rounded_to_nothing() {
        for (list, head, expected) in [
            (0, 0, "$0.00"),
            (0, 1, "$0.0000004"),
            (0, 6, "$0.0000024"),
            (5, 2, "$0.000026"),
            (90, 48, "$0.00047"),
            (2, 1000, "$0.00041"),
            (10_000, 0, "$0.050"),
            (100_000, 0, "$0.50"),
            (1_000_000, 40_000_000, "$21.00"),
        ] {
            let price = Requests { list, head }.price();
            assert_eq!(price, format!("about {expected} at the prices of us-east-1"));
        }
    }
}
