//! What parameters a call would have.

use super::Algorithm;
use crate::call::StepCall;
use crate::failure::Failure;
use serde_json::{Map, Value};

impl Algorithm {
    /// The parameters with which the algorithm is asked: what `call` gives, else what the package configures, else
    /// the defaults of the step's schema.
    ///
    /// # Errors
    ///
    /// The failure with which the call would be refused.
    pub fn effective_params(&self, call: &StepCall) -> Result<Map<String, Value>, Failure> {
        call.check(&self.info, &self.schemas, &self.configured)?;
        let picture = (call.image.width(), call.image.height());
        let resolved = match self.schemas.get(&call.step_index) {
            Some(schema) => schema.resolve(&call.params, &self.configured, picture)?,
            None => Vec::new(),
        };
        Ok(resolved
            .into_iter()
            .map(|param| (param.key, param.value.to_json()))
            .collect())
    }
}
