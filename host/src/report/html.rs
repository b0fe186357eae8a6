//! The report as one HTML file without scripts and without anything it would have to fetch.
//!
//! Everything an algorithm said is hostile: the template engine escapes it, and what steers the direction of text or a
//! terminal is made visible first.

use super::RunReport;
use super::view::View;
use crate::explain::Explain;
use crate::visible;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Output, State, UndefinedBehavior, Value, escape_formatter};
use serde::Serialize;
use std::borrow::Cow;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A picture cannot be encoded.
    #[error("cannot put a picture into the report")]
    Picture(#[from] image::ImageError),
    /// The template failed.
    #[error("cannot write the report")]
    Template(#[from] minijinja::Error),
}

impl Explain for ReportError {
    fn code(&self) -> Cow<'static, str> {
        "report-failed".into()
    }
}

impl RunReport {
    /// The whole report as one HTML file.
    ///
    /// # Errors
    ///
    /// See [`ReportError`]; both are faults of the host.
    pub fn to_html(&self) -> Result<String, ReportError> {
        let view = View::new(self)?;
        let parts = [
            ("report.html", include_str!("report.html")),
            ("picture.html", include_str!("picture.html")),
            ("tables.html", include_str!("tables.html")),
        ];
        Ok(render("report.html", &parts, &view)?)
    }
}

/// Renders the page `name`, one of `parts`; all may include `style.css`, which is the same for every report.
pub(crate) fn render(name: &str, parts: &[(&str, &str)], view: &impl Serialize) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_formatter(format_visibly);
    environment.add_template("style.css", include_str!("style.css"))?;
    for (name, source) in parts {
        environment.add_template(name, source)?;
    }
    environment.get_template(name)?.render(Serde(view))
}

/// Writes a value into the page: text is made visible, then escaped.
fn format_visibly(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if value.kind() == ValueKind::String
        && !value.is_safe()
        && let Some(text) = value.as_str()
    {
        return escape_formatter(out, state, &Value::from(visible::block(text).as_ref()));
    }
    escape_formatter(out, state, value)
}
