//! What an algorithm asks of its host: in the sandbox the contract's imports, natively the fake host of the moment.
//!
//! Both sides offer the same functions, so the rest of the crate does not know which of them it talks to.

#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::mapped::{Mapped, map_picture};
#[cfg(target_family = "wasm")]
pub(crate) use crate::wasm::delivery::{Mapped, map_picture};

#[cfg(not(target_family = "wasm"))]
use crate::testing::host as side;
#[cfg(target_family = "wasm")]
use crate::wasm::imports as side;

pub(crate) use side::{
    asset_list, asset_lookup, asset_read, log, publish, read_picture, session_context, session_delete, session_exists,
    session_get, session_id, session_set,
};
