//! `session`: what an algorithm remembers about one product, lent for the length of a call.

use crate::bindings::session::{Host, HostSession, SessionError as WitError};
use crate::instance::{GuestState, HostFault};
use crate::session::{Session, SessionBounds, SessionError};
use wasmtime::component::Resource;

impl Host for GuestState {}

impl GuestState {
    /// The session of the current call. Handles to sessions exist only while one is lent, and there is only one.
    fn lent_session(&mut self) -> wasmtime::Result<&mut Session> {
        self.session
            .as_mut()
            .ok_or_else(|| HostFault("no session is lent").into())
    }
}

impl HostSession for GuestState {
    fn id(&mut self, _: Resource<Session>) -> wasmtime::Result<String> {
        Ok(self.lent_session()?.id().to_owned())
    }

    fn context(&mut self, _: Resource<Session>) -> wasmtime::Result<String> {
        Ok(self.lent_session()?.context_json().to_owned())
    }

    fn get(&mut self, _: Resource<Session>, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.lent_session()?.get(&key).map(str::to_owned))
    }

    fn set(&mut self, _: Resource<Session>, key: String, value: String) -> wasmtime::Result<Result<(), WitError>> {
        let bounds = SessionBounds::of(&self.limits);
        let narrow = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
        Ok(self
            .lent_session()?
            .set(&key, value, bounds)
            .map_err(|error| match error {
                SessionError::NotJson { reason, .. } => WitError::NotJson(reason),
                SessionError::BadKey { limit, .. } => WitError::BadKey(narrow(limit)),
                SessionError::Full { limit, .. } => WitError::Full(narrow(limit)),
            }))
    }

    fn delete(&mut self, _: Resource<Session>, key: String) -> wasmtime::Result<bool> {
        Ok(self.lent_session()?.delete(&key))
    }

    fn exists(&mut self, _: Resource<Session>, key: String) -> wasmtime::Result<bool> {
        Ok(self.lent_session()?.get(&key).is_some())
    }

    // Algorithms only borrow sessions, so the component model never lets them drop one.
    fn drop(&mut self, _: Resource<Session>) -> wasmtime::Result<()> {
        Ok(())
    }
}
