//! Why there is no answer: [`Failure`], its code and its severity.

use std::fmt;

/// The protocol's failure codes that an algorithm may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// 1001: the product model is not one this algorithm can judge.
    InvalidPid,
    /// 1002: a picture is missing or unusable.
    ImageLoadFailed,
    /// 1003: a model, template or other asset is missing or damaged.
    ModelNotFound,
    /// 1004: memory did not suffice.
    OutOfMemory,
    /// 1005: the algorithm gave up because it took too long.
    Timeout,
    /// 1006: a parameter has a value that cannot be used.
    InvalidParams,
    /// 1007: a coordinate lies where it must not.
    CoordinateInvalid,
    /// 9999: anything else.
    Unknown,
}

impl FailureCode {
    /// The code as it stands in reports and on the wire, such as 1002.
    pub const fn number(self) -> u16 {
        match self {
            Self::InvalidPid => 1001,
            Self::ImageLoadFailed => 1002,
            Self::ModelNotFound => 1003,
            Self::OutOfMemory => 1004,
            Self::Timeout => 1005,
            Self::InvalidParams => 1006,
            Self::CoordinateInvalid => 1007,
            Self::Unknown => 9999,
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// What the station may do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// It may try the same request again on the same instance.
    Recoverable,
    /// Trying the same request again cannot help. The instance goes on.
    Permanent,
    /// The instance is to be replaced, and the request is not to be tried again.
    Fatal,
}

/// Why a step could not be answered. A failure is neither OK nor NG.
///
/// The message says what went wrong and what would mend it, in about 100 characters. Each constructor chooses a
/// severity: [`Severity::Recoverable`] where trying again can help, which is 1002, 1004, 1005 and 9999;
/// [`Severity::Permanent`] for the others. [`fatal`](Self::fatal), [`permanent`](Self::permanent) and
/// [`recoverable`](Self::recoverable) change that.
///
/// The SDK's own errors turn into a failure by `?`.
///
/// ```
/// use procvision_guest::{Failure, FailureCode, Severity};
///
/// let failure = Failure::model_not_found("templates/A07.png is damaged, reinstall the package");
/// assert_eq!(failure.code(), FailureCode::ModelNotFound);
/// assert_eq!(failure.severity(), Severity::Permanent);
/// assert_eq!(failure.to_string(), "templates/A07.png is damaged, reinstall the package (1003)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    code: FailureCode,
    message: String,
    severity: Severity,
}

impl Failure {
    /// A failure with this code and the severity that goes with it.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        let severity = match code {
            FailureCode::ImageLoadFailed | FailureCode::OutOfMemory | FailureCode::Timeout | FailureCode::Unknown => {
                Severity::Recoverable
            }
            FailureCode::InvalidPid
            | FailureCode::ModelNotFound
            | FailureCode::InvalidParams
            | FailureCode::CoordinateInvalid => Severity::Permanent,
        };
        Self {
            code,
            message: message.into(),
            severity,
        }
    }

    /// 1001: the product model is not one this algorithm can judge.
    pub fn invalid_pid(message: impl Into<String>) -> Self {
        Self::new(FailureCode::InvalidPid, message)
    }

    /// 1002: a picture is missing or unusable.
    pub fn image_load_failed(message: impl Into<String>) -> Self {
        Self::new(FailureCode::ImageLoadFailed, message)
    }

    /// 1003: a model, template or other asset is missing or damaged.
    pub fn model_not_found(message: impl Into<String>) -> Self {
        Self::new(FailureCode::ModelNotFound, message)
    }

    /// 1004: memory did not suffice.
    pub fn out_of_memory(message: impl Into<String>) -> Self {
        Self::new(FailureCode::OutOfMemory, message)
    }

    /// 1005: the algorithm gave up because it took too long.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(FailureCode::Timeout, message)
    }

    /// 1006: a parameter has a value that cannot be used.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(FailureCode::InvalidParams, message)
    }

    /// 1007: a coordinate lies where it must not.
    pub fn coordinate_invalid(message: impl Into<String>) -> Self {
        Self::new(FailureCode::CoordinateInvalid, message)
    }

    /// 9999: anything else.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(FailureCode::Unknown, message)
    }

    /// The instance is to be replaced, and the request is not to be tried again.
    #[must_use]
    pub fn fatal(mut self) -> Self {
        self.severity = Severity::Fatal;
        self
    }

    /// Trying the same request again cannot help. The instance goes on.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.severity = Severity::Permanent;
        self
    }

    /// The same request may be tried again on the same instance.
    #[must_use]
    pub fn recoverable(mut self) -> Self {
        self.severity = Severity::Recoverable;
        self
    }

    /// What kind of failure it is.
    pub fn code(&self) -> FailureCode {
        self.code
    }

    /// What went wrong, for a person.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the station may do.
    pub fn severity(&self) -> Severity {
        self.severity
    }
}

/// Written as the message followed by the code in parentheses.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Failure {}
