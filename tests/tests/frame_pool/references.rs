//! References that are right, stale, forged, or of somebody else; and what an algorithm sees of a right one.

use crate::stage::{Stage, assert_shows, name, publish};
use procvision_host::call::StepCall;
use procvision_host::explain::Explain;
use procvision_host::frame::PixelFormat;
use procvision_host::host::{Host, HostConfig};
use procvision_host::limits::Limits;
use procvision_host::package::Package;
use procvision_host::pool::consumer::{PoolClient, PoolError};
use procvision_host::pool::memory::SLOT_GRANULE;
use procvision_host::pool::producer::{Camera, Producer};
use procvision_host::pool::{FrameReference, LinkError};
use procvision_host::session::Session;

#[test]
fn forged_references_open_nothing() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 2);
    let real = publish(&producer, 1);
    let client = stage.client();
    let text = |pool: &str, slot: u32, generation: u64| format!("pool:{pool}/{slot}/{generation}");
    let generation = real.generation();
    for (forged, stale) in [
        (text("cam", real.slot(), generation + 1), true),
        (
            text("cam", real.slot(), generation.wrapping_sub(1) & 0xf_ffff_ffff),
            true,
        ),
        (text("cam", real.slot(), generation ^ (1 << 35)), true),
        (text("cam", 1 - real.slot(), generation), true),
        (text("cam", 2, generation), false),
        (text("cam", u32::MAX, generation), false),
        (text("cat", real.slot(), generation), false),
    ] {
        let error = client.open(&forged.parse().unwrap()).unwrap_err();
        assert_eq!(matches!(error, PoolError::Stale(_)), stale, "{forged}: {error:?}");
        assert_eq!(error.code(), "1002");
        assert!(error.remedy().is_some());
    }
    // A slot that is free or being written has a generation too; it is not a picture.
    for status in stage.status("cam").states.iter().filter(|slot| slot.phase == "free") {
        let free = text("cam", 1, status.generation);
        assert!(matches!(client.open(&free.parse().unwrap()), Err(PoolError::Stale(_))));
    }
    let writer = producer.acquire().unwrap().unwrap();
    let writing = &stage.status("cam").states[writer.slot() as usize];
    let writing = text("cam", writer.slot(), writing.generation);
    assert!(matches!(
        client.open(&writing.parse().unwrap()),
        Err(PoolError::Stale(_))
    ));
    drop(writer);
    assert_shows(&client.open(&real).unwrap(), 1);
    assert_eq!(
        stage.status("cam").states[real.slot() as usize].holders,
        0,
        "no forgery has left a lease"
    );
}

#[test]
fn text_that_is_no_reference_is_1002_too() {
    for text in [
        "",
        "pool:",
        "pool:cam/0",
        "pool:cam/0/x",
        "pool:CAM/0/0",
        "/dev/shm/x",
        "pool:../../etc/passwd/0/0",
    ] {
        let error = text.parse::<FrameReference>().unwrap_err();
        assert_eq!(error.code(), "1002", "{text}");
    }
    assert!(FrameReference::is_meant_by("pool:whatever"));
    assert!(!FrameReference::is_meant_by("dev-shm:1"));
}

#[test]
fn without_a_broker_there_is_no_picture() {
    let (_folder, socket) = procvision_tests::frame_pool::socket();
    let client = PoolClient::new(&socket);
    let reference = "pool:cam/0/0".parse().unwrap();
    for _ in 0..2 {
        let error = client.open(&reference).unwrap_err();
        assert!(matches!(error, PoolError::Broker(LinkError::NoBroker { .. })));
        assert_eq!(error.code(), "1002");
        assert!(error.remedy().unwrap().contains("procvision frames broker"));
    }
    // As soon as there is one, the same client goes on.
    let broker =
        procvision_host::pool::broker::Broker::start(procvision_host::pool::broker::BrokerConfig::new(&socket));
    let broker = broker.unwrap();
    assert!(matches!(
        client.open(&reference),
        Err(PoolError::Broker(LinkError::Refused { .. }))
    ));
    let producer = Producer::connect(broker.socket(), name("cam"), 1, SLOT_GRANULE).unwrap();
    assert!(matches!(client.newest(&name("cam")), Err(PoolError::Empty(_))));
    let reference = publish(&producer, 3);
    let frame = client.open(&reference).unwrap();
    drop(broker);
    assert!(!socket.exists());
    // A picture that is held stays. No other is to be had: nobody would know of the lease.
    assert_shows(&frame, 3);
    for error in [
        client.open(&reference).unwrap_err(),
        client.newest(&name("cam")).unwrap_err(),
    ] {
        assert!(matches!(error, PoolError::Broker(LinkError::NoBroker { .. })));
    }
    assert_shows(&frame, 3);
}

#[test]
fn every_format_arrives_as_it_was_sent() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 2);
    let client = stage.client();
    for format in PixelFormat::ALL {
        let (width, height, stride) = (61, 47, 200);
        let pixels: Vec<u8> = (0..stride * height).map(|at| (at * 7 % 256) as u8).collect();
        let writer = producer.acquire().unwrap().unwrap();
        let camera = Camera {
            timestamp_ms: u64::MAX,
            id: "k\u{e4}se".repeat(12),
        };
        let reference = writer
            .publish_pixels(format, width, height as u32, stride, &pixels, &camera)
            .unwrap();
        let frame = client.open(&reference).unwrap();
        assert_eq!((frame.format(), frame.layout().stride), (format, stride));
        assert_eq!(
            (frame.timestamp_ms(), frame.camera_id()),
            (u64::MAX, camera.id.as_str())
        );
        for y in 0..height {
            let row = width as usize * format.bytes_per_pixel();
            assert_eq!(
                frame.row(y as u32)[..],
                pixels[y * stride..y * stride + row],
                "{format} row {y}"
            );
        }
    }
}

/// The consumer's descriptor is read-only; what is laid over an algorithm's memory is a private copy all the same.
#[test]
fn an_algorithm_sees_a_leased_picture_without_a_copy() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 1);
    let writer = producer.acquire().unwrap().unwrap();
    let pixels: Vec<u8> = (0..640 * 480 * 3).map(|at| (at * 13 % 251) as u8).collect();
    let format = PixelFormat::RGB8;
    let reference = writer
        .publish_pixels(format, 640, 480, 1920, &pixels, &Camera::default())
        .unwrap();
    let frame = stage.client().open(&reference).unwrap();

    let package = Package::open(procvision_tests::probe_component(), &Limits::default_ceiling()).unwrap();
    let mut algorithm = Host::new(HostConfig::default()).unwrap().load(&package).unwrap();
    let call = StepCall::new(1, "A01", frame).with_param("task", "origin");
    let report = algorithm.execute(&mut Session::new("test", Default::default()), &call);
    let said = format!("{:?}", report.outcome);
    assert!(said.contains("Mapped"), "{said}");
    assert!(producer.acquire().unwrap().is_none(), "the call holds the picture");
    drop(call);
    assert!(producer.acquire().unwrap().is_some());
}
