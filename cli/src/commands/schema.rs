//! `procvision schema`: the JSON Schemas of the files that people write.

use super::error::CommandError;
use super::exit::Exit;
use super::{help, terminal};
use clap::Args;
use clap::builder::PossibleValuesParser;
use procvision_host::schemas::{PublishedSchema, SCHEMAS};

/// Print the JSON Schema of manifest.json, policy.json, cases.json or runner_config.json, for editors and other tools
#[derive(Args)]
#[command(after_help = help::SCHEMA)]
pub struct Schema {
    /// Of which file
    #[arg(value_parser = PossibleValuesParser::new(SCHEMAS.iter().map(|schema| schema.name)))]
    name: String,

    /// Print it in one line
    #[arg(long)]
    pub json: bool,
}

impl Schema {
    /// Prints it.
    pub fn run(&self) -> Result<Exit, CommandError> {
        // The parser admits no other name.
        let schema = PublishedSchema::find(&self.name)
            .ok_or_else(|| CommandError::could_not_run("usage", format!("there is no schema `{}`", self.name)))?;
        if self.json {
            terminal::print_json(&schema.value())?;
        } else {
            terminal::print(schema.text().trim_end())?;
        }
        Ok(Exit::Good)
    }
}
