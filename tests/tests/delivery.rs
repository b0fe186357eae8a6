//! Pixels on their way into an algorithm that uses the SDK: mapped where the layout allows it, written in place
//! otherwise, the same bytes either way.

use procvision_host::algorithm::Algorithm;
use procvision_host::call::StepCall;
use procvision_host::failure::FailureClass;
use procvision_host::frame::{Frame, PictureLayout, PixelFormat};
use procvision_host::host::{Host, HostConfig};
use procvision_host::limits::Limits;
use procvision_host::outcome::{Outcome, StepReport};
use procvision_host::package::Package;
use procvision_host::pool::memory::{PoolMemory, SLOT_GRANULE};
use procvision_host::session::Session;
use std::sync::Arc;

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 700;

fn load() -> Algorithm {
    let package = Package::open(procvision_tests::probe_component(), &Limits::default_ceiling()).unwrap();
    Host::new(HostConfig::default()).unwrap().load(&package).unwrap()
}

fn ask(algorithm: &mut Algorithm, task: &str, frame: Frame) -> StepReport {
    let call = StepCall::new(1, "A01", frame).with_param("task", task);
    algorithm.execute(&mut Session::new("test", Default::default()), &call)
}

fn message(report: &StepReport) -> &str {
    match &report.outcome {
        Outcome::Ok { message, .. } => message.as_deref().unwrap_or(""),
        other => panic!("{other:?}"),
    }
}

/// The bytes of a slot that hold a picture of this layout with noise around it, and the same picture in own memory.
fn picture(layout: PictureLayout) -> (Vec<u8>, Frame) {
    let bytes: Vec<u8> = (0..2 * SLOT_GRANULE).map(|at| (at * 31 / 7 + 7) as u8).collect();
    let PictureLayout {
        format,
        width,
        height,
        stride,
        offset,
    } = layout;
    let own = Frame::from_pixels(format, width, height, stride, bytes[offset..].to_vec()).unwrap();
    (bytes, own)
}

fn in_pool(layout: PictureLayout, bytes: &[u8]) -> Frame {
    let memory = PoolMemory::create(2, 2 * SLOT_GRANULE).unwrap();
    memory.write(1, 0, bytes).unwrap();
    Frame::in_pool(Arc::new(memory), 1, layout, Arc::new(())).unwrap()
}

#[test]
fn the_algorithm_sees_the_same_pixels_however_they_are_delivered() {
    use PixelFormat::{BGR8, BayerGB8, Mono8, RGB8};
    let mut algorithm = load();
    for (format, padding, offset, origins) in [
        (RGB8, 0, 0, ["Mapped", "Copied"]),
        (RGB8, 0, 4_099, ["Mapped", "Copied"]),
        (RGB8, 5, 64, ["Copied", "Copied"]),
        (Mono8, 0, 0, ["Copied", "Mapped"]),
        (Mono8, 17, 0, ["Copied", "Copied"]),
        (BGR8, 0, 0, ["Copied", "Copied"]),
        (BayerGB8, 0, 0, ["Copied", "Copied"]),
    ] {
        let packed = PictureLayout::packed(format, WIDTH, HEIGHT);
        let layout = PictureLayout {
            stride: packed.stride + padding,
            offset,
            ..packed
        };
        let (bytes, own) = picture(layout);
        let copied = ask(&mut algorithm, "origin", own);
        let pooled = ask(&mut algorithm, "origin", in_pool(layout, &bytes));
        let (copied, pooled) = (message(&copied), message(&pooled));
        let [rgb, gray] = origins;
        let sums: Vec<&str> = copied.split(' ').collect();
        assert_eq!(copied, format!("Copied {} Copied {}", sums[1], sums[3]), "{layout:?}");
        assert_eq!(pooled, format!("{rgb} {} {gray} {}", sums[1], sums[3]), "{layout:?}");
    }
}

/// The SDK says what is wrong before the author wonders at zeros.
#[test]
fn pixels_kept_beyond_their_call_end_the_call_that_looks_at_them() {
    let mut algorithm = load();
    let layout = PictureLayout::packed(PixelFormat::RGB8, WIDTH, HEIGHT);
    let (bytes, _) = picture(layout);
    assert_eq!(
        message(&ask(&mut algorithm, "keep-pixels", in_pool(layout, &bytes))),
        "0"
    );
    let report = ask(&mut algorithm, "keep-pixels", in_pool(layout, &bytes));
    let failure = report.outcome.failure().expect("a failure");
    assert_eq!(failure.class, FailureClass::Trap);
    assert!(failure.message.contains("keep a clone of them instead"), "{failure}");
    // The line is the author's.
    assert!(failure.message.contains("probe/src/lib.rs"), "{failure}");
    // Copied pixels may be kept.
    let copied = |layout| picture(layout).1;
    for first in ["0", "7"] {
        assert_eq!(message(&ask(&mut algorithm, "keep-pixels", copied(layout))), first);
    }
}
