//! What the `producers` sections say: languages, tools and SDKs with their versions. Anybody can write anything there.

use super::{LISTED, NAME_BYTES};
use crate::imports::cut;
use serde::Serialize;
use std::collections::BTreeSet;
use wasmparser::ProducersSectionReader;

/// A language or tool that says it made the component, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`, usually.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

/// Most entries that are looked at in one file, repeated ones included.
const LOOKED_AT: usize = 10_000;

/// What the sections of one file say, each thing once.
#[derive(Default)]
pub(super) struct Producers {
    known: BTreeSet<Producer>,
    looked_at: usize,
}

impl Producers {
    /// Adds what one section says. A damaged section says no more; the engine does not read it either.
    pub(super) fn add(&mut self, fields: ProducersSectionReader<'_>) {
        let short = |text: &str| cut(text.to_owned(), NAME_BYTES);
        for field in fields.into_iter().map_while(Result::ok) {
            for value in field.values.into_iter().map_while(Result::ok) {
                self.looked_at += 1;
                if self.looked_at > LOOKED_AT || self.known.len() >= LISTED {
                    return;
                }
                self.known.insert(Producer {
                    field: short(field.name),
                    name: short(value.name),
                    version: short(value.version),
                });
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Producer> {
        self.known.into_iter().collect()
    }
}
