//! One thing that was looked at.

use serde::Serialize;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// The kernel and what it grants this process.
    System,
    /// What the process that runs algorithms can give up.
    Locks,
    /// Memory that pictures lie in.
    Pictures,
    /// Clocks.
    Clocks,
    /// Folders and the compiler of the station.
    Station,
    /// What only authors of algorithms need.
    Authors,
}

impl Section {
    /// The section as people read it.
    pub fn title(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Locks => "Locks around algorithms",
            Self::Pictures => "Pictures",
            Self::Clocks => "Clocks",
            Self::Station => "Station",
            Self::Authors => "For authors",
        }
    }
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// A station can run, but somebody should look at this.
    Hint,
    /// No station can run like this.
    Problem,
}

/// One thing that was looked at, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub section: Section,
    /// A stable name.
    pub id: &'static str,
    /// How it is.
    pub status: Status,
    /// What was found, in a line.
    pub detail: String,
    /// What would mend it. There if and only if there is something to mend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(section: Section, id: &'static str, detail: impl Into<String>) -> Self {
        Self {
            section,
            id,
            status: Status::Ok,
            detail: detail.into(),
            remedy: None,
        }
    }

    pub(super) fn hint(
        section: Section,
        id: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Hint,
            remedy: Some(remedy.into()),
            ..Self::ok(section, id, detail)
        }
    }

    pub(super) fn problem(
        section: Section,
        id: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Problem,
            ..Self::hint(section, id, detail, remedy)
        }
    }
}
