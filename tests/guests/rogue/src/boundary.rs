//! Answers and arguments that break the rules of the component model: the SDK cannot produce them.

use crate::answers::ng;
use crate::bindings::procvision::algorithm::types::{Pass, Verdict};
use crate::bindings::procvision::algorithm::{diagnostics, logging, types};
use crate::{Answer, Scene, good};

/// Near the end of the 32-bit address space, far beyond any memory this guest is granted.
const BEYOND: usize = 0x7fff_0000;

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    match scene.attack {
        "reason-not-utf8" => {
            let mut verdict = ng("", Vec::new());
            if let Verdict::Ng(reject) = &mut verdict {
                reject.reason = not_utf8();
            }
            Some(Ok(verdict))
        }
        "log-not-utf8" => {
            logging::log(logging::Level::Info, &not_utf8(), &[]);
            Some(good("logged"))
        }
        "session-not-utf8" => {
            let _ = scene.session.set("k", &not_utf8());
            Some(good("stored"))
        }
        "text-outside" => {
            // SAFETY: none; the host must refuse to read there, and does before Rust would.
            let text = unsafe { String::from_raw_parts(BEYOND as *mut u8, 100, 100) };
            Some(Ok(Verdict::Ok(Pass {
                message: Some(text),
                position_rects: Vec::new(),
            })))
        }
        "argument-outside" => {
            // SAFETY: none; only the host looks at the text.
            let bytes = unsafe { core::slice::from_raw_parts(BEYOND as *const u8, 1 << 19) };
            // SAFETY: as above.
            let text = unsafe { core::str::from_utf8_unchecked(bytes) };
            diagnostics::publish(text, &types::Scalar::Bool(true));
            Some(good("published"))
        }
        "argument-too-large" => {
            diagnostics::publish(&"x".repeat(8 << 20), &types::Scalar::Bool(true));
            Some(good("published"))
        }
        _ => None,
    }
}

fn not_utf8() -> String {
    // SAFETY: none; this is the attack. The text is only handed to the host.
    unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe, 0xc0, 0x80]) }
}
