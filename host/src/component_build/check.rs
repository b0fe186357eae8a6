//! Whether a finished component is one that hosts run. The host asks the same questions when it loads a package.

use super::BuildError;
use crate::policy::ImportRules;
use crate::shape::{Shape, ShapeError};
use std::path::Path;

/// Refuses what every station would refuse. Closed imports are answered by most stations, so they are no reason. `path`
/// is only named.
pub(super) fn runnable(component: &[u8], path: &Path) -> Result<(), BuildError> {
    let checked = Shape::read(component).and_then(|shape| shape.check(&ImportRules::default()));
    let path = || path.to_owned();
    checked.map_err(|error| match error {
        ShapeError::NoLifecycle => BuildError::NotAnAlgorithm { path: path() },
        ShapeError::Invalid(source) => BuildError::Invalid { path: path(), source },
        source => BuildError::NotRunnable { path: path(), source },
    })
}
