//! Results for other programs, those recorded last first, as many as there are. They are read in parts: no more than
//! one is in memory, and between two nobody else is kept from anything. What is recorded meanwhile is not in the
//! export; what leaves meanwhile may be missing.

use crate::error::ResultsError;
use crate::filter::{Filter, PAGE_ROWS};
use crate::reader::{self, Readers};
use crate::record::StoredResult;
use csv::{Terminator, Writer, WriterBuilder};
use serde::{Deserialize, Serialize};
use serde_json::to_string;
use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

/// What an export looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// RFC 4180 with a header, for spreadsheets and databases. Lists and objects are JSON; what is not there is
    /// empty. A text that a spreadsheet would take for a formula has a `'` before it.
    Csv,
    /// One array; each result in a line of its own.
    Json,
}

/// The header of CSV, in the order of [`cells`].
const HEADER: [&str; 24] = [
    "id",
    "at_ms",
    "inspection",
    "request_id",
    "pid",
    "algorithm",
    "version",
    "digest",
    "line",
    "step_index",
    "phase",
    "outcome",
    "error_code",
    "message",
    "ng_reason",
    "defects",
    "picture",
    "params",
    "debug",
    "attempts",
    "waited_us",
    "took_us",
    "context",
    "has_thumbnail",
];

/// What spreadsheets take for the beginning of a formula; the wide ones are those of East Asian keyboards.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Writes all results that fit; says how many.
pub(crate) fn export(readers: &Readers, filter: &Filter, to: impl Write, format: Format) -> Result<u64, ResultsError> {
    let most = filter.export_rows()?;
    let mut rest = filter.clone();
    let mut sink = Sink::begin(to, format).map_err(output)?;
    let mut written = 0_u64;
    loop {
        let part = usize::try_from(most - written)
            .unwrap_or(usize::MAX)
            .min(PAGE_ROWS as usize);
        let page = readers.read(|transaction| reader::page(transaction, &rest, part))?;
        for result in &page.results {
            sink.write(result).map_err(output)?;
            written += 1;
        }
        rest.before = page.next;
        if page.next.is_none() || written == most {
            break;
        }
    }
    sink.end().map_err(output)?;
    Ok(written)
}

fn output(error: io::Error) -> ResultsError {
    ResultsError::Output(Arc::new(error))
}

/// Where results are written to.
enum Sink<W: Write> {
    Csv(Box<Writer<W>>),
    Json { to: BufWriter<W>, is_empty: bool },
}

impl<W: Write> Sink<W> {
    fn begin(to: W, format: Format) -> io::Result<Self> {
        Ok(match format {
            Format::Csv => {
                let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(to);
                writer.write_record(HEADER)?;
                Self::Csv(Box::new(writer))
            }
            Format::Json => {
                let mut to = BufWriter::new(to);
                to.write_all(b"[")?;
                Self::Json { to, is_empty: true }
            }
        })
    }

    fn write(&mut self, result: &StoredResult) -> io::Result<()> {
        match self {
            Self::Csv(writer) => {
                let cells = cells(result)?;
                Ok(writer.write_record(cells.iter().map(|cell| cell.as_bytes()))?)
            }
            Self::Json { to, is_empty } => {
                let separator: &[u8] = if *is_empty { b"\n" } else { b",\n" };
                *is_empty = false;
                to.write_all(separator)?;
                Ok(serde_json::to_writer(to, result)?)
            }
        }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Self::Csv(mut writer) => writer.flush(),
            Self::Json { mut to, .. } => {
                to.write_all(b"\n]\n")?;
                to.flush()
            }
        }
    }
}

/// One line of CSV.
fn cells(stored: &StoredResult) -> io::Result<[Cow<'_, str>; 24]> {
    let result = &stored.result;
    let perhaps = |text: &'_ Option<String>| harmless(text.as_deref().unwrap_or_default()).into_owned();
    Ok([
        number(stored.id.0),
        number(result.at_ms),
        harmless(&result.inspection),
        harmless(&result.request_id),
        harmless(&result.pid),
        harmless(&result.algorithm),
        harmless(&result.version),
        harmless(&result.digest),
        perhaps(&result.line).into(),
        number(result.step_index),
        result.phase.as_str().into(),
        result.outcome.as_str().into(),
        perhaps(&result.error_code).into(),
        harmless(&result.message),
        perhaps(&result.ng_reason).into(),
        to_string(&result.defects)?.into(),
        result
            .picture
            .as_ref()
            .map(to_string)
            .transpose()?
            .unwrap_or_default()
            .into(),
        to_string(&result.params)?.into(),
        to_string(&result.debug)?.into(),
        number(result.attempts),
        number(result.waited_us),
        number(result.took_us),
        to_string(&result.context)?.into(),
        stored.has_thumbnail.to_string().into(),
    ])
}

fn number(number: impl ToString) -> Cow<'static, str> {
    number.to_string().into()
}

/// A text that no spreadsheet calculates.
fn harmless(text: &str) -> Cow<'_, str> {
    match text.starts_with(FORMULA) {
        true => format!("'{text}").into(),
        false => text.into(),
    }
}
