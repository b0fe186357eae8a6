//! What the component is made of, whether it compiles, describes itself and can be set up.

use super::check::{Check, CheckId, Checks};
use crate::algorithm::{Algorithm, LoadError};
use crate::contract::{self, Import, ImportClass};
use crate::host::Host;
use crate::package::Package;
use crate::report::time;
use crate::shape::{Shape, ShapeError};

/// The checks of this part in the order in which loading makes them.
const ORDER: [CheckId; 11] = [
    CheckId::Binary,
    CheckId::Contract,
    CheckId::Imports,
    CheckId::Memories,
    CheckId::Compile,
    CheckId::Link,
    CheckId::GetInfo,
    CheckId::Description,
    CheckId::Mismatch,
    CheckId::DefaultConfig,
    CheckId::Setup,
];

/// Loads the algorithm, if it can be loaded.
pub(super) fn check(checks: &mut Checks, host: &Host, package: &Package) -> Option<Algorithm> {
    match host.load(package) {
        Ok(algorithm) => {
            for id in ORDER {
                checks.add(match id {
                    CheckId::Imports => imports(algorithm.shape()),
                    CheckId::Mismatch | CheckId::DefaultConfig if package.manifest().is_none() => {
                        Check::not_run(id, "a bare component has no manifest")
                    }
                    id => Check::pass(id, found(id, &algorithm, package)),
                });
            }
            Some(algorithm)
        }
        Err(error) => {
            refused(checks, &error);
            None
        }
    }
}

/// The check that failed, and those before it.
fn refused(checks: &mut Checks, error: &LoadError) {
    let failing = failing(error);
    for id in ORDER.into_iter().take_while(|id| *id != failing) {
        checks.add(Check::pass(id, ""));
    }
    checks.add(Check::fail(failing, error));
}

/// Looks at what can be seen without compiling anything.
pub(super) fn check_unrun(checks: &mut Checks, host: &Host, package: &Package) {
    let before = |id: &CheckId| *id != CheckId::Compile;
    let shape = Shape::read(package.component()).and_then(|shape| {
        shape.check(&host.config().policy.imports)?;
        Ok(shape)
    });
    match shape {
        Ok(shape) => {
            for id in ORDER.into_iter().take_while(before) {
                checks.add(match id {
                    CheckId::Imports => imports(&shape),
                    id => Check::pass(id, ""),
                });
            }
        }
        Err(error) => refused(checks, &LoadError::Shape(error)),
    }
}

/// What a passed check found.
fn found(id: CheckId, algorithm: &Algorithm, package: &Package) -> String {
    let (shape, info, load) = (algorithm.shape(), algorithm.info(), algorithm.load_report());
    match id {
        CheckId::Binary => format!("{} functions in {} modules", shape.functions, shape.core_modules),
        CheckId::Contract => format!("{}@{}", contract::PACKAGE, contract::VERSION),
        CheckId::Memories => shape.memories.to_string(),
        CheckId::Compile if load.from_cache => format!("compiled before, read in {}", time(load.compile)),
        CheckId::Compile => time(load.compile),
        CheckId::GetInfo => format!("{} {} in {}", info.name, info.version, time(load.describe.usage.wall)),
        CheckId::Description => {
            let params: usize = info.steps.iter().map(|step| step.params.len()).sum();
            format!("steps: {}, parameters: {params}", info.steps.len())
        }
        CheckId::DefaultConfig => {
            let keys = package.manifest().map_or(0, |manifest| manifest.default_config.len());
            format!("{keys} parameters configured")
        }
        CheckId::Setup => time(load.setup.usage.wall),
        _ => String::new(),
    }
}

/// Counts what is granted and closed; a component that a strict station would refuse is worth a warning.
fn imports(shape: &Shape) -> Check {
    let count = |class| shape.imports.iter().filter(|import| import.class == class).count();
    let detail = format!(
        "{} granted, {} closed",
        count(ImportClass::Granted),
        count(ImportClass::Closed)
    );
    let stand_ins: Vec<&str> = shape
        .imports
        .iter()
        .filter(|import| import.stand_in)
        .map(|import: &Import| import.name.as_str())
        .collect();
    if stand_ins.is_empty() {
        return Check::pass(CheckId::Imports, detail);
    }
    Check::warn(
        CheckId::Imports,
        format!(
            "{detail}; every operation of {} is denied, and a strict station refuses it",
            stand_ins.join(", ")
        ),
        "read files as assets, and leave out code that uses files or the network",
    )
}

/// The check that fails with this error.
fn failing(error: &LoadError) -> CheckId {
    match error {
        LoadError::Shape(shape) => match shape {
            ShapeError::NotWasm | ShapeError::CoreModule | ShapeError::Invalid(_) | ShapeError::NestedComponent => {
                CheckId::Binary
            }
            ShapeError::NoLifecycle | ShapeError::ContractVersion(_) => CheckId::Contract,
            ShapeError::RefusedImports(_) => CheckId::Imports,
            ShapeError::Memories(_) => CheckId::Memories,
        },
        LoadError::Compile(_) => CheckId::Compile,
        LoadError::Link(_) => CheckId::Link,
        LoadError::GetInfo(_) => CheckId::GetInfo,
        LoadError::Description(_) => CheckId::Description,
        LoadError::Mismatch(_) => CheckId::Mismatch,
        LoadError::DefaultConfig(_) => CheckId::DefaultConfig,
        LoadError::Setup(_) => CheckId::Setup,
    }
}
