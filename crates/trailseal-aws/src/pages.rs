//! The tokens of paginated lists.

use std::collections::HashSet;

use trailseal_rule::Region;

use crate::failure::AwsError;

/// The maximum number of pages of a list. AWS Config returns at most 100 members per page, so a
/// list of a million members can still be read.
const PAGES_MAX: usize = 10_000;

/// The pages of one list that were read.
///
/// An empty page can have a next page. A repeated token or a list that does not end is an error: a
/// part of a list must not look like the whole list, and no list may fill the memory.
#[derive(Debug)]
pub struct Pages {
    operation: &'static str,
    region: Region,
    tokens: HashSet<String>,
}

impl Pages {
    /// No page was read yet. `operation` is in IAM's spelling, such as `kms:ListKeys`.
    pub fn new(operation: &'static str, region: &Region) -> Self {
        Self { operation, region: region.clone(), tokens: HashSet::new() }
    }

    /// The token of the next page, given the token of the last answer; `None` after the last page.
    /// An empty token counts as none.
    ///
    /// # Errors
    ///
    /// [`AwsError::EndlessList`] if the token was seen before, and after 10,000 pages.
    pub fn next(&mut self, token: Option<String>) -> Result<Option<String>, AwsError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        if self.tokens.len() + 1 >= PAGES_MAX {
            return Err(self.endless(format!("the list has more than {PAGES_MAX} pages")));
        }
        if !self.tokens.insert(token.clone()) {
            return Err(self.endless("the service repeats the token of a page".to_owned()));
        }
        Ok(Some(token))
    }

    /// The same for KMS, which also returns whether the list is truncated.
    ///
    /// # Errors
    ///
    /// As for [`Pages::next`]; also if a truncated list has no marker of its next page.
    pub fn next_marker(
        &mut self,
        truncated: bool,
        marker: Option<String>,
    ) -> Result<Option<String>, AwsError> {
        match self.next(marker.filter(|_| truncated))? {
            None if truncated => {
                Err(self.endless("the list is truncated and names no next page".to_owned()))
            }
            next => Ok(next),
        }
    }

    fn endless(&self, cause: String) -> AwsError {
        AwsError::EndlessList { operation: self.operation, region: self.region.to_string(), cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new("kms:ListKeys", &Region::parse("us-east-1").unwrap())
    }

    fn token(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn pages_are_read_until_there_is_no_token() {
        for end in [None, token("")] {
            let mut pages = pages();
            assert_eq!(pages.next(token("a")), Ok(token("a")));
            assert_eq!(pages.next(token("b")), Ok(token("b")));
            assert_eq!(pages.next(end), Ok(None));
        }
    }

    #[test]
    fn a_repeated_token_is_an_error_even_after_others() {
        let mut pages = pages();
        for text in ["a", "b"] {
            assert_eq!(pages.next(token(text)), Ok(token(text)));
        }
        let error = pages.next(token("a")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "kms:ListKeys in us-east-1 cannot be read to its end: the service repeats the token \
             of a page"
        );
    }

    #[test]
    fn ten_thousand_pages_are_read_and_no_more() {
        let mut pages = pages();
        for number in 1..10_000 {
            // The token of the first answer asks for the second page.
            assert_eq!(pages.next(token(&number.to_string())), Ok(token(&number.to_string())));
        }
        assert_eq!(pages.next(None), Ok(None));
        let error = pages.next(token("10000")).unwrap_err().to_string();
        assert!(error.ends_with("the list has more than 10000 pages"), "{error}");
    }

    #[test]
    fn a_truncated_list_of_kms_needs_a_marker() {
        assert_eq!(pages().next_marker(true, token("a")), Ok(token("a")));
        assert_eq!(pages().next_marker(false, token("a")), Ok(None));
        assert_eq!(pages().next_marker(false, None), Ok(None));
        for marker in [None, token("")] {
            let error = pages().next_marker(true, marker).unwrap_err().to_string();
            assert!(error.ends_with("is truncated and names no next page"), "{error}");
        }
    }
}
