//! The contract's generated types and functions. Private: the rest of the host and its users see hand-written types.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "algorithm",
    imports: { default: trappable },
    with: {
        "procvision:algorithm/imaging.image-set": crate::imports::imaging::ImageSet,
        "procvision:algorithm/session.session": crate::session::Session,
    },
});

pub(crate) use exports::procvision::algorithm::lifecycle::Guest as Lifecycle;
pub(crate) use procvision::algorithm::{assets, diagnostics, imaging, logging, session, types};
