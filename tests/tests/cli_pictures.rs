//! `procvision run` with pictures by identifier and by camera, and what happens if there is none.

#[path = "sources/picture.rs"]
#[expect(dead_code, reason = "the suite over all sources uses the rest")]
mod picture;

use picture::{Form, Picture, npy};
use procvision_host::frame::PixelFormat;
use procvision_host::pool::broker::{Broker, BrokerConfig};
use procvision_host::pool::producer::{Camera, Producer};
use procvision_tests::binary::Answer;
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};

/// A workplace with the development store in `store`.
struct Station {
    place: Workplace,
}

impl Station {
    fn new() -> Self {
        let place = Workplace::new();
        let array = npy("(30, 40, 3)", &Picture::new(40, 30, 1).raw(Form::Rgb));
        place.write("store/dev-shm_s-1_cur.npy", &array);
        place.write("store/dev-shm_s-2.bin", &Picture::new(40, 30, 2).bytes(Form::Png));
        place.write("store/dev-shm_damaged.npy", &array[..array.len() - 1]);
        Self { place }
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        let run = ["run", "rogue", "--pid", "A01"];
        let mut command = self.place.command(&[&run, arguments].concat());
        command.env("PROC_SHM_DIR", self.place.path("store"));
        command.env("PROCVISION_FRAMES_SOCKET", self.place.path("frames.sock"));
        Answer::of(&mut command)
    }

    fn json(&self, arguments: &[&str], status: i32) -> Value {
        self.run(&[arguments, &["--json"]].concat()).expect(status).json()
    }
}

#[test]
fn a_picture_is_judged_by_its_identifier() {
    let station = Station::new();
    let json = station.json(&["--shared-mem-id", "dev-shm:s-1:cur"], 0);
    assert_eq!(
        json["image"],
        json!({
            "path": null, "source": "dev-store", "id": "dev-shm:s-1:cur", "width": 40, "height": 30, "format": "RGB8",
            "zero_filled": null,
        })
    );
    assert_eq!(json["verdict"], "OK");
    let text = station
        .run(&["--shared-mem-id", "dev-shm:s-2", "--size", "40x30"])
        .expect(0);
    assert!(
        text.stdout
            .contains("\nrogue 0.1.0, A01 step 1, dev-shm:s-2 (40 x 30)\n"),
        "{text:#?}"
    );
    // A file is named by its path, as ever.
    let json = station.json(
        &["--image", "photo.png", "--size", "320x240", "--camera-id", "cam-01"],
        0,
    );
    assert_eq!(
        (&json["image"]["path"], &json["image"]["source"], &json["image"]["id"]),
        (&json!("photo.png"), &json!("file"), &Value::Null)
    );
}

#[test]
fn a_picture_that_cannot_be_had_is_never_judged_by_itself() {
    let station = Station::new();
    for (arguments, said) in [
        (&["--shared-mem-id", "dev-shm:s-9"][..], "nothing under this name"),
        (&["--shared-mem-id", "dev-shm:damaged"], "3599"),
        (&["--shared-mem-id", "dev-shm:s-1:cur", "--size", "41x30"], "41 x 30"),
        (
            &["--shared-mem-id", "procvision-no-such-object"],
            "nothing under this name",
        ),
        (&["--shared-mem-id", "pool:cam-01/0/1"], "frames.sock"),
        (&["--shared-mem-id", "upload:1"], "no source"),
        (&["--shared-mem-id", ""], "is empty"),
        (&["--shared-mem-id", "dev-shm:s-1:cur", "--size", "0x30"], "no picture"),
        (
            &["--shared-mem-id", "dev-shm:s-1:cur", "--size", "99999x99999"],
            "accepted",
        ),
        (&["--camera", "cam-01"], "frames.sock"),
        (&["--image", "photo.png", "--size", "32x24"], "32 x 24"),
    ] {
        let error = &station.json(arguments, 2)["error"];
        assert_eq!(error["code"], "1002", "{arguments:?}: {error}");
        assert!(
            error["message"].as_str().unwrap().contains(said),
            "{arguments:?}: {error}"
        );
        assert!(error["help"].is_string(), "{arguments:?}: {error}");
        let text = station.run(arguments).expect(2);
        assert!(text.stdout.is_empty() && text.stderr.contains(said), "{text:#?}");
    }
}

#[test]
fn a_black_picture_is_judged_only_if_that_is_asked_for_and_the_answer_says_so() {
    let station = Station::new();
    for missing in [
        &["--shared-mem-id", "dev-shm:s-9"][..],
        &["--shared-mem-id", "nobody:at/all"],
        &["--image", "nowhere.png"],
    ] {
        let arguments = [missing, &["--size", "64x48", "--on-missing-picture", "zero-fill"]].concat();
        let json = station.json(&arguments, 0);
        assert_eq!(json["image"]["width"], 64, "{missing:?}");
        let reason = json["image"]["zero_filled"].as_str().unwrap();
        assert!(!reason.is_empty());
        for phase in ["pre_execute", "execute"] {
            let warning = &json[phase]["warnings"][0];
            assert_eq!(warning["kind"], "picture_zero_filled", "{missing:?} {phase}");
            assert!(warning["message"].as_str().unwrap().contains(reason));
        }
        let text = station.run(&[&arguments[..], &["-v"]].concat()).expect(0);
        assert_eq!(text.stdout.matches("picture_zero_filled").count(), 1, "{text:#?}");
        assert!(
            text.stdout
                .starts_with("BLACK PICTURE  judged in place of one that could not be had\n"),
            "{text:#?}"
        );
        assert!(text.stdout.contains("(64 x 48, black)"), "{text:#?}");
        assert!(
            text.stderr.contains("WARN") && text.stderr.contains("zeros"),
            "{text:#?}"
        );
    }
    // What was spoken of is not missing, but not there any more, or never was what was said.
    for other in [&["--camera", "cam-01"][..], &["--shared-mem-id", "pool:cam-01/0/12"]] {
        let zero_fill = ["--size", "64x48", "--on-missing-picture", "zero-fill"];
        let error = &station.json(&[other, &zero_fill].concat(), 2)["error"];
        assert_eq!(error["code"], "1002", "{other:?}");
    }
    // Nobody knows how large it would be, or it would be none.
    for size in [&[][..], &["--size", "0x0"]] {
        let zero_fill = ["--shared-mem-id", "dev-shm:s-9", "--on-missing-picture", "zero-fill"];
        let error = &station.json(&[&zero_fill, size].concat(), 2)["error"];
        assert_eq!(error["code"], "1002");
    }
}

#[test]
fn the_newest_picture_of_a_camera_is_judged() {
    let station = Station::new();
    let socket = station.place.path("frames.sock");
    let _broker = Broker::start(BrokerConfig::new(&socket)).unwrap();
    let producer = Producer::connect(&socket, "cam-01".parse().unwrap(), 2, 2 << 20).unwrap();
    let nothing = &station.json(&["--camera", "cam-01"], 2)["error"];
    assert_eq!(nothing["code"], "1002");
    let publish = |width: u32| {
        let picture = Picture::new(width, 30, 1);
        let writer = producer.acquire().unwrap().unwrap();
        let pixels = picture.raw(Form::Gray);
        let camera = Camera::default();
        let reference = writer.publish_pixels(PixelFormat::Mono8, width, 30, width as usize, &pixels, &camera);
        reference.unwrap().to_string()
    };
    let older = publish(40);
    let newest = publish(50);
    let json = station.json(&["--camera", "cam-01"], 0);
    assert_eq!(json["image"]["id"], newest);
    assert_eq!(
        (&json["image"]["source"], &json["image"]["width"]),
        (&json!("pool"), &json!(50))
    );
    let json = station.json(&["--shared-mem-id", &older], 0);
    assert_eq!(json["image"]["width"], 40);
    let elsewhere = station.path_argument("elsewhere.sock");
    for picture in [["--camera", "cam-01"], ["--shared-mem-id", &older]] {
        let error = station.json(&[&picture[..], &["--frames-socket", &elsewhere]].concat(), 2);
        assert!(error["error"]["message"].as_str().unwrap().contains("elsewhere.sock"));
    }
}

impl Station {
    fn path_argument(&self, name: &str) -> String {
        self.place.path(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn exactly_one_picture_is_named_and_nothing_that_does_not_matter() {
    let station = Station::new();
    for arguments in [
        &[][..],
        &["--image", "photo.png", "--shared-mem-id", "dev-shm:s-1:cur"],
        &["--image", "photo.png", "--camera", "cam-01"],
        &["--image", "photo.png", "--color-space", "BGR"],
        &["--image", "photo.png", "--frames-socket", "x"],
        &["--shared-mem-id", "dev-shm:s-1:cur", "--frames-socket", "x"],
        &["--shared-mem-id", "pool", "--frames-socket", "x"],
        &["--shared-mem-id", "x", "--color-space", "HSV"],
        &["--shared-mem-id", "x", "--size", "640"],
        &["--shared-mem-id", "x", "--size", "640xx"],
        &["--shared-mem-id", "x", "--on-missing-picture", "guess"],
        &["--camera", "../cam"],
    ] {
        assert_eq!(station.json(arguments, 2)["error"]["code"], "usage", "{arguments:?}");
    }
}
