//! The trait that every algorithm implements.

use crate::assets::Assets;
use crate::call::Call;
use crate::failure::Failure;
use crate::schema::Info;
use crate::session::Session;
use crate::verdict::{Readiness, StepOutcome, Verdict};

/// A ProcVision inspection algorithm.
///
/// Only [`info`](Self::info) and [`execute`](Self::execute) are mandatory. The station makes one instance by
/// `Default`, calls [`setup`](Self::setup) once, and then for each step [`on_step_start`](Self::on_step_start),
/// [`pre_execute`](Self::pre_execute) or [`execute`](Self::execute), and [`on_step_finish`](Self::on_step_finish).
///
/// What the instance keeps in `self` is there for all products: models and templates. What belongs to one product goes
/// into its [`Session`]. A panic ends the instance; the step is answered with failure 1009, never with a verdict, and
/// the panic's message and place stand in the report.
///
/// Export the algorithm with [`export!`](crate::export).
pub trait Algorithm: Default + 'static {
    /// Describes the algorithm. Needs no instance, and must always give the same.
    fn info() -> Info;

    /// Does the slow work once: loads models and templates. A failure makes the instance unusable.
    #[allow(unused_variables)]
    fn setup(&mut self, assets: &Assets) -> Result<(), Failure> {
        Ok(())
    }

    /// Runs before each `pre_execute` and `execute`. A failure is logged and does not end the step.
    #[allow(unused_variables)]
    fn on_step_start(&mut self, step_index: u32, session: &Session) -> Result<(), Failure> {
        Ok(())
    }

    /// Are the conditions right: light, focus, alignment? Never a verdict about the product.
    #[allow(unused_variables)]
    fn pre_execute(&mut self, call: &Call, session: &Session) -> Result<Readiness, Failure> {
        Ok(Readiness::ready())
    }

    /// Is the product OK or NG?
    fn execute(&mut self, call: &Call, session: &Session) -> Result<Verdict, Failure>;

    /// Runs after each `pre_execute` and `execute` that did not panic. A failure is logged and changes nothing.
    #[allow(unused_variables)]
    fn on_step_finish(&mut self, step_index: u32, session: &Session, outcome: &StepOutcome) -> Result<(), Failure> {
        Ok(())
    }

    /// The inspection starts again or is broken off: forget what `self` knows about the product. The host itself
    /// forgets what the session holds. A failure is logged.
    #[allow(unused_variables)]
    fn reset(&mut self, session: &Session) -> Result<(), Failure> {
        Ok(())
    }

    /// The instance is about to go. A failure is logged.
    fn teardown(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}
