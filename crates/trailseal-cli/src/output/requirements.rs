//! The controls of a report, one for each version of a publication.

use crate::report::ControlNumber;

/// `("CIS … v1.3, v1.4", "3.7")` becomes two: `("CIS … v1.3", "3.7")` and `("CIS … v1.4", "3.7")`.
pub(crate) fn by_version(controls: &[ControlNumber]) -> Vec<(String, &str)> {
    controls.iter().flat_map(of_control).collect()
}

fn of_control(control: &ControlNumber) -> Vec<(String, &str)> {
    let number = control.number.as_str();
    let mut versions = control.publication.split(", ");
    let first = versions.next().unwrap_or_default();
    let name = first.rsplit_once(' ').map_or(first, |(name, _)| name);
    let others = versions.map(|version| (format!("{name} {version}"), number));
    std::iter::once((first.to_owned(), number)).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_of_a_publication_is_separate() {
        let control = |publication: &str| ControlNumber {
            publication: publication.to_owned(),
            number: "3.7".to_owned(),
        };
        let controls = [control("Benchmark v1.3, v1.4"), control("Controls v8"), control("")];
        let requirements = by_version(&controls);
        let publications: Vec<&str> = requirements.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(publications, ["Benchmark v1.3", "Benchmark v1.4", "Controls v8", ""]);
        assert!(requirements.iter().all(|(_, number)| *number == "3.7"));
    }
}
