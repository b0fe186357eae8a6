//! One request of the station: which step, which product model, which parameters and pictures.

use crate::assets::Assets;
use crate::failure::Failure;
use crate::frame::Frame;
use crate::geometry::Rect;
use crate::params::Params;

/// Where the station expects something in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guide {
    /// What is expected there.
    pub label: String,
    /// The places, in pixels of the primary picture.
    pub positions: Vec<Rect>,
}

/// One request of the station. Lent for the length of the call.
#[derive(Debug)]
pub struct Call {
    pub(crate) step_index: u32,
    pub(crate) pid: String,
    pub(crate) params: Params,
    pub(crate) step_desc: Option<String>,
    pub(crate) guides: Vec<Guide>,
    pub(crate) primary: Frame,
    pub(crate) references: Vec<Frame>,
    pub(crate) assets: Assets,
}

impl Call {
    /// Which step is asked for, from 1: one of those in `info()`.
    pub fn step_index(&self) -> u32 {
        self.step_index
    }

    /// The product model's code: one of those in `info()`.
    pub fn pid(&self) -> &str {
        &self.pid
    }

    /// The step's parameters, checked and with defaults filled in.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// What the station calls this step, if it says.
    pub fn step_desc(&self) -> Option<&str> {
        self.step_desc.as_deref()
    }

    /// Where the station expects something in the picture, if it says.
    pub fn guides(&self) -> &[Guide] {
        &self.guides
    }

    /// The picture to judge. All rects refer to it.
    pub fn frame(&self) -> &Frame {
        &self.primary
    }

    /// All reference pictures, in the station's order.
    pub fn references(&self) -> &[Frame] {
        &self.references
    }

    /// The reference picture that the station calls `name`, if it is there.
    pub fn reference(&self, name: &str) -> Option<&Frame> {
        self.references.iter().find(|frame| frame.name() == name)
    }

    /// The reference picture that the station calls `name`.
    ///
    /// # Errors
    ///
    /// A failure 1002 that names the missing picture.
    pub fn require_reference(&self, name: &str) -> Result<&Frame, Failure> {
        self.reference(name).ok_or_else(|| {
            Failure::image_load_failed(format!(
                "reference picture `{name}` is missing; give it with the request"
            ))
        })
    }

    /// The package's files, for what is too rarely needed to be loaded in `setup`.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }
}
