//! A runner that does not read: nothing is lost that must not be, nothing grows without bound, and nobody waits forever.

use procvision_conformance::wire::{self, frame};
use procvision_tests::binary::procvision_binary;
use procvision_tests::frame_pool::eventually;
use procvision_tests::runner::{Line, call};
use serde_json::json;
use std::io::{Read, Write};
use std::process::{Child, Stdio};

/// The adapter with pipes that nobody reads yet.
fn unread(line: &Line) -> Child {
    let mut command = line.command();
    assert_eq!(command.get_program(), procvision_binary());
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().expect("it can be started")
}

/// Kilobytes of memory that a process holds.
fn resident(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// All frames until the end.
fn frames(child: &mut Child) -> Vec<serde_json::Value> {
    let mut bytes = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
    let mut rest = bytes.as_slice();
    std::iter::from_fn(|| wire::read(&mut rest).expect("stdout carries frames only")).collect()
}

#[test]
fn answers_are_kept_and_pongs_are_dropped() {
    let line = Line::new();
    let mut child = unread(&line);
    let mut input = child.stdin.take().unwrap();
    let ping = json!({"type": "ping", "request_id": "x".repeat(200)});
    let ping = frame(&ping);
    let pings: Vec<u8> = ping.repeat(2_000);
    input.write_all(&frame(&call("kept", "noop"))).unwrap();
    // Each batch fits neither into the pipe nor into what may wait. That all of them are taken shows that nobody waits.
    for _ in 0..10 {
        input.write_all(&pings).unwrap();
    }
    let before = resident(&child);
    for _ in 0..40 {
        input.write_all(&pings).unwrap();
    }
    let after = resident(&child);
    assert!(after < before + (8 << 10), "{before} kB became {after} kB");
    drop(input);

    let frames = frames(&mut child);
    let answers = frames.iter().filter(|frame| frame["type"] == "result").count();
    let pongs = frames.iter().filter(|frame| frame["type"] == "pong").count();
    assert_eq!(answers, 1);
    assert!((100..100_000).contains(&pongs), "{pongs} of 100000");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn calls_are_not_worked_off_faster_than_their_answers_are_read() {
    let line = Line::new();
    let mut child = unread(&line);
    let mut input = child.stdin.take().unwrap();
    let calls: Vec<u8> = (0..5_000)
        .flat_map(|number: i32| frame(&call(&number.to_string(), "noop")))
        .collect();
    input.write_all(&calls).unwrap();
    drop(input);
    let frames = frames(&mut child);
    let of = |kind: &str| frames.iter().filter(|frame| frame["type"] == kind).count();
    // What was accepted was answered, the rest was busy, and of those some were dropped.
    assert!(
        of("result") >= 1 && of("result") + of("error") <= 5_000,
        "{} {}",
        of("result"),
        of("error")
    );
    let mut answered: Vec<&str> = frames.iter().filter_map(|frame| frame["request_id"].as_str()).collect();
    let all = answered.len();
    answered.sort_unstable();
    answered.dedup();
    assert_eq!(answered.len(), all, "an answer came twice");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_runner_that_reads_no_more_is_one_that_has_gone() {
    let line = Line::new();
    let mut child = unread(&line);
    let input = child.stdin.take();
    drop(child.stdout.take());
    let mut status = None;
    eventually("the process ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.and_then(|status| status.code()), Some(0));
    drop(input);
}

#[test]
fn the_end_does_not_wait_for_a_runner_that_does_not_read() {
    let line = Line::new();
    let mut child = unread(&line);
    let mut input = child.stdin.take().unwrap();
    let ping = frame(&json!({"type": "ping", "request_id": "x".repeat(200)}));
    // More than the pipe takes.
    input.write_all(&ping.repeat(2_000)).unwrap();
    input.write_all(&frame(&json!({"type": "shutdown"}))).unwrap();
    let mut status = None;
    eventually("the process ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.and_then(|status| status.code()), Some(0));
}
