//! What a core module holds.

use super::{LISTED, NAME_BYTES, Segment, Stop};
use crate::imports::cut;
use serde::Serialize;
use std::collections::BTreeMap;
use wasmparser::{MemoryType, Name, NameSectionReader, Payload, TableType};

/// Bytes of a page of linear memory, unless the memory says otherwise.
const PAGE_BYTES: u64 = 65_536;
/// Most memories, and most tables, of one module that are listed.
const DEFINITIONS: usize = 64;

/// A core module.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ModuleFacts {
    /// Its number in the file, from 0.
    pub index: u32,
    /// What it calls itself.
    pub name: Option<String>,
    /// Its size in the file.
    pub bytes: u64,
    /// Functions that it defines.
    pub functions: u64,
    /// Things that it imports.
    pub imports: u64,
    /// Things that it exports.
    pub exports: u64,
    /// Bytes of its code.
    pub code_bytes: u64,
    /// Bytes of its largest function.
    pub largest_function_bytes: u64,
    /// Linear memories that it defines.
    pub memories: Vec<MemoryFacts>,
    /// Tables that it defines.
    pub tables: Vec<TableFacts>,
    /// Globals that it defines.
    pub globals: u64,
    /// Those of them that can change.
    pub mutable_globals: u64,
    /// Whether code of it runs as soon as it is instantiated.
    pub start_function: bool,
    /// Pieces of initial memory.
    pub data_segments: u64,
    /// Bytes of initial memory.
    pub data_bytes: u64,
    /// Lists of function pointers.
    pub element_segments: u64,
    /// Custom sections, those of the same name together.
    pub sections: Vec<SectionFacts>,
}

/// A linear memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryFacts {
    /// Bytes at the start.
    pub initial_bytes: u64,
    /// Bytes beyond which it cannot grow, if the module says so.
    pub maximum_bytes: Option<u64>,
    /// Whether threads share it.
    pub shared: bool,
}

/// A table of function pointers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableFacts {
    /// Elements at the start.
    pub initial: u64,
    /// Elements beyond which it cannot grow, if the module says so.
    pub maximum: Option<u64>,
}

/// A custom section, or several of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionFacts {
    /// Its name.
    pub name: String,
    /// Bytes in it.
    pub bytes: u64,
}

/// Custom sections while they are counted, by name.
#[derive(Default)]
pub(super) struct Sections(BTreeMap<String, u64>);

impl Sections {
    pub(super) fn add(&mut self, name: &str, bytes: u64) {
        let name = cut(name.to_owned(), NAME_BYTES);
        if let Some(known) = self.0.get_mut(&name) {
            *known = known.saturating_add(bytes);
        } else if self.0.len() < LISTED {
            self.0.insert(name, bytes);
        }
    }

    /// The sections, largest first.
    pub(super) fn finish(self) -> Vec<SectionFacts> {
        let sections = self.0.into_iter();
        let mut sections: Vec<SectionFacts> = sections.map(|(name, bytes)| SectionFacts { name, bytes }).collect();
        sections.sort_by_key(|section| std::cmp::Reverse(section.bytes));
        sections
    }
}

impl MemoryFacts {
    fn new(ty: &MemoryType) -> Self {
        let page = match ty.page_size_log2 {
            Some(log2) => 1_u64.checked_shl(log2).unwrap_or(u64::MAX),
            None => PAGE_BYTES,
        };
        Self {
            initial_bytes: ty.initial.saturating_mul(page),
            maximum_bytes: ty.maximum.map(|pages| pages.saturating_mul(page)),
            shared: ty.shared,
        }
    }
}

impl TableFacts {
    fn new(ty: &TableType) -> Self {
        Self {
            initial: ty.initial,
            maximum: ty.maximum,
        }
    }
}

/// A core module that is being read.
pub(super) struct ModuleReader {
    facts: ModuleFacts,
    start: usize,
    /// Where the last section that was read begins.
    seen: usize,
    segments: Vec<Segment>,
    sections: Sections,
}

impl ModuleReader {
    pub(super) fn new(index: u32, start: usize) -> Self {
        Self {
            facts: ModuleFacts {
                index,
                ..ModuleFacts::default()
            },
            start,
            seen: start,
            segments: Vec::new(),
            sections: Sections::default(),
        }
    }

    /// Where reading has arrived.
    pub(super) fn seen(&self) -> usize {
        self.seen
    }

    pub(super) fn take(&mut self, payload: Payload<'_>) -> Result<(), Stop> {
        let facts = &mut self.facts;
        if let Some((_, range)) = payload.as_section() {
            self.seen = range.end;
        }
        match payload {
            Payload::ImportSection(imports) => facts.imports = imports.count().into(),
            Payload::FunctionSection(functions) => facts.functions = functions.count().into(),
            Payload::MemorySection(memories) => {
                for memory in memories.into_iter().take(DEFINITIONS) {
                    facts.memories.push(MemoryFacts::new(&memory?));
                }
            }
            Payload::TableSection(tables) => {
                for table in tables.into_iter().take(DEFINITIONS) {
                    facts.tables.push(TableFacts::new(&table?.ty));
                }
            }
            Payload::GlobalSection(globals) => {
                facts.globals = globals.count().into();
                for global in globals {
                    facts.mutable_globals += u64::from(global?.ty.mutable);
                }
            }
            Payload::ExportSection(exports) => facts.exports = exports.count().into(),
            Payload::StartSection { .. } => facts.start_function = true,
            Payload::ElementSection(elements) => facts.element_segments = elements.count().into(),
            Payload::CodeSectionStart { size, .. } => facts.code_bytes = size.into(),
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len() as u64;
                facts.largest_function_bytes = facts.largest_function_bytes.max(bytes);
            }
            Payload::DataSection(data) => {
                for (index, segment) in data.into_iter().enumerate() {
                    let bytes = segment?;
                    // The bytes themselves stand last in a segment.
                    let range = bytes.range.end.saturating_sub(bytes.data.len())..bytes.range.end;
                    facts.data_segments += 1;
                    facts.data_bytes = facts.data_bytes.saturating_add(bytes.data.len() as u64);
                    if !range.is_empty() && self.segments.len() < super::SEGMENTS {
                        self.segments.push(Segment {
                            module: facts.index,
                            index: index as u64,
                            range,
                        });
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Looks for the module's own name. A damaged name section is one without a name.
    pub(super) fn take_names(&mut self, names: NameSectionReader<'_>) {
        let name = names.into_iter().map_while(Result::ok).find_map(|part| match part {
            Name::Module { name, .. } => Some(cut(name.to_owned(), NAME_BYTES)),
            _ => None,
        });
        self.facts.name = name.or(self.facts.name.take());
    }

    pub(super) fn add_section(&mut self, name: &str, bytes: u64) {
        self.sections.add(name, bytes);
    }

    /// What is known at the module's end.
    pub(super) fn finish(self, end: usize) -> (ModuleFacts, Vec<Segment>) {
        let mut facts = self.facts;
        facts.bytes = end.saturating_sub(self.start) as u64;
        facts.sections = self.sections.finish();
        (facts, self.segments)
    }
}
