//! The lifecycle that the component exports, answered by the author's algorithm.

use std::sync::Once;

use super::bindings::exports::procvision::algorithm::lifecycle::Guest;
use super::bindings::procvision::algorithm::imaging::ImageSet;
use super::bindings::procvision::algorithm::session::Session as LentSession;
use super::bindings::procvision::algorithm::types;
use super::imports::SESSION;
use super::{convert, delivery, imports, panic};
use crate::algorithm::Algorithm;
use crate::assets::Assets;
use crate::call::Call;
use crate::failure::Failure;
use crate::frame::Frame;
use crate::session::Session;

/// Where the one instance of an algorithm lives. Implemented by [`export!`](crate::export), in the author's crate,
/// because a generic type cannot own a static.
pub trait Exported {
    /// The author's algorithm.
    type Algorithm: Algorithm;

    /// Lends the instance, which is made at first use.
    fn with<R>(work: impl FnOnce(&mut Self::Algorithm) -> R) -> R;
}

impl<E: Exported> Guest for E {
    fn get_info() -> Result<types::AlgorithmInfo, types::Failure> {
        prepare();
        Ok(E::Algorithm::info().into())
    }

    fn setup() -> Result<(), types::Failure> {
        prepare();
        answer(E::with(|algorithm| algorithm.setup(&Assets::lent())))
    }

    fn on_step_start(step_index: u32, session: &LentSession) -> Result<(), types::Failure> {
        prepare();
        // Once a step is enough for an operator who changes the level while the instance lives.
        log::set_max_level(imports::max_level());
        answer(with_session::<E, _>(session, |algorithm, session| {
            algorithm.on_step_start(step_index, session)
        }))
    }

    fn pre_execute(
        call: types::StepCall,
        session: &LentSession,
        images: &ImageSet,
    ) -> Result<types::Readiness, types::Failure> {
        prepare();
        answer(step::<E, _>(call, session, images, E::Algorithm::pre_execute))
    }

    fn execute(
        call: types::StepCall,
        session: &LentSession,
        images: &ImageSet,
    ) -> Result<types::Verdict, types::Failure> {
        prepare();
        answer(step::<E, _>(call, session, images, E::Algorithm::execute))
    }

    fn on_step_finish(
        step_index: u32,
        session: &LentSession,
        outcome: types::StepOutcome,
    ) -> Result<(), types::Failure> {
        prepare();
        let outcome = outcome.into();
        answer(with_session::<E, _>(session, |algorithm, session| {
            algorithm.on_step_finish(step_index, session, &outcome)
        }))
    }

    fn reset(session: &LentSession) -> Result<(), types::Failure> {
        prepare();
        answer(with_session::<E, _>(session, |algorithm, session| {
            algorithm.reset(session)
        }))
    }

    fn teardown() -> Result<(), types::Failure> {
        prepare();
        answer(E::with(Algorithm::teardown))
    }
}

/// Sets up logging and the panic report before the author's code runs for the first time, whichever export that is.
fn prepare() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        panic::install_hook();
        crate::logging::install();
        log::set_max_level(imports::max_level());
    });
}

fn answer<T, W: From<T>>(result: Result<T, Failure>) -> Result<W, types::Failure> {
    result.map(Into::into).map_err(Into::into)
}

fn with_session<E: Exported, R>(session: &LentSession, work: impl FnOnce(&mut E::Algorithm, &Session) -> R) -> R {
    SESSION.set(session, || E::with(|algorithm| work(algorithm, &Session::lent())))
}

fn step<E: Exported, R>(
    call: types::StepCall,
    session: &LentSession,
    images: &ImageSet,
    work: impl FnOnce(&mut E::Algorithm, &Call, &Session) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let mut frames = (0u32..)
        .zip(images.list())
        .map(|(index, info)| Frame::new(index, info.into()));
    let primary = frames
        .next()
        .ok_or_else(|| Failure::image_load_failed("the station sent no picture"))?;
    let call = Call {
        step_index: call.step_index,
        pid: call.pid,
        params: convert::params(call.params),
        step_desc: call.step_desc,
        guides: call.guides.into_iter().map(Into::into).collect(),
        primary,
        references: frames.collect(),
        assets: Assets::lent(),
    };
    delivery::lend(images, || {
        with_session::<E, _>(session, |algorithm, session| work(algorithm, &call, session))
    })
}
