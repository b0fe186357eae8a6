//! Attacks on memory and stack.

use crate::{Answer, Scene, good};
use std::hint::black_box;

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    match scene.attack {
        "bomb" => bomb(),
        // Eight mebibytes more with every call; each call by itself is harmless.
        "hoard" => {
            black_box(Box::leak(vec![1_u8; 8 << 20].into_boxed_slice()));
            Some(good("hoarded"))
        }
        "grow" => {
            let pages = core::arch::wasm32::memory_grow(0, 60_000);
            Some(good(&format!("grew from {pages} pages")))
        }
        "recursion" => Some(good(&recurse(1).to_string())),
        "recursion-with-frames" => Some(good(&recurse_with_frames(1).to_string())),
        "recursion-with-calls" => Some(good(&recurse_with_calls(scene, 1).to_string())),
        "unreachable" => core::arch::wasm32::unreachable(),
        "wild-read" => {
            let wild = black_box(0xffff_fff0_usize) as *const u64;
            // SAFETY: none; the sandbox must stop this read, which lies beyond the end of linear memory.
            let value = unsafe { wild.read_volatile() };
            Some(good(&value.to_string()))
        }
        "wild-call" => {
            let number = black_box(0x00ff_ffff_usize);
            // SAFETY: none; the sandbox must stop a call through a function table entry that does not exist.
            let function: fn() = unsafe { core::mem::transmute::<usize, fn()>(number) };
            function();
            Some(good("called"))
        }
        "panic" => panic!("the screw is loose"),
        "panic-at-length" => panic!("{}", "long ".repeat(100_000)),
        _ => None,
    }
}

pub(crate) fn bomb() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
        black_box(&hoard);
    }
}

/// Fills the engine's call stack.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if black_box(depth) == 0 {
        return 0;
    }
    recurse(black_box(depth + 1)) + black_box(1)
}

/// Fills the stack that the compiler keeps in linear memory.
#[inline(never)]
fn recurse_with_frames(depth: u64) -> u64 {
    let mut frame = [depth; 4096];
    black_box(&mut frame);
    if black_box(depth) == 0 {
        return 0;
    }
    recurse_with_frames(black_box(depth + 1)) + frame[7]
}

/// Calls the host from every depth, so that its frames come on top of a stack that is nearly full.
#[inline(never)]
fn recurse_with_calls(scene: &Scene<'_>, depth: u64) -> u64 {
    let _ = black_box(scene.session.set("deep", "[[[[[[[[[[0]]]]]]]]]]"));
    if black_box(depth) == 0 {
        return 0;
    }
    recurse_with_calls(scene, black_box(depth + 1)) + black_box(1)
}
