//! Answers: [`Verdict`] of `execute`, [`Readiness`] of `pre_execute`, and the [`Finding`]s that go with them.

use crate::failure::Failure;
use crate::geometry::Rect;

/// Something seen in the picture: where it is, what it is, and how sure the algorithm is.
///
/// ```
/// use procvision_guest::{Finding, Rect};
///
/// let scratch = Finding::new(Rect::new(40, 12, 30, 4), "scratch").score(0.83);
/// assert_eq!(scratch.label, "scratch");
/// assert_eq!(scratch.score, 0.83);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// Where it is: at least 1 x 1, wholly inside the primary picture.
    pub area: Rect,
    /// What it is, for a person.
    pub label: String,
    /// How sure the algorithm is, from 0 to 1 inclusive.
    pub score: f64,
}

impl Finding {
    /// A finding with score 1. `area` must be at least 1 x 1 and lie wholly inside the primary picture, or the
    /// station answers the step with failure 1007. The station bounds the label's length.
    pub fn new(area: Rect, label: impl Into<String>) -> Self {
        Self {
            area,
            label: label.into(),
            score: 1.0,
        }
    }

    /// How sure the algorithm is, from 0 to 1 inclusive. Any other value, NaN included, is a bad return (1000).
    #[must_use]
    pub fn score(mut self, score: f64) -> Self {
        self.score = score;
        self
    }
}

/// The answer of `execute`: is the product OK, or NG (not good) for a stated reason?
///
/// ```
/// use procvision_guest::{Finding, Rect, Verdict};
///
/// let verdict = Verdict::ng("1 part is missing")
///     .defect(Finding::new(Rect::new(200, 80, 24, 24), "missing: screw M3"))
///     .position(Finding::new(Rect::new(20, 80, 24, 24), "screw M3").score(0.97));
/// assert!(verdict.is_ng());
/// assert_eq!(verdict.reason(), Some("1 part is missing"));
/// assert_eq!(verdict.defects().len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Verdict {
    /// `None` is OK. An NG always has its reason and its defects here, so neither can exist without it.
    pub(crate) rejection: Option<Rejection>,
    pub(crate) message: Option<String>,
    pub(crate) positions: Vec<Finding>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rejection {
    pub(crate) reason: String,
    pub(crate) defects: Vec<Finding>,
}

impl Verdict {
    /// The product is good.
    pub fn ok() -> Self {
        Self {
            rejection: None,
            message: None,
            positions: Vec::new(),
        }
    }

    /// The product is not good. The reason must not be empty and should stay below about 50 characters.
    pub fn ng(reason: impl Into<String>) -> Self {
        Self {
            rejection: Some(Rejection {
                reason: reason.into(),
                defects: Vec::new(),
            }),
            message: None,
            positions: Vec::new(),
        }
    }

    /// Adds a defect. The station keeps at most 20 (its `max_defects`) and warns about the rest.
    ///
    /// # Panics
    ///
    /// On an OK verdict: a product with defects is NG, and a defect must not vanish in an OK.
    #[track_caller]
    pub fn defect(self, defect: Finding) -> Self {
        self.with_defects([defect])
    }

    /// Adds defects. See [`defect`](Self::defect).
    ///
    /// # Panics
    ///
    /// If there are any on an OK verdict.
    #[track_caller]
    pub fn with_defects(mut self, defects: impl IntoIterator<Item = Finding>) -> Self {
        let mut defects = defects.into_iter().peekable();
        match &mut self.rejection {
            Some(rejection) => rejection.defects.extend(defects),
            None => assert!(
                defects.peek().is_none(),
                "an OK verdict cannot have defects; begin with `Verdict::ng`"
            ),
        }
        self
    }

    /// Adds something found where it belongs.
    pub fn position(self, position: Finding) -> Self {
        self.with_positions([position])
    }

    /// Adds things found where they belong.
    pub fn with_positions(mut self, positions: impl IntoIterator<Item = Finding>) -> Self {
        self.positions.extend(positions);
        self
    }

    /// A remark for the operator, about 100 characters at most.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The remark for the operator, if there is one. The setter is [`message`](Self::message).
    pub fn message_text(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Whether the product is good.
    pub fn is_ok(&self) -> bool {
        self.rejection.is_none()
    }

    /// Whether the product is not good.
    pub fn is_ng(&self) -> bool {
        self.rejection.is_some()
    }

    /// Why the product is not good; `None` if it is good.
    pub fn reason(&self) -> Option<&str> {
        self.rejection.as_ref().map(|rejection| rejection.reason.as_str())
    }

    /// Where the defects are; none if the product is good.
    pub fn defects(&self) -> &[Finding] {
        self.rejection.as_ref().map_or(&[], |rejection| &rejection.defects)
    }

    /// What was found where it belongs.
    pub fn positions(&self) -> &[Finding] {
        &self.positions
    }
}

/// The answer of `pre_execute`: may the product be judged under these conditions? It says nothing about the product.
///
/// ```
/// use procvision_guest::Readiness;
///
/// let sharpness = 41.0;
/// let readiness = if sharpness < 60.0 {
///     Readiness::not_ready(format!("sharpness is {sharpness}, at least 60 is needed: focus the lens"))
/// } else {
///     Readiness::ready()
/// };
/// assert!(!readiness.is_ready());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Readiness {
    pub(crate) ready: bool,
    pub(crate) message: Option<String>,
    pub(crate) calibrations: Vec<Finding>,
}

impl Readiness {
    /// Conditions are right.
    pub fn ready() -> Self {
        Self {
            ready: true,
            message: None,
            calibrations: Vec::new(),
        }
    }

    /// Conditions are not right. The message says what is wrong, with the measured and the required value; it must
    /// not be empty and should stay below about 100 characters.
    pub fn not_ready(message: impl Into<String>) -> Self {
        Self {
            ready: false,
            message: Some(message.into()),
            calibrations: Vec::new(),
        }
    }

    /// Adds an area worth showing to the operator, such as a fiducial that was found.
    pub fn calibration(mut self, finding: Finding) -> Self {
        self.calibrations.push(finding);
        self
    }

    /// Sets the message for the operator, about 100 characters at most.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Whether the product may be judged.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// The message for the operator; always there if conditions are not right. The setter is
    /// [`message`](Self::message).
    pub fn message_text(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Areas worth showing to the operator.
    pub fn calibrations(&self) -> &[Finding] {
        &self.calibrations
    }
}

/// How a step ended, as `on_step_finish` is told.
#[derive(Clone, Debug, PartialEq)]
pub enum StepOutcome {
    /// `pre_execute` ran, and this is its answer.
    PreExecute(Result<Readiness, Failure>),
    /// `execute` ran, and this is its answer.
    Execute(Result<Verdict, Failure>),
}
