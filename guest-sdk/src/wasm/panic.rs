//! Says why the instance is about to trap.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use super::bindings::procvision::algorithm::logging;

/// The longest message that is reported, in bytes.
const MESSAGE_LIMIT: usize = 4096;

/// Replaces the hook that would write the message to stderr, so that it is reported once, with its place.
pub(super) fn install_hook() {
    std::panic::set_hook(Box::new(report));
}

fn report(info: &PanicHookInfo<'_>) {
    static REPORTING: AtomicBool = AtomicBool::new(false);
    if REPORTING.swap(true, Ordering::Relaxed) {
        return;
    }
    let message = info
        .payload_as_str()
        .unwrap_or("panicked with a value that is not a text");
    let message = &message[..message.floor_char_boundary(MESSAGE_LIMIT)];
    let location = info.location().map(|place| logging::Location {
        file: place.file().to_owned(),
        line: place.line(),
        column: place.column(),
    });
    logging::panic(message, location.as_ref());
    REPORTING.store(false, Ordering::Relaxed);
}
