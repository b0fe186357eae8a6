//! What a component is made of, in more depth than [`Shape`](crate::shape::Shape) needs: which functions of each import
//! its code is given, what each core module holds, which tools made it.
//!
//! One pass over the bytes, without validating them: what stands before the first damage is still told. Every list is
//! bounded, since a count in a file may be anything.

mod interfaces;
mod modules;
mod producers;

pub use interfaces::{ExportFacts, Function, ImportFacts, ItemKind};
pub use modules::{MemoryFacts, ModuleFacts, SectionFacts, TableFacts};
pub use producers::Producer;

use crate::contract;
use crate::imports::cut;
use interfaces::Interfaces;
use modules::{ModuleReader, Sections};
use producers::Producers;
use serde::Serialize;
use std::ops::Range;
use wasmparser::{BinaryReaderError, Encoding, Instance, KnownCustom, Parser, Payload};

/// Most entries of every list; what is beyond is counted.
pub(super) const LISTED: usize = 500;
/// Most bytes of a name.
pub(super) const NAME_BYTES: usize = 200;
/// Components and modules within each other, the outermost included. Lifting a module makes two levels.
const NESTING: usize = 8;
/// Most pieces of initial memory that are remembered; the engine accepts as many in a module.
const SEGMENTS: usize = 100_000;

/// What kind of file it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryForm {
    /// A WebAssembly component.
    Component,
    /// A core module of WebAssembly, which no station runs.
    Module,
    /// Something else.
    #[default]
    Other,
}

/// What a component is made of.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Anatomy {
    /// What kind of file it is.
    pub form: BinaryForm,
    /// The version of the contract whose lifecycle it exports, if it exports one; empty if the name has none.
    pub contract: Option<String>,
    /// What it imports, in the order of the file.
    pub imports: Vec<ImportFacts>,
    /// Imports that are not listed.
    pub more_imports: u64,
    /// What it exports, in the order of the file.
    pub exports: Vec<ExportFacts>,
    /// Exports that are not listed.
    pub more_exports: u64,
    /// The core modules in it.
    pub modules: Vec<ModuleFacts>,
    /// Modules that are not listed.
    pub more_modules: u64,
    /// Components inside it.
    pub nested_components: u32,
    /// Core modules that are instantiated, each time counted.
    pub core_instances: u32,
    /// Functions that its modules define.
    pub functions: u64,
    /// Bytes of their code.
    pub code_bytes: u64,
    /// Pieces of initial memory.
    pub data_segments: u64,
    /// Bytes of initial memory.
    pub data_bytes: u64,
    /// Custom sections outside its modules: bytes that the engine does not run.
    pub sections: Vec<SectionFacts>,
    /// Bytes of all custom sections, those of its modules included.
    pub custom_bytes: u64,
    /// Languages and tools that say they made it.
    pub producers: Vec<Producer>,
    /// Where reading stopped and why, if the file is damaged.
    pub damage: Option<String>,
    /// Where the pieces of initial memory lie in the file.
    #[serde(skip)]
    pub(super) segments: Vec<Segment>,
}

/// A piece of initial memory.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Number of the module.
    pub module: u32,
    /// Number of the segment in the module.
    pub index: u64,
    /// Where its bytes lie in the file.
    pub range: Range<usize>,
}

impl Anatomy {
    /// Reads a file, as far as it can be read.
    pub fn read(bytes: &[u8]) -> Self {
        let mut walk = Walk::default();
        walk.anatomy.form = match bytes.get(..8) {
            Some([0, b'a', b's', b'm', _, _, 0, 0]) => BinaryForm::Module,
            Some([0, b'a', b's', b'm', ..]) => BinaryForm::Component,
            _ => return walk.anatomy,
        };
        for payload in Parser::new(0).parse_all(bytes) {
            let stop = match payload.map_err(Stop::from).and_then(|payload| walk.take(payload)) {
                Ok(()) => continue,
                Err(stop) => stop,
            };
            walk.anatomy.damage = Some(cut(stop.0, NAME_BYTES));
            break;
        }
        walk.finish()
    }

    /// Whether it has imports of this interface, of whatever version.
    pub fn imports_interface(&self, interface: &str) -> bool {
        let of = |name: &str| name.split('@').next() == Some(interface);
        self.imports.iter().any(|import| of(&import.name))
    }

    /// The linear memories of all listed modules.
    pub fn memories(&self) -> impl Iterator<Item = &MemoryFacts> {
        self.modules.iter().flat_map(|module| &module.memories)
    }

    /// The tables of all listed modules.
    pub fn tables(&self) -> impl Iterator<Item = &TableFacts> {
        self.modules.iter().flat_map(|module| &module.tables)
    }
}

/// Why reading stops before the end.
struct Stop(String);

impl From<BinaryReaderError> for Stop {
    fn from(error: BinaryReaderError) -> Self {
        Self(error.to_string())
    }
}

/// Reading in progress.
#[derive(Default)]
struct Walk<'a> {
    anatomy: Anatomy,
    /// The modules and components that are being read, outermost first.
    open: Vec<Open>,
    interfaces: Interfaces<'a>,
    modules: u32,
    sections: Sections,
    producers: Producers,
}

/// A module or component that is being read.
enum Open {
    Component,
    Module(Box<ModuleReader>),
}

impl<'a> Walk<'a> {
    fn take(&mut self, payload: Payload<'a>) -> Result<(), Stop> {
        match payload {
            Payload::Version { encoding, range, .. } => return self.begin(encoding, range.start),
            Payload::End(offset) => {
                match self.open.pop() {
                    Some(Open::Module(module)) => self.end_module(*module, offset),
                    _ if self.open.len() == 1 => self.interfaces.end_component(),
                    _ => {}
                }
                return Ok(());
            }
            _ => {}
        }
        let depth = self.open.len();
        match self.open.last_mut() {
            Some(Open::Module(module)) => {
                if let Payload::CustomSection(section) = &payload {
                    self.custom(section, depth)?;
                } else {
                    module.take(payload)?;
                }
            }
            Some(Open::Component) => self.take_of_component(payload, depth)?,
            None => {}
        }
        Ok(())
    }

    fn begin(&mut self, encoding: Encoding, start: usize) -> Result<(), Stop> {
        // Each level costs its author a few bytes, and whoever reads on more than that.
        if self.open.len() >= NESTING {
            return Err(Stop(format!("more than {NESTING} components within each other")));
        }
        match encoding {
            Encoding::Module => {
                self.open
                    .push(Open::Module(Box::new(ModuleReader::new(self.modules, start))));
                self.modules = self.modules.saturating_add(1);
            }
            Encoding::Component => {
                if !self.open.is_empty() {
                    self.anatomy.nested_components = self.anatomy.nested_components.saturating_add(1);
                }
                self.open.push(Open::Component);
            }
        }
        Ok(())
    }

    fn take_of_component(&mut self, payload: Payload<'a>, depth: usize) -> Result<(), Stop> {
        match payload {
            Payload::CustomSection(section) => self.custom(&section, depth)?,
            Payload::InstanceSection(instances) if depth == 1 => {
                for instance in instances {
                    if let Instance::Instantiate { .. } = instance? {
                        self.anatomy.core_instances = self.anatomy.core_instances.saturating_add(1);
                    }
                }
            }
            payload if depth == 1 => self.interfaces.take(payload)?,
            payload if depth == 2 => self.interfaces.take_of_inner(payload)?,
            _ => {}
        }
        Ok(())
    }

    fn custom(&mut self, section: &wasmparser::CustomSectionReader<'a>, depth: usize) -> Result<(), Stop> {
        let size = section.data().len() as u64;
        self.anatomy.custom_bytes = self.anatomy.custom_bytes.saturating_add(size);
        match section.as_known() {
            KnownCustom::Producers(fields) => self.producers.add(fields),
            KnownCustom::Name(names) => {
                if let Some(Open::Module(module)) = self.open.last_mut() {
                    module.take_names(names);
                }
            }
            _ => {}
        }
        match self.open.last_mut() {
            Some(Open::Module(module)) => module.add_section(section.name(), size),
            _ if depth == 1 => self.sections.add(section.name(), size),
            _ => {}
        }
        Ok(())
    }

    fn end_module(&mut self, module: ModuleReader, offset: usize) {
        let (facts, segments) = module.finish(offset);
        let anatomy = &mut self.anatomy;
        anatomy.functions = anatomy.functions.saturating_add(facts.functions);
        anatomy.code_bytes = anatomy.code_bytes.saturating_add(facts.code_bytes);
        anatomy.data_segments = anatomy.data_segments.saturating_add(facts.data_segments);
        anatomy.data_bytes = anatomy.data_bytes.saturating_add(facts.data_bytes);
        let room = SEGMENTS.saturating_sub(anatomy.segments.len());
        anatomy.segments.extend(segments.into_iter().take(room));
        if anatomy.modules.len() < LISTED {
            anatomy.modules.push(facts);
        } else {
            anatomy.more_modules = anatomy.more_modules.saturating_add(1);
        }
    }

    /// What is known once the file is at its end, or damaged.
    fn finish(mut self) -> Anatomy {
        // A module that was cut off still has something to tell.
        while let Some(open) = self.open.pop() {
            if let Open::Module(module) = open {
                let end = module.seen();
                self.end_module(*module, end);
            }
        }
        let mut anatomy = self.anatomy;
        anatomy.sections = self.sections.finish();
        anatomy.producers = self.producers.finish();
        (anatomy.imports, anatomy.more_imports) = self.interfaces.imports();
        (anatomy.exports, anatomy.more_exports) = self.interfaces.exports();
        let lifecycle = |export: &ExportFacts| contract::lifecycle_version(&export.name);
        anatomy.contract = anatomy
            .exports
            .iter()
            .find_map(lifecycle)
            .map(|version| version.map_or_else(String::new, |version| cut(version.to_string(), NAME_BYTES)));
        anatomy
    }
}
