//! `policy.json`: everything a station decides, in one file, read strictly.

use super::error::PolicyError;
use super::imports::{ClosedImports, ImportPattern, ImportRules};
use super::sandbox::{ClockPolicy, PicturePolicy, RandomPolicy, SandboxPolicy};
use crate::bounded_file::{self, BoundedFileError};
use crate::compiler::Compiler;
use crate::host::HostConfig;
use crate::limits::{CompileLimits, LIMIT_NAMES, LimitRequest, Limits, POLICY_BYTES};
use crate::lockdown::Requirement;
use crate::logs::Level;
use crate::signing::{TrustError, TrustStore};
use crate::strict_json;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Version of the policy format that this host reads.
pub const POLICY_VERSION: u32 = 1;
/// The file's usual name.
pub const POLICY_FILE: &str = "policy.json";

/// Folder of trusted keys beside the policy, unless it names another.
const TRUSTED_KEYS: &str = "trusted";
/// What `quarantine_after` can be.
const QUARANTINE_AFTER: RangeInclusive<u32> = 1..=1_000;
/// What `keep_versions` can be.
const KEEP_VERSIONS: RangeInclusive<u32> = 1..=100;

/// What a package's signature must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum SignaturePolicy {
    /// Only packages with a valid signature of a trusted key are accepted.
    Strict,
    /// Every package is accepted; one that is unsigned, altered, or signed by a key that is unknown, expired or
    /// revoked, with a warning.
    #[default]
    Lenient,
}

/// Everything a station decides. A key that is left out has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "ProcVision station policy", extend("$id" = "urn:procvision:schema:policy:1"))]
#[schemars(description = "`policy.json`: what a station decides about the packages it accepts and how it runs them.")]
pub struct StationPolicy {
    /// Where an editor finds the schema of this file. It is not looked at.
    #[serde(rename = "$schema", default, deserialize_with = "strict_json::given")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub schema: Option<String>,
    /// Version of the format: 1.
    #[schemars(extend("const" = POLICY_VERSION))]
    pub policy_version: u32,
    /// What a package's signature must be: valid (strict), or anything, with a warning (lenient). A station whose
    /// packages are all signed should be strict; the default lets unsigned packages from before signing go on.
    #[serde(default)]
    pub signatures: SignaturePolicy,
    /// Folder of the public keys whose signatures count, relative to this file; `revoked` in it holds those that do not
    /// count any more.
    #[serde(default = "trusted_keys")]
    #[schemars(length(min = 1), extend("default" = TRUSTED_KEYS))]
    pub trusted_keys: PathBuf,
    /// Imports that a component may have, by interface or by package, without versions. Left out, everything that this
    /// host offers is allowed. A list makes sure that what a new version of the host offers is not used unseen.
    #[serde(
        default,
        deserialize_with = "strict_json::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Vec<ImportPattern>", extend("uniqueItems" = true))]
    pub allowed_imports: Option<Vec<ImportPattern>>,
    /// What happens to components that import the file system or the network, which are there only to answer with
    /// errors: answer, or refuse the component. Guests made from Python and JavaScript always import them.
    #[serde(default)]
    pub closed_imports: ClosedImports,
    /// The most that any package is granted of each limit. A package that asks for more gets this much, with a warning.
    #[serde(default)]
    #[schemars(schema_with = "ceilings_schema")]
    pub ceilings: LimitRequest,
    /// What compiling one component may use, in a process of its own. A component that needs more is refused.
    #[serde(default)]
    pub compile: CompileLimits,
    /// What becomes of a process that is to run algorithms if the system cannot lock it down: it runs none (required), or
    /// goes on with the locks that there are (best_effort). The locks are the second wall, should the sandbox have a hole.
    #[serde(default)]
    pub lockdown: Requirement,
    /// What an algorithm sees when it asks for the time. Coarse is exact enough for time stamps and too blunt to
    /// measure other algorithms' work with.
    #[serde(default)]
    pub clocks: ClockPolicy,
    /// What an algorithm sees when it asks for random numbers. Deterministic lets a verdict be reproduced; inspection
    /// needs no secrets.
    #[serde(default)]
    pub random: RandomPolicy,
    /// What happens to a step whose picture cannot be had. A black picture that is judged OK is a bad product shipped,
    /// so the step fails unless the station's platform relies on black ones.
    #[serde(default)]
    pub pictures: PicturePolicy,
    /// Failures in a row, each of which cost the instance, after which an algorithm is not asked any more until
    /// somebody releases it.
    #[serde(default = "quarantine_after")]
    #[schemars(range(min = *QUARANTINE_AFTER.start(), max = *QUARANTINE_AFTER.end()))]
    pub quarantine_after: u32,
    /// The least important log lines of algorithms that are kept.
    #[serde(default = "log_level")]
    pub log_level: Level,
    /// How many versions a store remembers for each product model, so that it can go back to them.
    #[serde(default = "keep_versions")]
    #[schemars(range(min = *KEEP_VERSIONS.start(), max = *KEEP_VERSIONS.end()))]
    pub keep_versions: u32,
    /// The folder that `trusted_keys` is relative to.
    #[serde(skip)]
    folder: PathBuf,
}

fn trusted_keys() -> PathBuf {
    TRUSTED_KEYS.into()
}

fn quarantine_after() -> u32 {
    3
}

fn log_level() -> Level {
    Level::Info
}

fn keep_versions() -> u32 {
    3
}

/// Every limit by name, from 1 to what is plausible.
fn ceilings_schema(_: &mut SchemaGenerator) -> Schema {
    let (ceiling, most) = (Limits::default_ceiling(), Limits::highest_ceiling());
    let mut properties = Map::new();
    for limit in ceiling.describe() {
        if let Some(most) = most.get(limit.name) {
            let schema = json!({
                "type": "integer",
                "minimum": 1,
                "maximum": most,
                "default": limit.value,
                "description": limit.reason,
            });
            properties.insert(limit.name.to_owned(), schema);
        }
    }
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}

impl Default for StationPolicy {
    /// What holds at a station that decides nothing itself.
    fn default() -> Self {
        Self {
            schema: None,
            policy_version: POLICY_VERSION,
            signatures: SignaturePolicy::default(),
            trusted_keys: trusted_keys(),
            allowed_imports: None,
            closed_imports: ClosedImports::default(),
            ceilings: LimitRequest::default(),
            compile: CompileLimits::default(),
            lockdown: Requirement::default(),
            clocks: ClockPolicy::default(),
            random: RandomPolicy::default(),
            pictures: PicturePolicy::default(),
            quarantine_after: quarantine_after(),
            log_level: log_level(),
            keep_versions: keep_versions(),
            folder: PathBuf::new(),
        }
    }
}

impl StationPolicy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    ///
    /// See [`PolicyError`].
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let text = bounded_file::read(path, POLICY_BYTES).map_err(|error| match error {
            BoundedFileError::Missing(_) | BoundedFileError::NotAFile => PolicyError::Missing(path.to_owned()),
            BoundedFileError::TooLarge(_) => PolicyError::TooLarge(path.to_owned()),
            BoundedFileError::Io(source) => PolicyError::Read {
                path: path.to_owned(),
                source,
            },
        })?;
        Self::parse(&text, path)
    }

    /// Checks the text of a policy; `path` is named in errors, and `trusted_keys` is relative to its folder.
    ///
    /// # Errors
    ///
    /// See [`PolicyError`].
    pub fn parse(text: &[u8], path: &Path) -> Result<Self, PolicyError> {
        let mut policy: Self = strict_json::parse(text, path)?;
        if let Some((key, reason)) = policy.objection() {
            return Err(PolicyError::Value {
                path: path.to_owned(),
                key,
                reason,
            });
        }
        policy.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(policy)
    }

    fn objection(&self) -> Option<(String, String)> {
        if self.policy_version != POLICY_VERSION {
            let reason = format!(
                "is {}, but this host reads version {POLICY_VERSION}",
                self.policy_version
            );
            return Some(("policy_version".to_owned(), reason));
        }
        if self.trusted_keys.as_os_str().is_empty() {
            return Some(("trusted_keys".to_owned(), "is empty, but must name a folder".to_owned()));
        }
        if let Some(needed) = self.import_rules().missing() {
            let reason =
                format!("leaves out `{needed}`, without which no algorithm runs; add `procvision:algorithm/*`");
            return Some(("allowed_imports".to_owned(), reason));
        }
        if let Some(allowed) = &self.allowed_imports
            && let Some((_, twice)) = allowed
                .iter()
                .enumerate()
                .find(|(index, pattern)| allowed[..*index].contains(pattern))
        {
            return Some(("allowed_imports".to_owned(), format!("contains `{twice}` twice")));
        }
        let highest = Limits::highest_ceiling();
        let asked = self.ceilings.asked();
        let ceilings = LIMIT_NAMES.iter().filter_map(|name| {
            let most = highest.get(name)?;
            Some((format!("ceilings.{name}"), *asked.get(name)?, (1, most)))
        });
        let compile = self.compile.bounds();
        let compile = compile.map(|(name, value, bounds)| (format!("compile.{name}"), value, bounds));
        let range = |range: RangeInclusive<u32>| (u64::from(*range.start()), u64::from(*range.end()));
        let counts = [
            ("quarantine_after", self.quarantine_after, range(QUARANTINE_AFTER)),
            ("keep_versions", self.keep_versions, range(KEEP_VERSIONS)),
        ];
        let counts = counts.map(|(name, value, bounds)| (name.to_owned(), u64::from(value), bounds));
        ceilings
            .chain(compile)
            .chain(counts)
            .find_map(|(key, value, (least, most))| {
                let reason = match value {
                    0 => format!("is 0, which does not mean unlimited; it must be {least} to {most}"),
                    value if (least..=most).contains(&value) => return None,
                    value => format!("is {value}, but must be {least} to {most}"),
                };
                Some((key, reason))
            })
    }

    /// The most that any package is granted.
    pub fn ceiling(&self) -> Limits {
        let mut ceiling = Limits::default_ceiling();
        for (name, value) in self.ceilings.asked() {
            ceiling.set(name, value);
        }
        ceiling
    }

    /// Which imports a component may have.
    pub fn import_rules(&self) -> ImportRules {
        ImportRules {
            closed: self.closed_imports,
            allowed: self.allowed_imports.clone(),
        }
    }

    /// What holds for a running algorithm.
    pub fn sandbox(&self) -> SandboxPolicy {
        SandboxPolicy {
            clocks: self.clocks,
            random: self.random,
            imports: self.import_rules(),
            log_level: self.log_level,
            quarantine_after: self.quarantine_after,
            line_tables: false,
        }
    }

    /// A host under this policy, with its compiled components in `compile_cache`.
    pub fn host_config(&self, compile_cache: Option<PathBuf>) -> HostConfig {
        HostConfig {
            ceiling: self.ceiling(),
            policy: self.sandbox(),
            compile_cache,
            compiler: Compiler::InProcess,
        }
    }

    /// The keys that are trusted. The usual folder may be missing, which means that nobody is; one that the policy
    /// names must be there.
    ///
    /// # Errors
    ///
    /// See [`TrustError`].
    pub fn trust(&self) -> Result<TrustStore, TrustError> {
        let folder = self.trusted_keys_folder();
        match self.trusted_keys == Path::new(TRUSTED_KEYS) {
            true => TrustStore::open_or_empty(folder),
            false => TrustStore::open(folder),
        }
    }

    /// The folder of trusted keys. Of a policy that was not read from a file it is relative to the working directory.
    pub fn trusted_keys_folder(&self) -> PathBuf {
        self.folder.join(&self.trusted_keys)
    }
}
