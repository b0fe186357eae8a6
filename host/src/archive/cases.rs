//! Which pictures the golden cases name. What else a case says is looked at when it is replayed.

use super::error::Fault;
use super::name::PICTURES;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Case {
    image: String,
    #[serde(default)]
    references: BTreeMap<String, String>,
}

/// Every picture that a case names is there, and every picture that is there is named by a case.
pub(super) fn check<'a>(text: Option<&[u8]>, entries: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    let cases: Vec<Case> = match text {
        Some(text) => serde_json::from_slice(text).map_err(Fault::Cases)?,
        None => Vec::new(),
    };
    let named = cases
        .iter()
        .flat_map(|case| case.references.values().chain([&case.image]));
    let named: BTreeSet<&str> = named.map(String::as_str).collect();
    let there: BTreeSet<&str> = entries.filter(|name| name.starts_with(PICTURES)).collect();
    if let Some(missing) = named.difference(&there).next() {
        return Err(Fault::PictureMissing((*missing).to_owned()));
    }
    match there.difference(&named).next() {
        Some(unnamed) => Err(Fault::PictureUnnamed((*unnamed).to_owned())),
        None => Ok(()),
    }
}
