//! Attacks on pictures and the memory they are laid over.

use crate::bindings::procvision::algorithm::imaging::{ImageError, ImageSet, MemoryRange, PixelFormat};
use crate::bindings::procvision::algorithm::logging;
use crate::bindings::procvision::algorithm::types::{Pass, Rect, Severity, Verdict};
use crate::{Answer, Scene, good};
use std::alloc::{Layout, alloc_zeroed};
use std::hint::black_box;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where an earlier call had its window.
static KEPT: AtomicU32 = AtomicU32::new(0);

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    let images = scene.images;
    let text = match scene.attack {
        "window-sum" => {
            let window = mapped(images, 0);
            let sum = sum(window);
            images.unmap(0);
            format!("{sum}")
        }
        "window-misaligned" => tried(images, |window| [shifted(window, 4096), shifted(window, 1)]),
        "window-outside" => tried(images, |window| {
            let end = core::arch::wasm32::memory_size(0) as u32 * 65_536;
            let last = end.next_multiple_of(2 << 20);
            [last, last - window.length + (2 << 20), u32::MAX - (2 << 20) + 1].map(|address| MemoryRange {
                address,
                length: window.length,
            })
        }),
        "window-length" => tried(images, |window| {
            [0, 1, window.length - 1, window.length + (2 << 20), u32::MAX].map(|length| MemoryRange {
                address: window.address,
                length,
            })
        }),
        "window-over-window" => {
            let first = mapped(images, 0);
            let second = layout(images, 1).window_length;
            let places = [first.address, first.address.wrapping_sub(second - (2 << 20))];
            let answers = places.map(|address| {
                images.map(
                    1,
                    MemoryRange {
                        address,
                        length: second,
                    },
                )
            });
            format!("{} {answers:?}", sum(first))
        }
        "window-twice" => {
            let first = mapped(images, 0);
            let again = images.map(0, first);
            let elsewhere = images.map(0, reserved(first.length));
            format!("{} {again:?} {elsewhere:?}", sum(first))
        }
        // The stack, the data and the code's tables of constants become pixels, and zeros later.
        "window-over-everything" => {
            reserved(8 << 20);
            let length = layout(images, 0).window_length;
            let _ = images.map(0, MemoryRange { address: 0, length });
            format!("went on after {length} bytes")
        }
        "window-kept" => {
            let window = mapped(images, 0);
            // SAFETY: the window is this guest's own memory.
            unsafe { core::ptr::write_bytes(window.address as *mut u8, 0x5a, 100) };
            KEPT.store(window.address, Ordering::Relaxed);
            format!("kept {} bytes", window.length)
        }
        "window-found" => {
            let window = MemoryRange {
                address: KEPT.load(Ordering::Relaxed),
                length: 2 << 20,
            };
            format!("{}", sum(window))
        }
        "window-grow" => {
            let window = mapped(images, 0);
            let before = sum(window);
            let old = core::arch::wasm32::memory_grow(0, 320);
            let new = MemoryRange {
                address: old as u32 * 65_536,
                length: 320 * 65_536,
            };
            // SAFETY: this memory was granted a moment ago, and nobody else knows it.
            unsafe { core::ptr::write_bytes(new.address as *mut u8, 1, new.length as usize) };
            let whole = sum(new);
            let second = images.map(
                1,
                MemoryRange {
                    address: new.address.next_multiple_of(2 << 20),
                    length: layout(images, 1).window_length,
                },
            );
            format!("{before} {} {whole} {second:?}", sum(window))
        }
        "window-as-answer" => {
            let window = mapped(images, 0);
            // SAFETY: the window is one allocation, which the text takes over; the test's picture is ASCII.
            let text = unsafe { String::from_raw_parts(window.address as *mut u8, 100, window.length as usize) };
            logging::log(logging::Level::Info, &text, &[]);
            return Some(Ok(Verdict::Ok(Pass {
                message: Some(text),
                position_rects: Vec::new(),
            })));
        }
        "window-fill" => {
            let window = mapped(images, 0);
            // SAFETY: the window is this guest's own memory.
            unsafe { core::ptr::write_bytes(window.address as *mut u8, 1, window.length as usize) };
            format!("{}", sum(window))
        }
        "window-then-trap" => {
            mapped(images, 0);
            mapped(images, 1);
            core::arch::wasm32::unreachable()
        }
        "window-then-spin" => {
            mapped(images, 0);
            crate::time::spin()
        }
        "window-then-fail" => {
            mapped(images, 0);
            return Some(Err(crate::failure("no verdict today", Severity::Fatal)));
        }
        "window-churn" => {
            let window = reserved(layout(images, 0).window_length);
            let mut total = 0_u64;
            for _ in 0..1_000 {
                images.map(0, window).expect("it was possible a moment ago");
                // SAFETY: the window is this guest's own memory.
                total += u64::from(unsafe { (window.address as *const u8).add(4_096).read_volatile() });
                images.unmap(0);
            }
            format!("{total}")
        }
        "window-unavailable" => {
            let window = reserved(2 << 20);
            let mapping = images.mapping(0);
            format!(
                "{} {:?} {:?} {:?}",
                mapping.is_none(),
                images.map(0, window),
                images.map(77, window),
                images.mapping(77).is_none()
            )
        }
        "window-unmap-nothing" => {
            for image in [0, 1, 77, u32::MAX] {
                images.unmap(image);
            }
            "nothing".to_owned()
        }
        "fill-targets" => {
            let window = mapped(images, 0);
            let elsewhere = reserved(1 << 20);
            let end = core::arch::wasm32::memory_size(0) as u32 * 65_536;
            let targets = [
                // Over the window, at its end, and around it.
                (window.address, 64 * 64),
                (window.address + window.length - 1, 64 * 64),
                (window.address - 1, 64 * 64),
                // Outside.
                (end - 64, 64 * 64),
                (u32::MAX, 64 * 64),
                (end, 64 * 64),
                // Of the wrong length.
                (elsewhere.address, 64 * 64 - 1),
                (elsewhere.address, 64 * 64 + 1),
                (elsewhere.address, 0),
            ];
            let area = Rect {
                x: 0,
                y: 0,
                width: 64,
                height: 64,
            };
            let refused = targets
                .into_iter()
                .map(|(address, length)| images.fill(0, area, PixelFormat::Mono8, MemoryRange { address, length }))
                .filter(|answer| matches!(answer, Err(ImageError::BadTarget)))
                .count();
            let right = images.fill(
                0,
                area,
                PixelFormat::Mono8,
                MemoryRange {
                    address: elsewhere.address,
                    length: 64 * 64,
                },
            );
            format!("{refused} {right:?}")
        }
        _ => return None,
    };
    Some(good(&text))
}

/// In `setup`, where no pictures are lent.
pub(crate) fn map_without_pictures() {
    // SAFETY: a handle is a number that the host checks at every use; checking that it does is the point.
    let images = ManuallyDrop::new(unsafe { ImageSet::from_handle(1) });
    let window = reserved(2 << 20);
    let _ = black_box(images.map(0, window));
}

/// The answers to mapping picture 0 to wrong windows, then what the right one shows.
fn tried<const N: usize>(images: &ImageSet, wrong: impl FnOnce(MemoryRange) -> [MemoryRange; N]) -> String {
    let window = reserved(layout(images, 0).window_length);
    let answers = wrong(window).map(|window| images.map(0, window));
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(ImageError::BadTarget)))
        .count();
    images.map(0, window).expect("this window is right");
    format!("{refused} of {N} {}", sum(window))
}

fn layout(images: &ImageSet, image: u32) -> crate::bindings::procvision::algorithm::imaging::MappingLayout {
    images.mapping(image).expect("the test's pictures can be mapped")
}

fn mapped(images: &ImageSet, image: u32) -> MemoryRange {
    let window = reserved(layout(images, image).window_length);
    images.map(image, window).expect("this window is right");
    window
}

/// Memory for a window, never given back.
fn reserved(length: u32) -> MemoryRange {
    let layout = Layout::from_size_align(length as usize, 2 << 20).expect("a sound layout");
    // SAFETY: the size is not zero.
    let start = unsafe { alloc_zeroed(layout) };
    assert!(!start.is_null(), "no memory for a window");
    MemoryRange {
        address: start as u32,
        length,
    }
}

fn shifted(window: MemoryRange, by: u32) -> MemoryRange {
    MemoryRange {
        address: window.address + by,
        ..window
    }
}

fn sum(window: MemoryRange) -> u64 {
    // SAFETY: the window is this guest's own memory, and nobody writes to it meanwhile.
    let bytes = unsafe { core::slice::from_raw_parts(window.address as *const u8, window.length as usize) };
    bytes.iter().map(|&byte| u64::from(byte)).sum()
}
