//! `procvision frames` as it is used.

use crate::stage::{Stage, name, status};
use procvision_host::frame::{Frame, PixelFormat};
use procvision_tests::binary::{Answer, procvision, project_root};
use procvision_tests::frame_pool::{Process, broker_process, socket};
use serde_json::{Value, json};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

fn frames(socket: &Path, arguments: &[&str]) -> Answer {
    let mut command = procvision();
    Answer::of(command.arg("frames").args(arguments).arg("--socket").arg(socket))
}

#[test]
fn a_photograph_is_published_as_it_is() {
    let stage = Stage::new();
    let photo = project_root().join("examples/presence-check/pictures/coins.png");
    let arguments = [
        "publish",
        "--pool",
        "cam-01",
        "--count",
        "3",
        "--fps",
        "500",
        "--image",
        photo.to_str().unwrap(),
    ];
    let answer = frames(&stage.socket, &arguments).expect(0);
    assert_eq!(answer.stderr, "3 published, 0 dropped\n");
    let references: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(references.len(), 3);
    let original = Frame::open(&photo).unwrap();
    for reference in references {
        let frame = stage.client().open(&reference.parse().unwrap()).unwrap();
        assert_eq!((frame.format(), frame.bounds()), (original.format(), original.bounds()));
        let pixels = |frame: &Frame| frame.read(frame.bounds(), frame.format()).unwrap();
        assert_eq!(pixels(&frame), pixels(&original));
        assert_eq!(frame.camera_id(), "cam-01");
        assert!(frame.timestamp_ms() > 1_700_000_000_000);
    }
}

#[test]
fn a_socket_may_have_a_name_that_is_no_text() {
    let (folder, _) = socket();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"frames-\xff.sock"));
    let mut command = procvision();
    command.args(["frames", "broker", "--json", "--socket"]).arg(&path);
    let mut broker = Process::start(&mut command);
    let said: Value = serde_json::from_str(&broker.line()).unwrap();
    let shown = path.to_string_lossy();
    assert!(shown.contains('\u{fffd}'));
    assert_eq!(said, json!({ "socket": shown, "process": broker.id() }));
    let listed = frames(&path, &["list", "--json"]).expect(0).json();
    assert_eq!(listed, json!({ "socket": shown, "pools": [] }));
    assert_eq!(broker.terminate(), 0);
}

#[test]
fn scenes_are_drawn_in_every_format() {
    let stage = Stage::new();
    for scene in ["tray", "panel", "bars"] {
        for format in ["Mono8", "RGB8", "BGR8", "BayerRG8", "bayergr8", "BayerGB8", "BayerBG8"] {
            let pool = format!("{scene}-{}", format.to_lowercase());
            let answer = frames(
                &stage.socket,
                &[
                    "publish", "--pool", &pool, "--scene", scene, "--size", "96x64", "--format", format, "--count",
                    "2", "--slots", "2", "--camera", "north", "--json", "--fps", "1000",
                ],
            );
            let answer = answer.expect(0);
            let lines: Vec<Value> = answer
                .stdout
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let [first, second, tally] = &lines[..] else {
                panic!("{answer:?}")
            };
            assert_eq!(*tally, json!({ "published": 2, "dropped": 0 }));
            assert_eq!((&first["width"], &first["camera_id"]), (&json!(96), &json!("north")));
            assert_eq!(first["format"].as_str().unwrap().to_lowercase(), format.to_lowercase());
            let client = stage.client();
            let open = |line: &Value| {
                client
                    .open(&line["reference"].as_str().unwrap().parse().unwrap())
                    .unwrap()
            };
            let pixels = |frame: Frame| frame.read(frame.bounds(), PixelFormat::RGB8).unwrap();
            let (first, second) = (pixels(open(first)), pixels(open(second)));
            assert_ne!(first, second, "{scene} {format}: something moves");
            let coloured = scene == "bars" && format != "Mono8";
            // Interpolating the noise of a gray scene tints it a little.
            let tinted = first.as_chunks::<3>().0.iter().any(|rgb| rgb[0].abs_diff(rgb[2]) > 120);
            assert_eq!(coloured, tinted, "{scene} {format}");
        }
    }
}

#[test]
fn a_mosaic_of_a_picture_shows_the_same_colours() {
    let stage = Stage::new();
    let read = |format: &str| {
        let pool = format!("bars-{}", format.to_lowercase());
        let arguments = [
            "publish", "--pool", &pool, "--scene", "bars", "--size", "320x64", "--format", format, "--count", "1",
        ];
        let answer = frames(&stage.socket, &arguments).expect(0);
        let frame = stage.client().open(&answer.stdout.trim().parse().unwrap()).unwrap();
        frame.read(frame.bounds(), PixelFormat::RGB8).unwrap()
    };
    let colour = read("RGB8");
    for format in ["BayerRG8", "BayerGR8", "BayerGB8", "BayerBG8"] {
        let mosaic = read(format);
        // In the middle of each bar, far from the edges where neighbours mix.
        for x in (20..320).step_by(40) {
            let at = (32 * 320 + x) * 3;
            assert_eq!(mosaic[at..at + 3], colour[at..at + 3], "{format} at {x}");
        }
    }
}

#[test]
fn pictures_are_dropped_when_every_slot_is_held() {
    let stage = Stage::new();
    let publish = [
        "publish", "--pool", "cam", "--scene", "bars", "--slots", "1", "--count", "2", "--fps", "500",
    ];
    let first = frames(&stage.socket, &[&publish[..], &["--json"]].concat()).expect(0);
    assert_eq!(first.stdout.lines().count(), 3);
    let (_, frame) = stage.client().newest(&name("cam")).unwrap();
    let answer = frames(&stage.socket, &publish).expect(0);
    assert_eq!(answer.stdout, "");
    assert!(answer.stderr.ends_with("0 published, 2 dropped\n"), "{}", answer.stderr);
    let answer = frames(&stage.socket, &[&publish[..], &["--json"]].concat()).expect(0);
    assert_eq!(
        answer.stdout,
        "{\"dropped\":1}\n{\"dropped\":2}\n{\"published\":0,\"dropped\":2}\n"
    );
    assert_eq!((stage.status("cam").published, stage.status("cam").dropped), (2, 4));
    drop(frame);
}

#[test]
fn the_list_says_what_is_there() {
    let (_folder, socket) = socket();
    let _broker = broker_process(&socket);
    assert_eq!(
        frames(&socket, &["list"]).expect(0).stdout,
        "no pools: no producer has connected yet\n"
    );
    assert_eq!(
        frames(&socket, &["list", "--json"]).expect(0).json()["pools"],
        json!([])
    );

    let mut command = procvision();
    command.args([
        "frames", "publish", "--pool", "cam-01", "--scene", "tray", "--slots", "20", "--socket",
    ]);
    let mut camera = Process::start(command.arg(&socket));
    let reference = camera.line();
    let list = frames(&socket, &["list", "--json"]).expect(0).json();
    assert_eq!(list["socket"], json!(socket));
    let pool = &list["pools"][0];
    assert_eq!(
        (&pool["pool"], &pool["slots"], &pool["slot_bytes"]),
        (&json!("cam-01"), &json!(20), &json!(2_097_152))
    );
    assert_eq!(
        (&pool["producer"], &pool["consumers"], &pool["dropped"]),
        (&json!(true), &json!(0), &json!(0))
    );
    assert!(
        pool["published"].as_u64().unwrap() >= 1 && pool["fps"].is_f64(),
        "{pool}"
    );
    assert!(pool["huge_pages"].is_boolean());
    let states = pool["states"].as_array().unwrap();
    assert_eq!(states.len(), 20, "more than a packet holds");
    let [_, slot, generation] = reference.splitn(3, '/').collect::<Vec<_>>()[..] else {
        panic!("{reference}")
    };
    let published = &states[slot.parse::<usize>().unwrap()];
    assert_eq!(published["generation"].to_string(), generation);
    assert_eq!(
        published["picture"],
        json!({ "format": "Mono8", "width": 640, "height": 480 })
    );
    assert_eq!(
        states[19],
        json!({
            "slot": 19, "phase": "free", "generation": states[19]["generation"], "holders": 0, "picture": null,
        })
    );
    camera.kill();

    let text = frames(&socket, &["list"]).expect(0).stdout;
    assert!(text.starts_with("cam-01  20 slots of 2.00 MiB, "), "{text}");
    assert!(
        text.contains("no producer, 0 consumers\n") && text.contains(" 640 x 480 Mono8\n"),
        "{text}"
    );
    assert_eq!(status(&socket, "cam-01").states.len(), 20);
}

#[test]
fn a_camera_ends_when_nobody_reads_its_references_or_the_broker_is_gone() {
    let (_folder, socket) = socket();
    let broker = broker_process(&socket);
    let publish = |pool: &str| {
        let mut command = procvision();
        command.args([
            "frames", "publish", "--scene", "bars", "--fps", "1000", "--pool", pool, "--socket",
        ]);
        command
            .arg(&socket)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let mut unread = publish("unread");
    drop(unread.stdout.take());
    assert_eq!(Answer::from(unread.wait_with_output().unwrap()).expect(0).stdout, "");

    let orphan = publish("orphan");
    procvision_tests::frame_pool::eventually("the camera publishes", || {
        frames(&socket, &["list"]).expect(0).stdout.contains("a producer")
    });
    broker.kill();
    let answer = Answer::from(orphan.wait_with_output().unwrap()).expect(2);
    assert!(
        answer.stderr.contains("error: the frame broker has hung up\nhelp: "),
        "{}",
        answer.stderr
    );
}

#[test]
fn mistakes_are_answered() {
    let stage = Stage::new();
    let _taken = stage.producer("taken", 8);
    let publish = |rest: &[&str]| frames(&stage.socket, &[&["publish", "--json", "--count", "1"], rest].concat());
    for (arguments, code) in [
        (&["--scene", "tray"][..], "usage"),
        (&["--pool", "cam"], "usage"),
        (&["--pool", "CAM", "--scene", "tray"], "usage"),
        (&["--pool", "cam", "--scene", "beach"], "usage"),
        (&["--pool", "cam", "--scene", "tray", "--format", "Mono16"], "usage"),
        (&["--pool", "cam", "--scene", "tray", "--fps", "0"], "usage"),
        (&["--pool", "cam", "--scene", "tray", "--fps", "nan"], "usage"),
        (&["--pool", "cam", "--scene", "tray", "--size", "0x0"], "usage"),
        (&["--pool", "cam", "--scene", "tray", "--size", "640"], "usage"),
        (&["--pool", "cam", "--scene", "tray", "--image", "x.png"], "usage"),
        (&["--pool", "cam", "--image", "x.png", "--size", "64x64"], "usage"),
        (&["--pool", "cam", "--image", "no-such-file.png"], "1002"),
        (&["--pool", "cam", "--scene", "tray", "--slots", "0"], "limit"),
        (&["--pool", "cam", "--scene", "tray", "--slots", "1000"], "limit"),
        (&["--pool", "taken", "--scene", "tray"], "taken"),
    ] {
        let answer = publish(arguments).expect(2);
        assert_eq!(answer.json()["error"]["code"], code, "{arguments:?}: {answer:?}");
        assert_eq!(answer.stderr, "");
    }
    let nowhere = stage.socket.with_file_name("nowhere.sock");
    let answer = frames(&nowhere, &["list", "--json"]).expect(2);
    assert_eq!(answer.json()["error"]["code"], "no-broker");
    assert!(
        answer.json()["error"]["help"]
            .as_str()
            .unwrap()
            .contains("procvision frames broker")
    );
    let second = frames(&stage.socket, &["broker", "--json"]).expect(2);
    assert_eq!(second.json()["error"]["code"], "in-use");
    let missing = frames(&stage.socket.with_file_name("no/folder/s"), &["broker", "--json"]).expect(2);
    assert_eq!(missing.json()["error"]["code"], "no-socket");
}

#[test]
fn the_default_socket_is_found_by_all_commands() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |arguments: &[&str]| {
        let mut command = procvision();
        command.arg("frames").args(arguments);
        command
            .env("XDG_RUNTIME_DIR", folder.path())
            .env_remove("PROCVISION_FRAMES_SOCKET");
        command
    };
    let mut broker = Process::start(&mut in_folder(&["broker"]));
    let socket = folder.path().join("procvision/frames.sock");
    assert_eq!(broker.line(), format!("Listening at {}", socket.display()));
    Answer::of(&mut in_folder(&[
        "publish", "--pool", "cam", "--scene", "bars", "--count", "1",
    ]))
    .expect(0);
    let list = Answer::of(&mut in_folder(&["list"])).expect(0);
    assert!(list.stdout.starts_with("cam  "), "{list:?}");
    // A variable names another one; a folder that is not private is not used.
    let mut other = in_folder(&["list", "--json"]);
    let answer = Answer::of(other.env("PROCVISION_FRAMES_SOCKET", folder.path().join("other"))).expect(2);
    assert_eq!(answer.json()["error"]["code"], "no-broker");
    let shared = tempfile::tempdir().unwrap();
    let open = shared.path().join("procvision");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let answer = Answer::of(in_folder(&["list", "--json"]).env("XDG_RUNTIME_DIR", shared.path())).expect(2);
    assert_eq!(answer.json()["error"]["code"], "not-private");
    assert_eq!(broker.terminate(), 0);
}
