//! The station's folders, and whether components can be compiled and made to run.

use super::Examination;
use super::finding::{Finding, Section};
use crate::compiler::{CompileChild, Compiler};
use crate::engine::cache::CompileCache;
use crate::explain::{Explain, one_line};
use crate::host::{Host, HostConfig};
use crate::policy::StationPolicy;
use crate::store::{Store, StoreError, StoreOptions};
use std::path::Path;

const SECTION: Section = Section::Station;
/// The smallest component: nothing is in it.
const EMPTY_COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

pub(super) fn findings(examination: &Examination, policy: &StationPolicy) -> Vec<Finding> {
    let mut findings = vec![compiler(&examination.program, policy)];
    findings.extend(examination.cache.as_deref().map(cache));
    findings
}

/// Compiles in the locked child process, and has the engine take what comes of it as code.
fn compiler(program: &Path, policy: &StationPolicy) -> Finding {
    let host = Host::new(HostConfig {
        compiler: Compiler::Child(CompileChild {
            program: program.to_owned(),
            limits: policy.compile,
        }),
        ..policy.host_config(None)
    });
    let host = match host {
        Ok(host) => host,
        Err(error) => {
            return Finding::problem(
                SECTION,
                "compiler",
                one_line(&error),
                "use a machine and a kernel that can run WebAssembly engines",
            );
        }
    };
    match host.compile(&EMPTY_COMPONENT) {
        Ok(_) => Finding::ok(
            SECTION,
            "compiler",
            "components are compiled in a process of its own, and can be run",
        ),
        Err(error) => {
            let remedy =
                "look at what keeps the process from starting, from limiting itself or from making memory executable";
            Finding::problem(SECTION, "compiler", one_line(&error), remedy)
        }
    }
}

fn cache(folder: &Path) -> Finding {
    match CompileCache::open(folder) {
        Ok(_) => Finding::ok(
            SECTION,
            "cache",
            format!("compiled components are kept in {}", folder.display()),
        ),
        Err(error) => Finding::hint(
            SECTION,
            "cache",
            format!("{}; every start compiles anew", one_line(&error)),
            "name a folder with PROCVISION_CACHE_DIR that belongs to the station's user and that nobody else can change, and so \
             the folders above it",
        ),
    }
}

/// What there is to say of the store, and the policy that holds in it; the default policy where there is none.
pub(super) fn store(folder: Option<&Path>) -> (Vec<Finding>, StationPolicy) {
    let Some(folder) = folder else {
        return (Vec::new(), StationPolicy::default());
    };
    match look(folder) {
        Ok((detail, policy)) => (vec![Finding::ok(SECTION, "store", detail)], policy),
        Err(error) => {
            let remedy = error.remedy();
            let remedy = remedy.unwrap_or_else(|| "look at the store with `procvision store verify`".to_owned());
            let finding = Finding::problem(SECTION, "store", one_line(&error), remedy);
            (vec![finding], StationPolicy::default())
        }
    }
}

fn look(folder: &Path) -> Result<(String, StationPolicy), StoreError> {
    let store = Store::open(folder, StoreOptions::default())?;
    let policy = store.rules()?.policy;
    let listing = store.list()?;
    let detail = format!(
        "{}: {} installed, {} product models",
        folder.display(),
        listing.versions.len(),
        listing.active.len()
    );
    Ok((detail, policy))
}
