//! The cases: one file for each part of the protocol.

mod accidents;
mod busy;
mod calls;
mod end;
mod framing;
mod hello;
mod logs;
mod phases;
mod pictures;
mod ping;
mod pressure;
mod requests;
mod results;
mod sessions;
mod stdout;

use crate::answer;
use crate::bench::Bench;
use crate::request::Call;
use crate::step::{Note, Step};
use crate::subject::Dialect;

/// One rule and how it is checked.
pub struct Case {
    /// What it is called, `part.rule`.
    pub id: &'static str,
    /// The rule, for a person.
    pub rule: &'static str,
    /// For which versions it holds.
    pub dialects: &'static [Dialect],
    /// How it is checked.
    pub check: Check,
}

/// How a rule is checked.
pub enum Check {
    /// By what stands here.
    Steps(fn(&Bench<'_>) -> Step<Note>),
    /// A call that cannot be answered, with the codes one of which it must bring. The next call must work.
    Refused(fn(Call) -> Call, &'static [&'static str]),
    /// Bytes that are no request. They must bring an error 1000 with this request_id, and the next call must work.
    Bytes(fn() -> Vec<u8>, Named),
}

/// Whether the answer to bytes that are no request can bring a request_id back.
#[derive(Debug, Clone, Copy)]
pub enum Named {
    /// There is none: it must be null.
    Never,
    /// It can be read, although something else is wrong.
    Always(&'static str),
    /// It is there, but a reader need not find it.
    Perhaps(&'static str),
}

const fn case(
    id: &'static str,
    dialects: &'static [Dialect],
    rule: &'static str,
    steps: fn(&Bench<'_>) -> Step<Note>,
) -> Case {
    Case {
        id,
        rule,
        dialects,
        check: Check::Steps(steps),
    }
}

const fn refused(
    id: &'static str,
    dialects: &'static [Dialect],
    rule: &'static str,
    change: fn(Call) -> Call,
    codes: &'static [&'static str],
) -> Case {
    Case {
        id,
        rule,
        dialects,
        check: Check::Refused(change, codes),
    }
}

const fn bytes(id: &'static str, rule: &'static str, bytes: fn() -> Vec<u8>, named: Named) -> Case {
    Case {
        id,
        rule,
        dialects: BOTH,
        check: Check::Bytes(bytes, named),
    }
}

/// Both versions.
const BOTH: &[Dialect] = &Dialect::ALL;
/// Version 0.2.
const V02: &[Dialect] = &[Dialect::V02];
/// Version 0.3.
const V03: &[Dialect] = &[Dialect::V03];

/// All cases, in the order of the documents.
pub fn all() -> impl Iterator<Item = &'static Case> {
    let parts = [
        hello::CASES,
        ping::CASES,
        calls::CASES,
        phases::CASES,
        results::CASES,
        pictures::CASES,
        requests::CASES,
        sessions::CASES,
        busy::CASES,
        accidents::CASES,
        stdout::CASES,
        logs::CASES,
        framing::CASES,
        pressure::CASES,
        end::CASES,
    ];
    parts.into_iter().flatten()
}

impl Case {
    /// Checks the rule.
    ///
    /// # Errors
    ///
    /// If it is broken or cannot be checked.
    pub fn run(&self, bench: &Bench<'_>) -> Step<Note> {
        match self.check {
            Check::Steps(steps) => steps(bench),
            Check::Refused(change, codes) => {
                let mut peer = bench.start()?;
                let call = change(bench.call("c-1", "ok"));
                bench.fails(&mut peer, &call, codes)?;
                bench.works(&mut peer)?;
                Ok(None)
            }
            Check::Bytes(bytes, named) => {
                let mut peer = bench.start()?;
                peer.send_bytes(bytes())?;
                let message = peer.receive()?.message;
                let request_id = match named {
                    Named::Never => None,
                    Named::Always(id) => Some(id),
                    Named::Perhaps(id) => message["request_id"].as_str().and(Some(id)),
                };
                answer::error(&message, request_id, "1000")?;
                bench.works(&mut peer)?;
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_a_name_of_its_own_and_a_rule() {
        let mut seen = BTreeSet::new();
        for case in all() {
            assert!(seen.insert(case.id), "{} twice", case.id);
            assert!(case.id.split('.').count() == 2, "{}", case.id);
            assert!(case.rule.len() > 20 && !case.rule.contains('|'), "{}", case.id);
            assert!(!case.dialects.is_empty(), "{}", case.id);
        }
        assert!(seen.len() > 80, "{}", seen.len());
    }
}
