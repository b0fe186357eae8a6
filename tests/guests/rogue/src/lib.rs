//! An ill-behaved guest. It does the harm that its caller names and is well-behaved otherwise, so that a test can
//! show that the next call succeeds.
//!
//! Three ways to name an attack: parameter `attack` for `execute`; the session's key `attack` for the hooks and
//! `reset`; the asset `attack` for what runs before any call. It uses the contract's raw bindings, since the SDK would
//! not let most of this pass.

#![cfg(target_family = "wasm")]

mod answers;
mod boundary;
mod description;
mod floods;
mod handles;
mod memory;
mod sessions;
mod streams;
mod time;
mod windows;

mod bindings {
    #![allow(missing_docs)]
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "algorithm",
        generate_all,
    });
}

use bindings::exports::procvision::algorithm::lifecycle::Guest;
use bindings::procvision::algorithm::assets;
use bindings::procvision::algorithm::imaging::ImageSet;
use bindings::procvision::algorithm::logging;
use bindings::procvision::algorithm::session::Session;
use bindings::procvision::algorithm::types::{
    AlgorithmInfo, Failure, FailureCode, ParamValue, Pass, Readiness, Ready, Severity, StepCall, StepOutcome, Verdict,
};

struct Rogue;

/// What an attack in `execute` has to work with.
struct Scene<'a> {
    attack: &'a str,
    session: &'a Session,
    images: &'a ImageSet,
}

/// The answer of an attack, or `None` if it is not one of the module that was asked.
type Answer = Option<Result<Verdict, Failure>>;

impl Guest for Rogue {
    fn get_info() -> Result<AlgorithmInfo, Failure> {
        match planted().as_str() {
            "info-spin" => time::spin(),
            "info-panic" => panic!("get_info panics"),
            "info-fails" => Err(failure("no description today", Severity::Fatal)),
            "info-fails-at-length" => Err(failure(&"x".repeat(900_000), Severity::Fatal)),
            attack => Ok(description::info(attack)),
        }
    }

    fn setup() -> Result<(), Failure> {
        match planted().as_str() {
            "setup-spin" => time::spin(),
            "setup-bomb" => memory::bomb(),
            "setup-trap" => core::arch::wasm32::unreachable(),
            "setup-fails" => {
                logging::log(logging::Level::Info, "looking for the model", &[]);
                Err(failure("no model", Severity::Recoverable))
            }
            "setup-exit" => std::process::exit(7),
            "setup-map" => {
                windows::map_without_pictures();
                Ok(())
            }
            "setup-log-flood" => {
                floods::logs();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn on_step_start(_: u32, session: &Session) -> Result<(), Failure> {
        match told(session).as_str() {
            "start-trap" => core::arch::wasm32::unreachable(),
            "start-spin" => time::spin(),
            "start-fails" => Err(failure("not today", Severity::Fatal)),
            "start-fails-at-length" => Err(failure(&"x".repeat(900_000), Severity::Fatal)),
            _ => Ok(()),
        }
    }

    fn pre_execute(call: StepCall, _: &Session, _: &ImageSet) -> Result<Readiness, Failure> {
        answers::readiness(attack(&call)).unwrap_or(Ok(Readiness::Ready(Ready {
            message: None,
            calibration_rects: Vec::new(),
        })))
    }

    fn execute(call: StepCall, session: &Session, images: &ImageSet) -> Result<Verdict, Failure> {
        let scene = Scene {
            attack: attack(&call),
            session,
            images,
        };
        let modules = [
            time::answer,
            memory::answer,
            answers::answer,
            boundary::answer,
            floods::answer,
            handles::answer,
            sessions::answer,
            streams::answer,
            windows::answer,
        ];
        if scene.attack == "none" {
            return good("well-behaved");
        }
        match modules.iter().find_map(|module| module(&scene)) {
            Some(answer) => answer,
            None => Err(failure("there is no such attack", Severity::Recoverable)),
        }
    }

    fn on_step_finish(_: u32, session: &Session, _: StepOutcome) -> Result<(), Failure> {
        match told(session).as_str() {
            "finish-trap" => {
                let _ = session.set("from-finish", "1");
                core::arch::wasm32::unreachable()
            }
            "finish-spin" => time::spin(),
            "finish-fails" => Err(failure("not today", Severity::Fatal)),
            _ => Ok(()),
        }
    }

    fn reset(session: &Session) -> Result<(), Failure> {
        match told(session).as_str() {
            "reset-trap" => core::arch::wasm32::unreachable(),
            "reset-spin" => time::spin(),
            "reset-fails" => Err(failure("not today", Severity::Fatal)),
            _ => Ok(()),
        }
    }

    fn teardown() -> Result<(), Failure> {
        match planted().as_str() {
            "teardown-spin" => time::spin(),
            "teardown-trap" => core::arch::wasm32::unreachable(),
            _ => Ok(()),
        }
    }
}

fn attack(call: &StepCall) -> &str {
    let value = call.params.iter().find(|param| param.key == "attack");
    match value.map(|param| &param.value) {
        Some(ParamValue::String(attack)) => attack,
        _ => "none",
    }
}

/// The attack that the asset of this name orders.
fn planted() -> String {
    let bytes = assets::read("attack", 0, 64).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// The attack that the session orders.
fn told(session: &Session) -> String {
    session.get("attack").unwrap_or_default().trim_matches('"').to_owned()
}

fn failure(message: &str, severity: Severity) -> Failure {
    Failure {
        code: FailureCode::UnknownError,
        message: message.to_owned(),
        severity,
    }
}

fn good(message: &str) -> Result<Verdict, Failure> {
    Ok(Verdict::Ok(Pass {
        message: Some(message.to_owned()),
        position_rects: Vec::new(),
    }))
}

bindings::export!(Rogue with_types_in bindings);
