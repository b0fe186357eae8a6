//! The one error type of the command line.

use super::exit::Exit;
use procvision_host::explain::{Explain, one_line};
use procvision_host::failure::Failure;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::path::Path;

/// Why a command did not do what it was asked, ready to be shown. Every library error that is an [`Explain`] becomes
/// one with `?`.
#[derive(Debug)]
pub struct CommandError {
    exit: Exit,
    code: Cow<'static, str>,
    message: String,
    help: Option<String>,
    failure: Option<Box<Failure>>,
}

impl CommandError {
    /// Nothing could be examined. `code` is a stable word for programs, `message` one sentence without a full stop.
    pub fn could_not_run(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::CouldNotRun,
            code: code.into(),
            message: message.into(),
            help: None,
            failure: None,
        }
    }

    /// What would mend it.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// The same error with the file or folder that it is about.
    pub fn about(self, path: &Path) -> Self {
        Self {
            message: format!("{}: {}", path.display(), self.message),
            ..self
        }
    }

    /// The same error, but it says that what was examined is bad.
    pub fn subject_failed(self) -> Self {
        Self {
            exit: Exit::SubjectFailed,
            ..self
        }
    }

    /// The failure of the algorithm behind it: where it panicked, what it was doing.
    pub fn failure(self, failure: Option<Failure>) -> Self {
        Self {
            failure: failure.map(Box::new),
            ..self
        }
    }

    /// The failure of the algorithm behind it, if there is one.
    pub fn cause(&self) -> Option<&Failure> {
        self.failure.as_deref()
    }

    /// How the program ends because of it.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// A stable word or number for programs.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// One sentence, with its causes.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What would mend it, if that is known.
    pub fn remedy(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The error as programs read it.
    pub fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(help) = &self.help {
            error["help"] = json!(help);
        }
        if let Some(failure) = &self.failure {
            error["failure"] = json!(failure);
        }
        json!({ "error": error })
    }
}

impl<E: Explain> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self {
            exit: if error.subject_failed() {
                Exit::SubjectFailed
            } else {
                Exit::CouldNotRun
            },
            code: error.code(),
            message: one_line(&error),
            help: error.remedy(),
            failure: None,
        }
    }
}
