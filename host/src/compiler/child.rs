//! The compiling process: gives up what it does not need, reads the request, compiles, answers, ends.

use super::compile_here;
use super::lockdown::give_up;
use super::message::{Arguments, Ending, Request, WORD};
use crate::child_process::{self, Objection};
use crate::engine::{fingerprint, new_engine};
use rustix::io::Errno;
use std::io::{self, Read};
use std::process::ExitCode;

/// What a person reads who starts it.
const NOT_FOR_PEOPLE: &str = "this is how the program compiles a component for itself, and it works for nobody else";
/// The longest reason that is passed on, in bytes. The engine's reasons are a line or two.
const REASON_BYTES: usize = 4 << 10;

/// Compiles a component and answers, if this process was started for that by a host whose compiler is a
/// [`CompileChild`](super::CompileChild); then the program must end with the status that is returned. Does nothing else.
///
/// A program that hosts algorithms calls this first in `main`, before it starts threads, opens files or looks at its
/// arguments.
pub fn serve_if_asked() -> Option<ExitCode> {
    let ending = match Arguments::from_words(child_process::asked(WORD)?) {
        Some(arguments) => serve(&arguments),
        None => by_hand(),
    };
    Some(ExitCode::from(ending as u8))
}

fn by_hand() -> Ending {
    eprintln!("error: {NOT_FOR_PEOPLE}");
    Ending::ByHand
}

fn serve(arguments: &Arguments) -> Ending {
    match give_up(arguments) {
        Ok(()) => {}
        Err(Objection::NoHost) => return by_hand(),
        Err(Objection::System(error)) => {
            eprintln!("cannot limit itself: {error}");
            return Ending::BadRequest;
        }
    }
    let length = rustix::fs::fstat(io::stdin()).map_or(0, |stat| stat.st_size);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    if let Err(error) = io::stdin().lock().read_to_end(&mut bytes) {
        eprintln!("cannot read the request: {error}");
        return Ending::BadRequest;
    }
    let Some((request, component)) = Request::from_bytes(&bytes) else {
        eprintln!("the request has another form");
        return Ending::BadRequest;
    };
    let engine = match new_engine(request.settings) {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("cannot set up the engine: {error:#}");
            return Ending::OtherEngine;
        }
    };
    if fingerprint(&engine) != request.fingerprint {
        return Ending::OtherEngine;
    }
    let (ending, answer) = match compile_here(&engine, component) {
        Ok(artifact) => (Ending::Compiled, artifact),
        Err(error) if error.is::<wasmtime::OutOfMemory>() => return Ending::OutOfMemory,
        Err(error) => {
            let mut reason = format!("{error:#}").into_bytes();
            reason.truncate(REASON_BYTES);
            (Ending::Refused, reason)
        }
    };
    match write(&answer) {
        Ok(()) => ending,
        Err(error) => {
            eprintln!("cannot write the answer: {error}");
            Ending::BadRequest
        }
    }
}

/// Writes everything to stdout, past the buffer that looks for lines in it.
fn write(mut bytes: &[u8]) -> io::Result<()> {
    let stdout = io::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(&stdout, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
