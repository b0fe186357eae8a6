//! What a component imports and exports, and which functions of its imports reach its code.
//!
//! A component's items have numbers, counted separately for functions, instances, types and components in the order in
//! which sections mention them. Keeping those numbers tells where a function that is lowered (made callable for code)
//! comes from.

use super::{LISTED, NAME_BYTES, Stop};
use crate::contract::{self, ImportClass};
use crate::imports::cut;
use serde::Serialize;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentExternalKind, ComponentImport, ComponentInstance,
    ComponentOuterAliasKind, ComponentType, ComponentTypeRef, InstanceTypeDeclaration, Payload,
};

/// Most items of each kind; the engine accepts no more either.
const ITEMS: usize = 1_000_000;

/// What kind of thing is imported or exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// An interface: functions and types under one name.
    Interface,
    /// A function of no interface.
    Function,
    /// A type.
    Type,
    /// A core module.
    Module,
    /// A component.
    Component,
    /// A value.
    Value,
}

/// A function of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Function {
    /// Its name in the interface.
    pub name: String,
    /// Whether it is made callable for the component's code, or handed on to a component inside.
    pub linked: bool,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportFacts {
    /// Its name as the component writes it, cut.
    pub name: String,
    /// What kind of thing it is.
    pub kind: ItemKind,
    /// What becomes of it.
    pub class: ImportClass,
    /// Why it is refused.
    pub reason: Option<String>,
    /// Whether it is one whose every operation answers with an error, which a station may refuse.
    pub stand_in: bool,
    /// The functions that the component declares of it: those that are linked, then the others, by name.
    pub functions: Vec<Function>,
    /// Functions that are not listed.
    pub more_functions: u64,
    /// Resources of it whose handles the code can give back.
    pub drops: Vec<String>,
    /// Whether the whole of it is handed on to a component inside, or out again.
    pub passed_on: bool,
}

impl ImportFacts {
    /// The functions that reach the component's code.
    pub fn linked(&self) -> impl Iterator<Item = &str> {
        let linked = self.functions.iter().filter(|function| function.linked);
        linked.map(|function| function.name.as_str())
    }

    /// Whether any of it reaches the component's code.
    pub fn is_linked(&self) -> bool {
        self.passed_on || self.functions.iter().any(|function| function.linked)
    }
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportFacts {
    /// Its name as the component writes it, cut.
    pub name: String,
    /// What kind of thing it is.
    pub kind: ItemKind,
    /// Its functions, if it is an interface.
    pub functions: Vec<String>,
}

/// What is known of a type: whether it is an instance's, or a resource of an import.
enum TypeItem<'a> {
    Instance(Declared<'a>),
    ResourceOf(usize, &'a str),
    Other,
}

/// The functions that an instance type declares.
#[derive(Clone, Default)]
struct Declared<'a> {
    first: Vec<&'a str>,
    more: u64,
}

/// Where an instance comes from.
#[derive(Clone, Copy)]
enum InstanceItem {
    Import(usize),
    /// Made from the component of this number.
    Made(usize),
    Other,
}

/// Where a function comes from: an import, and its name there if the import is an interface.
type FunctionItem<'a> = Option<(usize, Option<&'a str>)>;

/// The items of the outermost component, and its imports and exports.
#[derive(Default)]
pub(super) struct Interfaces<'a> {
    functions: Vec<FunctionItem<'a>>,
    instances: Vec<InstanceItem>,
    types: Vec<TypeItem<'a>>,
    /// The functions that each component inside exports.
    components: Vec<Vec<&'a str>>,
    /// The same of the one that is being read.
    inner: Vec<&'a str>,
    imports: Vec<ImportItem<'a>>,
    more_imports: u64,
    exports: Vec<ExportFacts>,
    more_exports: u64,
}

struct ImportItem<'a> {
    name: &'a str,
    kind: ItemKind,
    declared: Declared<'a>,
    linked: Vec<&'a str>,
    drops: Vec<&'a str>,
    passed_on: bool,
}

fn add<T>(items: &mut Vec<T>, item: T) -> Result<(), Stop> {
    if items.len() >= ITEMS {
        return Err(Stop(format!("more than {ITEMS} items of one kind")));
    }
    items.push(item);
    Ok(())
}

impl<'a> Interfaces<'a> {
    /// Takes a section of the outermost component.
    pub(super) fn take(&mut self, payload: Payload<'a>) -> Result<(), Stop> {
        match payload {
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    self.import(&import?)?;
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    self.export(&export?)?;
                }
            }
            Payload::ComponentTypeSection(types) => {
                for ty in types {
                    let item = match ty? {
                        ComponentType::Instance(parts) => TypeItem::Instance(Declared::of(&parts)),
                        _ => TypeItem::Other,
                    };
                    add(&mut self.types, item)?;
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.alias(&alias?)?;
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    self.instance(&instance?)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    self.canonical(&function?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes a section of a component inside the outermost one.
    pub(super) fn take_of_inner(&mut self, payload: Payload<'a>) -> Result<(), Stop> {
        if let Payload::ComponentExportSection(exports) = payload {
            for export in exports {
                let export = export?;
                if export.kind == ComponentExternalKind::Func && self.inner.len() < LISTED {
                    self.inner.push(export.name.name);
                }
            }
        }
        Ok(())
    }

    /// A component inside the outermost one is at its end.
    pub(super) fn end_component(&mut self) {
        let functions = std::mem::take(&mut self.inner);
        if self.components.len() < ITEMS {
            self.components.push(functions);
        }
    }

    fn import(&mut self, import: &ComponentImport<'a>) -> Result<(), Stop> {
        let number = self.imports.len();
        let kind = match import.ty {
            ComponentTypeRef::Instance(_) => {
                add(&mut self.instances, InstanceItem::Import(number))?;
                ItemKind::Interface
            }
            ComponentTypeRef::Func(_) => {
                add(&mut self.functions, Some((number, None)))?;
                ItemKind::Function
            }
            ComponentTypeRef::Type(_) => {
                add(&mut self.types, TypeItem::Other)?;
                ItemKind::Type
            }
            ComponentTypeRef::Component(_) => {
                add(&mut self.components, Vec::new())?;
                ItemKind::Component
            }
            ComponentTypeRef::Module(_) => ItemKind::Module,
            ComponentTypeRef::Value(_) => ItemKind::Value,
        };
        // What is not listed keeps its number, and whatever is said of that number later is dropped.
        if number < LISTED {
            self.imports.push(ImportItem {
                name: import.name.name,
                kind,
                declared: self.declared(import.ty),
                linked: Vec::new(),
                drops: Vec::new(),
                passed_on: false,
            });
        } else {
            self.more_imports += 1;
        }
        Ok(())
    }

    fn declared(&self, ty: ComponentTypeRef) -> Declared<'a> {
        match ty {
            ComponentTypeRef::Instance(ty) => match self.types.get(ty as usize) {
                Some(TypeItem::Instance(functions)) => functions.clone(),
                _ => Declared::default(),
            },
            _ => Declared::default(),
        }
    }

    fn export(&mut self, export: &ComponentExport<'a>) -> Result<(), Stop> {
        self.hand_on(export.kind, export.index);
        let index = export.index as usize;
        let mut made_from = None;
        // An export is an item of its own, with the next number.
        let kind = match export.kind {
            ComponentExternalKind::Instance => {
                let instance = self.instances.get(index).copied().unwrap_or(InstanceItem::Other);
                if let InstanceItem::Made(component) = instance {
                    made_from = Some(component);
                }
                add(&mut self.instances, instance)?;
                ItemKind::Interface
            }
            ComponentExternalKind::Func => {
                let function = self.functions.get(index).copied().flatten();
                add(&mut self.functions, function)?;
                ItemKind::Function
            }
            ComponentExternalKind::Type => {
                add(&mut self.types, TypeItem::Other)?;
                ItemKind::Type
            }
            ComponentExternalKind::Component => {
                add(&mut self.components, Vec::new())?;
                ItemKind::Component
            }
            ComponentExternalKind::Module => ItemKind::Module,
            ComponentExternalKind::Value => ItemKind::Value,
        };
        if self.exports.len() < LISTED {
            let functions = made_from.and_then(|component| self.components.get(component));
            let functions = functions.into_iter().flatten().map(|name| short(name));
            self.exports.push(ExportFacts {
                name: short(export.name.name),
                kind,
                functions: functions.collect(),
            });
        } else {
            self.more_exports += 1;
        }
        Ok(())
    }

    fn alias(&mut self, alias: &ComponentAlias<'a>) -> Result<(), Stop> {
        match *alias {
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                name,
            } => {
                let instance = self.instances.get(instance_index as usize).copied();
                let import = match instance {
                    Some(InstanceItem::Import(import)) => Some(import),
                    _ => None,
                };
                match kind {
                    ComponentExternalKind::Func => {
                        add(&mut self.functions, import.map(|import| (import, Some(name))))?;
                    }
                    ComponentExternalKind::Type => {
                        let item = import.map_or(TypeItem::Other, |import| TypeItem::ResourceOf(import, name));
                        add(&mut self.types, item)?;
                    }
                    ComponentExternalKind::Instance => {
                        let item = import.map_or(InstanceItem::Other, InstanceItem::Import);
                        add(&mut self.instances, item)?;
                    }
                    ComponentExternalKind::Component => add(&mut self.components, Vec::new())?,
                    ComponentExternalKind::Module | ComponentExternalKind::Value => {}
                }
            }
            ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::Type,
                ..
            } => add(&mut self.types, TypeItem::Other)?,
            ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::Component,
                ..
            } => add(&mut self.components, Vec::new())?,
            _ => {}
        }
        Ok(())
    }

    fn instance(&mut self, instance: &ComponentInstance<'a>) -> Result<(), Stop> {
        let item = match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                for argument in args {
                    self.hand_on(argument.kind, argument.index);
                }
                InstanceItem::Made(*component_index as usize)
            }
            ComponentInstance::FromExports(exports) => {
                for export in exports {
                    self.hand_on(export.kind, export.index);
                }
                InstanceItem::Other
            }
        };
        add(&mut self.instances, item)
    }

    /// Something is given to a component inside, or given out.
    fn hand_on(&mut self, kind: ComponentExternalKind, index: u32) {
        match kind {
            ComponentExternalKind::Func => self.link(index),
            ComponentExternalKind::Instance => {
                if let Some(InstanceItem::Import(import)) = self.instances.get(index as usize)
                    && let Some(import) = self.imports.get_mut(*import)
                {
                    import.passed_on = true;
                }
            }
            _ => {}
        }
    }

    /// A function reaches code.
    fn link(&mut self, index: u32) {
        if let Some(Some((import, name))) = self.functions.get(index as usize)
            && let Some(import) = self.imports.get_mut(*import)
        {
            let name = name.unwrap_or(import.name);
            // Lowering the same function over and over must not take memory without end.
            if import.linked.len() < ITEMS {
                import.linked.push(name);
            }
        }
    }

    fn canonical(&mut self, function: &CanonicalFunction) -> Result<(), Stop> {
        match function {
            CanonicalFunction::Lift { .. } => add(&mut self.functions, None)?,
            CanonicalFunction::Lower { func_index, .. } => self.link(*func_index),
            CanonicalFunction::ResourceDrop { resource } => {
                if let Some(TypeItem::ResourceOf(import, name)) = self.types.get(*resource as usize)
                    && let Some(import) = self.imports.get_mut(*import)
                    && import.drops.len() < LISTED
                    && !import.drops.contains(name)
                {
                    import.drops.push(name);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What is imported, and how much of it is not listed.
    pub(super) fn imports(&mut self) -> (Vec<ImportFacts>, u64) {
        let imports = self.imports.drain(..).map(ImportItem::facts).collect();
        (imports, self.more_imports)
    }

    /// What is exported, and how much of it is not listed.
    pub(super) fn exports(&mut self) -> (Vec<ExportFacts>, u64) {
        (std::mem::take(&mut self.exports), self.more_exports)
    }
}

impl ImportItem<'_> {
    fn facts(mut self) -> ImportFacts {
        let import = contract::classify(self.name);
        self.linked.sort_unstable();
        self.linked.dedup();
        // What a file links it should declare; one that does not is damaged, and says so elsewhere.
        let linked = |name: &str| self.linked.binary_search(&name).is_ok();
        let mut names = self.declared.first;
        names.extend(&self.linked);
        names.sort_unstable_by_key(|name| (!linked(name), *name));
        names.dedup();
        let more_functions = self.declared.more + names.len().saturating_sub(LISTED) as u64;
        let functions = names.iter().take(LISTED).map(|name| Function {
            name: short(name),
            linked: linked(name),
        });
        let functions = functions.collect();
        ImportFacts {
            name: short(self.name),
            kind: self.kind,
            class: import.class,
            reason: import.reason.map(|reason| cut(reason, NAME_BYTES)),
            stand_in: import.stand_in,
            functions,
            more_functions,
            drops: self.drops.iter().map(|name| short(name)).collect(),
            passed_on: self.passed_on,
        }
    }
}

fn short(name: &str) -> String {
    cut(name.to_owned(), NAME_BYTES)
}

impl<'a> Declared<'a> {
    fn of(parts: &[InstanceTypeDeclaration<'a>]) -> Self {
        let mut functions = parts.iter().filter_map(|part| match part {
            InstanceTypeDeclaration::Export {
                name,
                ty: ComponentTypeRef::Func(_),
            } => Some(name.name),
            _ => None,
        });
        // Hundreds of imports may have the same type.
        Self {
            first: functions.by_ref().take(LISTED).collect(),
            more: functions.count() as u64,
        }
    }
}
