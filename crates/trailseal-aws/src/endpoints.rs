//! The endpoints of services: AWS's own, or those of the configuration.

use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use trailseal_rule::{Partition, Region};

use crate::calls::iam_prefix;

/// A service that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// AWS Account Management.
    Account,
    /// AWS CloudTrail.
    CloudTrail,
    /// AWS Config.
    Config,
    /// AWS Key Management Service.
    Kms,
    /// AWS Organizations.
    Organizations,
    /// Amazon Simple Storage Service.
    S3,
    /// AWS Security Hub CSPM.
    SecurityHub,
    /// AWS Security Token Service.
    Sts,
}

impl Service {
    const ALL: [Self; 8] = [
        Self::Account,
        Self::CloudTrail,
        Self::Config,
        Self::Kms,
        Self::Organizations,
        Self::S3,
        Self::SecurityHub,
        Self::Sts,
    ];

    /// The service ID of the API model. Variables and configuration files derive their names from
    /// it (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::CloudTrail => "CloudTrail",
            Self::Config => "Config Service",
            Self::Kms => "KMS",
            Self::Organizations => "Organizations",
            Self::S3 => "S3",
            Self::SecurityHub => "SecurityHub",
            Self::Sts => "STS",
        }
    }

    /// The variable for its endpoint, such as `AWS_ENDPOINT_URL_CONFIG_SERVICE`.
    fn variable(self) -> String {
        format!("{OF_ALL}_{}", self.id().replace(' ', "_").to_uppercase())
    }
}

/// The variable for the endpoint of all services.
const OF_ALL: &str = "AWS_ENDPOINT_URL";

/// If `true`, the other variables are ignored.
const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// Configured endpoints that replace AWS's own, such as VPC endpoints or an emulator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    of_all: Option<String>,
    of_one: Vec<(Service, String)>,
}

impl Endpoints {
    /// The endpoints of the environment: `AWS_ENDPOINT_URL` for all services, and variables such as
    /// `AWS_ENDPOINT_URL_KMS` for one service, which take precedence. Empty values are ignored, and
    /// all are with `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true`.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        if get(IGNORE).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Self::default();
        }
        let filled = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let named = |service: Service| Some((service, filled(&service.variable())?));
        Self {
            of_all: filled(OF_ALL),
            of_one: Service::ALL.into_iter().filter_map(named).collect(),
        }
    }

    /// The same for a program with a profile. Where the environment has no endpoint, the profile's
    /// are used: first those of its `services` section, then its `endpoint_url`. `config` must be
    /// loaded from the same environment.
    pub fn configured(get: impl Fn(&str) -> Option<String>, config: &SdkConfig) -> Self {
        let environment = Self::read(get);
        // There is none, or the profile has `ignore_configured_endpoint_urls`.
        let of_all = config.endpoint_url().map(str::to_owned);
        if environment.of_all.is_some() && of_all.is_none() {
            return Self::default();
        }
        let of_one = |service: Service| {
            let is_named = environment.of_one.iter().any(|(of, _)| *of == service);
            let url = configured_for(service, config).filter(|url| !url.trim().is_empty())?;
            (is_named || environment.of_all.is_none()).then_some((service, url))
        };
        let of_one = Service::ALL.into_iter().filter_map(of_one).collect();
        Self { of_all: of_all.filter(|url| !url.trim().is_empty()), of_one }
    }

    /// The URL of a service in a Region: the configured one or AWS's own.
    pub(crate) fn url(&self, service: Service, region: &Region) -> String {
        self.of(service).map_or_else(
            || {
                let dns_suffix = Partition::of(region).dns_suffix;
                format!("https://{}.{region}.{dns_suffix}", iam_prefix(service.id()))
            },
            str::to_owned,
        )
    }

    /// The configured endpoint of a service.
    pub(crate) fn of(&self, service: Service) -> Option<&str> {
        let own = self.of_one.iter().find(|(of, _)| *of == service).map(|(_, url)| url);
        own.or(self.of_all.as_ref()).map(String::as_str)
    }
}

impl From<Option<String>> for Endpoints {
    /// One endpoint for all services, or AWS's own.
    fn from(of_all: Option<String>) -> Self {
        Self { of_all, of_one: Vec::new() }
    }
}

/// The endpoint of one service in the environment or the profile's `services` section.
fn configured_for(service: Service, config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service.id())
        .env(OF_ALL)
        .profile("endpoint_url")
        .build();
    config.service_config()?.load_config(key.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_of_a_service_takes_precedence_over_the_general_one() {
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
    }

    #[test]
    fn the_host_of_a_service_is_in_the_domain_of_the_partition() {
        let url =
            |service, region| Endpoints::default().url(service, &Region::parse(region).unwrap());
        for (region, domain) in [
            ("us-east-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("us-gov-west-1", "amazonaws.com"),
            ("us-iso-east-1", "c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "cloud.adc-e.uk"),
            ("us-isof-south-1", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "amazonaws.eu"),
        ] {
            assert_eq!(url(Service::S3, region), format!("https://s3.{region}.{domain}"));
        }
        let hosts =
            ["account", "cloudtrail", "config", "kms", "organizations", "s3", "securityhub", "sts"];
        for (service, host) in Service::ALL.into_iter().zip(hosts) {
            let expected = format!("https://{host}.cn-north-1.amazonaws.com.cn");
            assert_eq!(url(service, "cn-north-1"), expected);
        }
    }

    #[test]
    fn each_service_has_the_variable_that_the_aws_tools_read() {
        let names: Vec<String> = Service::ALL.into_iter().map(Service::variable).collect();
        let expected = [
            "AWS_ENDPOINT_URL_ACCOUNT",
            "AWS_ENDPOINT_URL_CLOUDTRAIL",
            "AWS_ENDPOINT_URL_CONFIG_SERVICE",
            "AWS_ENDPOINT_URL_KMS",
            "AWS_ENDPOINT_URL_ORGANIZATIONS",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL_SECURITYHUB",
            "AWS_ENDPOINT_URL_STS",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn endpoints_are_ignored_where_the_environment_says_so() {
        for (value, is_ignored) in [("true", true), ("TRUE", true), ("false", false), ("", false)] {
            let endpoints = Endpoints::read(|name| match name {
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" => Some(value.to_owned()),
                _ => Some("https://here".to_owned()),
            });
            assert_eq!(endpoints.of(Service::Kms).is_none(), is_ignored, "{value}");
            assert_eq!(endpoints.of_all.is_none(), is_ignored, "{value}");
        }
    }
}
