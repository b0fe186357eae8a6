//! What a station asks: one step of one inspection, with its pictures and parameters, checked before it is passed on.

use crate::bindings::types::{Guide as WitGuide, Param as WitParam, ParamValue as WitValue, StepCall as WitCall};
use crate::failure::{ErrorCode, Failure};
use crate::frame::{Frame, Rect};
use crate::imports::imaging::{ImageSet, NamedFrame};
use crate::info::{AlgorithmInfo, ParamValue};
use crate::params::{Param, Schema};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Instant;

/// One request of a station.
#[derive(Clone, Debug)]
pub struct StepCall {
    /// From 1; one of the algorithm's steps.
    pub step_index: u32,
    /// Product model code; one of the algorithm's supported ones.
    pub pid: String,
    /// Parameter values by key, as the station sets them.
    pub params: Map<String, Value>,
    /// The picture that is judged.
    pub image: Frame,
    /// Further pictures by name, such as one of a good part. Names are not empty and occur once.
    pub references: Vec<(String, Frame)>,
    /// What the station calls this step.
    pub step_desc: Option<String>,
    /// Where the station expects things.
    pub guides: Vec<Guide>,
    /// Whether `on_step_start` and `on_step_finish` are called around the question.
    pub hooks: Hooks,
    /// Since when the station waits for the answer. What has passed before the algorithm is asked, such as fetching the
    /// picture and starting an instance, is taken off its deadline; if nothing is left, it is not asked. Without it the
    /// algorithm has the whole deadline.
    pub since: Option<Instant>,
}

/// Who sees to it that `on_step_start` and `on_step_finish` are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hooks {
    /// The host, around each question.
    #[default]
    AroundQuestion,
    /// The station, with [`Algorithm::step_start`](crate::algorithm::Algorithm::step_start) and
    /// [`Algorithm::step_finish`](crate::algorithm::Algorithm::step_finish).
    ByStation,
}

/// Where the station expects something in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guide {
    /// What it is.
    pub label: String,
    /// Where it may be.
    pub positions: Vec<Rect>,
}

impl StepCall {
    /// A request with a picture and nothing else.
    pub fn new(step_index: u32, pid: impl Into<String>, image: Frame) -> Self {
        Self {
            step_index,
            pid: pid.into(),
            params: Map::new(),
            image,
            references: Vec::new(),
            step_desc: None,
            guides: Vec::new(),
            hooks: Hooks::default(),
            since: None,
        }
    }

    /// The same request, for a station that calls the hooks itself.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// The same request with one more parameter.
    #[must_use]
    pub fn with_param(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(key.into(), value.into());
        self
    }

    /// The same request with one more named picture.
    #[must_use]
    pub fn with_reference(mut self, name: impl Into<String>, frame: Frame) -> Self {
        self.references.push((name.into(), frame));
        self
    }

    /// Checks the request against what the algorithm said about itself.
    pub(crate) fn check(
        &self,
        info: &AlgorithmInfo,
        schemas: &BTreeMap<u32, Schema>,
        configured: &Map<String, Value>,
    ) -> Result<(WitCall, ImageSet), Failure> {
        if !info.supported_pids.contains(&self.pid) {
            let known = info.supported_pids.join(", ");
            let message = format!(
                "product model `{}` is not supported; this algorithm judges {known}",
                self.pid
            );
            return Err(Failure::refused(ErrorCode::InvalidPid, message));
        }
        let schema = step(self.step_index, info, schemas)?;
        let picture = (self.image.width(), self.image.height());
        let params = schema.resolve(&self.params, configured, picture)?;
        let images = self.images()?;
        let call = WitCall {
            step_index: self.step_index,
            pid: self.pid.clone(),
            params: params.into_iter().map(WitParam::from).collect(),
            step_desc: self.step_desc.clone(),
            guides: self
                .guides
                .iter()
                .map(|guide| WitGuide {
                    label: guide.label.clone(),
                    positions: guide.positions.iter().copied().map(Into::into).collect(),
                })
                .collect(),
        };
        Ok((call, images))
    }

    fn images(&self) -> Result<ImageSet, Failure> {
        let mut images = vec![NamedFrame {
            name: String::new(),
            frame: self.image.clone(),
        }];
        for (name, frame) in &self.references {
            // The primary picture has the empty name, so that this finds empty names as well.
            if images.iter().any(|image| image.name == *name) {
                let what = if name.is_empty() {
                    "without a name".into()
                } else {
                    format!("`{name}` twice")
                };
                let message = format!("the request has a reference picture {what}");
                return Err(Failure::refused(ErrorCode::BadExchange, message));
            }
            images.push(NamedFrame {
                name: name.clone(),
                frame: frame.clone(),
            });
        }
        Ok(ImageSet(images))
    }
}

/// What a step takes, or why there is no such step.
pub(crate) fn step<'a>(
    index: u32,
    info: &AlgorithmInfo,
    schemas: &'a BTreeMap<u32, Schema>,
) -> Result<&'a Schema, Failure> {
    schemas.get(&index).ok_or_else(|| {
        let known: Vec<String> = info.steps.iter().map(|step| step.index.to_string()).collect();
        let known = known.join(", ");
        let message = format!("there is no step {index}; the steps of this algorithm are {known}");
        Failure::refused(ErrorCode::InvalidParams, message)
    })
}

impl From<Param> for WitParam {
    fn from(param: Param) -> Self {
        let value = match param.value {
            ParamValue::Int(value) => WitValue::Int(value),
            ParamValue::Float(value) => WitValue::Float(value),
            ParamValue::Rect(value) => WitValue::Rect(value.into()),
            ParamValue::Enum(value) => WitValue::Enum(value),
            ParamValue::Bool(value) => WitValue::Bool(value),
            ParamValue::String(value) => WitValue::String(value),
        };
        Self { key: param.key, value }
    }
}
