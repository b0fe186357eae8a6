//! Why a step has no verdict: one type for everything that can go wrong while an algorithm is asked, classified by
//! what happened and never by the text of a message.

use crate::imports::cut;
use crate::logs::Logs;
use serde::Serialize;
use std::fmt;

/// The protocol's error codes that a step can end with. On the wire they are strings of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// 1000: the request or the algorithm's answer does not follow the contract.
    BadExchange,
    /// 1001: the product model is not supported.
    InvalidPid,
    /// 1002: the picture is missing or cannot be used.
    ImageLoadFailed,
    /// 1003: the algorithm could not load what it needs; its instance is unusable.
    ModelNotFound,
    /// 1004: memory did not suffice, the memory limit included.
    OutOfMemory,
    /// 1005: fuel or wall-clock time ran out, or the station interrupted the call.
    Timeout,
    /// 1006: a parameter is missing, has the wrong type or is out of range.
    InvalidParams,
    /// 1007: a rectangle lies outside the picture.
    CoordinateInvalid,
    /// 1009: the algorithm trapped.
    Trap,
    /// 1010: the algorithm printed to standard output where that is not allowed.
    Polluted,
    /// 9999: anything else.
    Unknown,
}

impl ErrorCode {
    /// The code as the protocol writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadExchange => "1000",
            Self::InvalidPid => "1001",
            Self::ImageLoadFailed => "1002",
            Self::ModelNotFound => "1003",
            Self::OutOfMemory => "1004",
            Self::Timeout => "1005",
            Self::InvalidParams => "1006",
            Self::CoordinateInvalid => "1007",
            Self::Trap => "1009",
            Self::Polluted => "1010",
            Self::Unknown => "9999",
        }
    }

    /// The protocol's name of the code, such as `invalid_pid`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadExchange => "bad_exchange",
            Self::InvalidPid => "invalid_pid",
            Self::ImageLoadFailed => "image_load_failed",
            Self::ModelNotFound => "model_not_found",
            Self::OutOfMemory => "out_of_memory",
            Self::Timeout => "timeout",
            Self::InvalidParams => "invalid_params",
            Self::CoordinateInvalid => "coordinate_invalid",
            Self::Trap => "trap",
            Self::Polluted => "stdout_polluted",
            Self::Unknown => "unknown_error",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureClass {
    /// The request was refused before the algorithm was called.
    Refused,
    /// The algorithm itself said that it could not judge.
    Algorithm,
    /// The algorithm answered something that the contract does not allow. Its instance goes on.
    BadReturn,
    /// The fuel of the phase was used up.
    OutOfFuel,
    /// The wall-clock time of the phase was used up.
    Deadline,
    /// The station ended the call, as it does when it stops. Not the algorithm's fault.
    Interrupted,
    /// Linear memory would have grown beyond its limit.
    MemoryLimit,
    /// Another bounded resource would have grown beyond its limit: tables, instances, handles.
    ResourceLimit,
    /// The call stack was exhausted.
    StackOverflow,
    /// WebAssembly trapped: a panic, `unreachable`, an access out of bounds, ...
    Trap,
    /// The algorithm tried to end its process.
    Exit,
    /// The component broke the rules of the component model at the boundary: text that is not UTF-8, lists outside its
    /// memory, handles it does not own, more data than one call may move.
    AbiViolation,
    /// Something failed in the host. Not the algorithm's fault.
    HostFault,
    /// The algorithm trapped too often in a row and is not called any more.
    Quarantined,
}

impl FailureClass {
    /// Whether the instance cannot be used any more after a failure of this class.
    pub const fn poisons_instance(self) -> bool {
        match self {
            Self::Refused | Self::Algorithm | Self::BadReturn | Self::Quarantined => false,
            Self::OutOfFuel
            | Self::Deadline
            | Self::Interrupted
            | Self::MemoryLimit
            | Self::ResourceLimit
            | Self::StackOverflow
            | Self::Trap
            | Self::Exit
            | Self::AbiViolation
            | Self::HostFault => true,
        }
    }

    /// The class as it is written in JSON, such as `out_of_fuel`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Algorithm => "algorithm",
            Self::BadReturn => "bad_return",
            Self::OutOfFuel => "out_of_fuel",
            Self::Deadline => "deadline",
            Self::Interrupted => "interrupted",
            Self::MemoryLimit => "memory_limit",
            Self::ResourceLimit => "resource_limit",
            Self::StackOverflow => "stack_overflow",
            Self::Trap => "trap",
            Self::Exit => "exit",
            Self::AbiViolation => "abi_violation",
            Self::HostFault => "host_fault",
            Self::Quarantined => "quarantined",
        }
    }
}

/// What may follow a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The same request may be tried again.
    Recoverable,
    /// Trying the same request again cannot help.
    Permanent,
    /// Trying again cannot help, and the instance was replaced.
    Fatal,
}

/// Most bytes of a failure's message.
const MESSAGE_BYTES: usize = 4 << 10;

/// Why a step, or the preparation of an algorithm, failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What kind of thing went wrong.
    pub class: FailureClass,
    /// The protocol's code.
    pub code: ErrorCode,
    /// One sentence for a person; names the key, limit or cause.
    pub message: String,
    /// What may follow.
    pub severity: Severity,
    /// What the algorithm said when it panicked, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<Box<Panic>>,
    /// Functions of the algorithm that were active, innermost first. Empty if nothing trapped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backtrace: Vec<GuestFrame>,
    /// What the algorithm logged before it failed, if it failed while it was loaded. What is logged during a step is in
    /// the step's report.
    #[serde(skip_serializing_if = "Logs::is_empty")]
    pub logs: Logs,
}

impl Failure {
    /// A failure without panic or backtrace. Of a message of more than 4 KiB the beginning is kept: it may quote what an
    /// algorithm wrote.
    pub fn new(class: FailureClass, code: ErrorCode, message: impl Into<String>, severity: Severity) -> Self {
        Self {
            class,
            code,
            message: cut(message.into(), MESSAGE_BYTES),
            severity,
            panic: None,
            backtrace: Vec::new(),
            logs: Logs::default(),
        }
    }

    /// A request that is not passed on to the algorithm. Asking again with the same request cannot help.
    pub fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(FailureClass::Refused, code, message, Severity::Permanent)
    }

    /// Whether the algorithm stated a fatal failure: its instance is to be replaced.
    pub(crate) fn asks_for_fresh_instance(&self) -> bool {
        self.class == FailureClass::Algorithm && self.severity == Severity::Fatal
    }

    /// An answer that the contract does not allow.
    pub fn bad_return(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(FailureClass::BadReturn, code, message, Severity::Permanent)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Failure {}

/// A panic as the algorithm reported it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Panic {
    /// The panic's message.
    pub message: String,
    /// Where it happened: `file:line:column`, if the algorithm said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// One function of the algorithm that was active when it trapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuestFrame {
    /// The function's demangled name, or its index if the component carries no names.
    pub function: String,
    /// `file:line:column`, if the component carries line tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}
