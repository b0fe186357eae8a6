//! What an algorithm says about itself: [`Info`] with its [`Step`]s and their parameters.

mod bounds;
mod param;

pub use bounds::{FloatBounds, IntBounds, LengthBounds};
pub use param::{Param, ParamKind};

/// What an algorithm is and what it expects. Name, version and pids must equal those of the package's manifest.
///
/// ```
/// use procvision_guest::{Info, Param, Step};
///
/// let info = Info::new("presence_check", "1.2.0")
///     .description("Are all parts on the tray?")
///     .pids(["A01", "A02"])
///     .step(Step::new(1, "tray").param(Param::int("min_area", 1..=100_000).default(200).unit("px")));
/// assert_eq!(info.steps()[0].params()[0].key(), "min_area");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Info {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) pids: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

impl Info {
    /// An algorithm called `name` (lower-case letters, digits and underscores, beginning with a letter) in `version`
    /// (semantic, usually `env!("CARGO_PKG_VERSION")`).
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            description: String::new(),
            pids: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// One sentence for a person: what the algorithm judges.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds product models that the algorithm can judge: at least 1, at most 50, better not over 20.
    pub fn pids<P: Into<String>>(mut self, pids: impl IntoIterator<Item = P>) -> Self {
        self.pids.extend(pids.into_iter().map(Into::into));
        self
    }

    /// Adds a step.
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The algorithm's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The algorithm's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The product models it can judge.
    pub fn supported_pids(&self) -> &[String] {
        &self.pids
    }

    /// Its steps, in the order they were added.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

/// One numbered step of the inspection and the parameters a station may set for it.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Step {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) params: Vec<Param>,
}

impl Step {
    /// The step with this index, from 1. Each index occurs once.
    pub fn new(index: u32, name: impl Into<String>) -> Self {
        Self {
            index,
            name: name.into(),
            params: Vec::new(),
        }
    }

    /// Adds a parameter.
    pub fn param(mut self, param: Param) -> Self {
        self.params.push(param);
        self
    }

    /// From 1.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// What the step is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its parameters, in the order they were added.
    pub fn params(&self) -> &[Param] {
        &self.params
    }
}
