//! The settings of `check`, `audit`, `preview` and `logs`: the options for the decision and the report, and the
//! file of `--config`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};
use trailseal_rule::{ExemptionsFrom, Parameters};

use crate::config::Config;
use crate::console::{ExitArguments, Failure};
use crate::output::{Output, OutputParser, TableOptions, outputs, refuse_to_overwrite};
use crate::parameters::given_parameters;

/// The options for a report.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The format and file of the report (repeatable); without FILE or with `-`, standard output,
    /// which gets a table unless another format goes there
    #[arg(long, short = 'o', value_name = "FORMAT[=FILE]", value_parser = OutputParser::Report)]
    pub(crate) output: Vec<Output>,

    #[command(flatten)]
    pub(crate) table: TableOptions,

    #[command(flatten)]
    pub(crate) exit: ExitArguments,

    /// Print only the report and errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// The options for the decision.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// A parameter of the rule, such as `profile=strict` (repeatable; `trailseal schema` lists them)
    #[arg(long = "parameter", short = 'p', value_name = "NAME=VALUE")]
    parameters: Vec<String>,

    /// A TOML file with parameters, outputs and exemptions; `trailseal schema config` prints its
    /// schema. Only a file that is named here is read. --parameter overrides a parameter of the
    /// file, and --output all its outputs
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The validated settings.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The parameters as given, for the report.
    pub(crate) given: Map<String, Value>,
    pub(crate) parameters: Parameters,
    pub(crate) outputs: Vec<Output>,
    pub(crate) config: Config,
}

impl Settings {
    /// Reads the configuration file, and checks the options and the file.
    ///
    /// # Errors
    ///
    /// All faults of both.
    pub(crate) fn read(
        arguments: &SettingsArguments,
        report: &ReportArguments,
    ) -> Result<Self, Failure> {
        Self::of(&arguments.parameters, arguments.config.as_deref(), report)
    }

    /// The same, for a command that has its own options.
    ///
    /// # Errors
    ///
    /// All faults of the options and the file.
    pub(crate) fn of(
        parameters: &[String],
        file: Option<&Path>,
        report: &ReportArguments,
    ) -> Result<Self, Failure> {
        let (config, mut faults) = file.map_or_else(Default::default, Config::read);
        let name = file.map_or_else(String::new, |file| file.display().to_string());
        let given = given_parameters(parameters, &name, config.parameters());
        let requested =
            if report.output.is_empty() { config.outputs() } else { report.output.as_slice() };
        match (given, outputs(requested, report.table)) {
            (Ok((given, mut parameters)), Ok(outputs)) if faults.is_empty() => {
                refuse_to_overwrite(file.into_iter(), &outputs)?;
                config.add_exemptions(&mut parameters);
                Ok(Self { given, parameters, outputs, config })
            }
            (given, outputs) => {
                faults.extend(given.err().into_iter().chain(outputs.err()).flatten());
                Err(Failure::NotStarted(faults))
            }
        }
    }

    /// Refuses `exemptionsFrom` and `exemptionTag` for a command that reads files only.
    ///
    /// # Errors
    ///
    /// One of the parameters is set.
    pub(crate) fn refuse_what_is_in_aws(&self, command: &str) -> Result<(), Failure> {
        let parameters = &self.parameters;
        let document = parameters
            .exemptions_from
            .as_ref()
            .map(|ExemptionsFrom { object, .. }| ("exemptionsFrom", object.to_string()));
        let tag = parameters.exemption_tag.as_ref();
        let tag = tag.map(|key| ("exemptionTag", format!("the tag {}", key.as_str())));
        let refused = document.into_iter().chain(tag).map(|(name, what)| {
            format!(
                "parameter `{name}` names {what}, which is in AWS, and `{command}` reads files only: \
                 use `trailseal audit`, or write the exemptions to the file of --config"
            )
        });
        let refused: Vec<String> = refused.collect();
        if refused.is_empty() { Ok(()) } else { Err(Failure::NotStarted(refused)) }
    }

    /// Whether the parameters of rule events are ignored.
    pub(crate) fn override_events(&self) -> bool {
        !self.given.is_empty() || self.config.has_exemptions()
    }
}
