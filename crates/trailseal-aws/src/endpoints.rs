//! Where each service is asked: at AWS's own address, or at one that the environment names.

use trailseal_rule::Region;

/// A service that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    CloudTrail,
    Config,
    Kms,
    S3,
    Sts,
}

impl Service {
    const ALL: [Self; 5] = [Self::CloudTrail, Self::Config, Self::Kms, Self::S3, Self::Sts];

    /// The variable that names its endpoint, as for every AWS SDK (AWS SDKs and Tools Reference
    /// Guide, "Service-specific endpoints").
    const fn variable(self) -> &'static str {
        match self {
            Self::CloudTrail => "AWS_ENDPOINT_URL_CLOUDTRAIL",
            Self::Config => "AWS_ENDPOINT_URL_CONFIG_SERVICE",
            Self::Kms => "AWS_ENDPOINT_URL_KMS",
            Self::S3 => "AWS_ENDPOINT_URL_S3",
            Self::Sts => "AWS_ENDPOINT_URL_STS",
        }
    }

    const fn host(self) -> &'static str {
        match self {
            Self::CloudTrail => "cloudtrail",
            Self::Config => "config",
            Self::Kms => "kms",
            Self::S3 => "s3",
            Self::Sts => "sts",
        }
    }
}

/// The endpoints that are asked instead of AWS's own, such as interface endpoints of a VPC or an
/// emulation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    of_all: Option<String>,
    of_one: Vec<(Service, String)>,
}

impl Endpoints {
    /// Those that the environment names: `AWS_ENDPOINT_URL` for every service, and
    /// `AWS_ENDPOINT_URL_KMS` and the like for one, which wins. Empty values name none.
    #[must_use]
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let named = |service: Service| Some((service, filled(service.variable())?));
        Self {
            of_all: filled("AWS_ENDPOINT_URL"),
            of_one: Service::ALL.into_iter().filter_map(named).collect(),
        }
    }

    /// Where a service is asked in a Region: by its own endpoint, or at AWS's address.
    pub(crate) fn url(&self, service: Service, region: &Region) -> String {
        match self.of(service) {
            Some(url) => url.to_owned(),
            None => aws_address(service, region),
        }
    }

    /// The endpoint of every service that has none of its own.
    pub(crate) fn of_all(&self) -> Option<&str> {
        self.of_all.as_deref()
    }

    /// The endpoint of a service; none where it is asked at AWS's own address.
    pub(crate) fn of(&self, service: Service) -> Option<&str> {
        let own = self.of_one.iter().find(|(of, _)| *of == service).map(|(_, url)| url);
        own.map(String::as_str).or(self.of_all())
    }
}

impl From<Option<String>> for Endpoints {
    /// One endpoint for every service, or AWS's own for each.
    fn from(of_all: Option<String>) -> Self {
        Self { of_all, of_one: Vec::new() }
    }
}

fn aws_address(service: Service, region: &Region) -> String {
    let suffix = match region.as_str() {
        name if name.starts_with("cn-") => "amazonaws.com.cn",
        name if name.starts_with("us-isob-") => "sc2s.sgov.gov",
        name if name.starts_with("us-iso-") => "c2s.ic.gov",
        name if name.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("https://{}.{region}.{suffix}", service.host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_of_one_service_wins_over_that_of_all() {
        let variables = [
            ("AWS_ENDPOINT_URL", "https://all"),
            ("AWS_ENDPOINT_URL_KMS", "https://kms"),
            ("AWS_ENDPOINT_URL_STS", " "),
        ];
        let endpoints = Endpoints::read(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, url)| (*url).to_owned())
        });
        assert_eq!(endpoints.of(Service::Kms), Some("https://kms"));
        assert_eq!(endpoints.of(Service::Sts), Some("https://all"));
        assert_eq!(Endpoints::read(|_| None), Endpoints::default());
        assert_eq!(Endpoints::default().of(Service::S3), None);
        let region = Region::parse("cn-north-1").unwrap();
        assert_eq!(endpoints.url(Service::Kms, &region), "https://kms");
        let own = Endpoints::default().url(Service::S3, &region);
        assert_eq!(own, "https://s3.cn-north-1.amazonaws.com.cn");
    }
}
