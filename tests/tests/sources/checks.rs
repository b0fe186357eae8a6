//! What holds for every source.

use super::backend::{Backend, meta};
use super::picture::{Form, Picture};
use procvision_host::explain::{Explain, one_line};
use procvision_host::frame::{Frame, PixelFormat};
use procvision_host::source::{ImageMeta, SourceError};

const FORMATS: [PixelFormat; 3] = [PixelFormat::Mono8, PixelFormat::RGB8, PixelFormat::BGR8];

/// All pixels of a picture.
pub fn pixels(frame: &Frame, format: PixelFormat) -> Vec<u8> {
    frame
        .read(frame.bounds(), format)
        .expect("the whole picture can be read")
        .to_vec()
}

/// Stops the test unless this is a clear refusal: 1002, one line that says more than that it failed, and a remedy.
#[track_caller]
pub fn refused(opened: Result<Frame, SourceError>) -> String {
    let error = match opened {
        Ok(frame) => panic!("it was opened: {frame:?}"),
        Err(error) => error,
    };
    let sentence = one_line(&error);
    assert_eq!(error.code(), "1002", "{sentence}");
    assert!(error.remedy().is_some(), "{sentence}");
    assert!(sentence.len() < 1_000, "{sentence}");
    let failure = error.to_failure();
    assert_eq!(failure.code.as_str(), "1002");
    let said = &failure.message;
    assert!(said.chars().all(|letter| !letter.is_control()), "{said:?}");
    sentence
}

pub fn every_form_gives_the_right_pixels<B: Backend>() {
    let mut backend = B::new();
    for (form, seed) in B::FORMS.iter().copied().zip(0..) {
        for (width, height) in [(1, 1), (7, 5), (33, 2), (640, 480)] {
            let picture = Picture::new(width, height, seed);
            let id = backend.put("picture", form, &picture);
            let size = picture.size(form);
            let frame = backend.sources().open(&id, &meta(form, size));
            let frame = frame.unwrap_or_else(|error| panic!("{form:?} {width} x {height}: {}", one_line(&error)));
            assert_eq!((frame.width(), frame.height()), size);
            assert_eq!(frame.stand_in_reason(), None);
            for format in FORMATS {
                let expected = match form {
                    Form::Mosaic => {
                        let raw = picture.raw(form);
                        let mosaic = Frame::from_pixels(PixelFormat::BayerRG8, width, height, width as usize, raw);
                        pixels(&mosaic.expect("a mosaic"), format)
                    }
                    form => picture.expected(form, format),
                };
                assert!(
                    pixels(&frame, format) == expected,
                    "{form:?} {width} x {height} as {format}"
                );
            }
        }
    }
}

pub fn what_is_not_there_is_1002<B: Backend>() {
    let mut backend = B::new();
    let meta = ImageMeta::default().with_size(7, 5).expect("a size");
    for name in ["nothing", "cam-01/0/1", "cam-99/0/1"] {
        refused(backend.sources().open(&backend.id(name), &meta));
    }
    // An identifier of no shape at all, and one of another source's.
    for id in ["nobody:1", ""] {
        if backend.sources().of(id).is_none() {
            assert!(refused(backend.sources().open(id, &meta)).contains("no source"));
        }
    }
    if let Some(id) = backend.put_bytes("empty", b"") {
        refused(backend.sources().open(&id, &meta));
    }
    if let Some(id) = backend.put_bytes("text", b"This is not a picture.") {
        refused(backend.sources().open(&id, &meta));
    }
}

pub fn another_size_than_was_said_is_refused<B: Backend>() {
    let mut backend = B::new();
    let picture = Picture::new(40, 30, 1);
    for form in B::FORMS.iter().copied() {
        let id = backend.put("picture", form, &picture);
        let (width, height) = picture.size(form);
        for size in [
            (width + 1, height),
            (width, height + 1),
            (width * 2, height * 2),
            (height, width),
        ] {
            // Raw pixels cannot tell which way they lie, so that this would be a picture.
            let turned = size == (height, width) && matches!(form, Form::Gray | Form::Rgb | Form::Bgr);
            let opened = backend.sources().open(&id, &meta(form, size));
            if turned && opened.is_ok() {
                continue;
            }
            refused(opened);
        }
    }
}

pub fn an_identifier_names_what_was_written_last<B: Backend>() {
    let mut backend = B::new();
    let form = B::FORMS[0];
    let meta = meta(form, (7, 5));
    let mut last: Option<(Frame, Vec<u8>)> = None;
    for seed in 0..10 {
        let picture = Picture::new(7, 5, seed);
        let id = backend.put("again", form, &picture);
        let frame = backend.sources().open(&id, &meta).expect("it was just written");
        let expected = picture.expected(form, PixelFormat::RGB8);
        assert_eq!(pixels(&frame, PixelFormat::RGB8), expected);
        if let Some((frame, expected)) = last.replace((frame, expected)) {
            assert_eq!(
                pixels(&frame, PixelFormat::RGB8),
                expected,
                "a picture that is held has changed"
            );
        }
    }
}

pub fn what_was_cut_is_never_judged_as_if_whole<B: Backend>() {
    let mut backend = B::new();
    let picture = Picture::new(40, 30, 2);
    for form in B::FORMS.iter().copied() {
        let whole = backend.bytes(form, &picture);
        let expected = match form {
            Form::Mosaic => continue,
            form => picture.expected(form, PixelFormat::RGB8),
        };
        let lengths = (0..whole.len())
            .step_by(whole.len() / 61 + 1)
            .chain(whole.len() - 20..whole.len());
        for length in lengths {
            let Some(id) = backend.put_bytes("cut", &whole[..length]) else {
                return;
            };
            match backend.sources().open(&id, &meta(form, picture.size(form))) {
                // As many bytes as the picture would have in gray: length is all that tells raw pixels apart.
                Ok(_) if matches!(form, Form::Rgb | Form::Bgr) && length == whole.len() / 3 => {}
                // Only what follows the pixels was cut, such as the end of a PNG file.
                Ok(frame) if form.is_encoded() => assert!(pixels(&frame, PixelFormat::RGB8) == expected, "{form:?}"),
                opened => _ = refused(opened),
            }
        }
    }
}

pub fn damage_is_found_or_does_not_matter<B: Backend>() {
    let mut backend = B::new();
    let picture = Picture::new(11, 4, 3);
    for form in B::FORMS.iter().copied().filter(|form| form.is_encoded()) {
        let whole = backend.bytes(form, &picture);
        let expected = picture.expected(form, PixelFormat::RGB8);
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x55;
            let Some(id) = backend.put_bytes("damaged", &bytes) else {
                return;
            };
            match backend.sources().open(&id, &meta(form, picture.size(form))) {
                // JPEG has no checksums: other pixels, but never another size.
                Ok(frame) if form == Form::Jpeg => assert_eq!((frame.width(), frame.height()), (48, 32)),
                Ok(frame) => assert!(pixels(&frame, PixelFormat::RGB8) == expected, "{form:?} byte {place}"),
                opened => _ = refused(opened),
            }
        }
    }
    // What says of itself that it is huge.
    let mut bomb = picture.bytes(Form::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    if let Some(id) = backend.put_bytes("bomb", &bomb) {
        refused(backend.sources().open(&id, &ImageMeta::default()));
    }
}

pub fn no_name_leads_out<B: Backend>() {
    let backend = B::new();
    let meta = ImageMeta::default().with_size(9, 4).expect("a size");
    let outside = tempfile::tempdir().expect("a temporary folder can be made");
    let secret = outside.path().join("secret.png");
    std::fs::write(&secret, Picture::new(9, 4, 4).bytes(Form::Png)).expect("it can be written");
    let absolute = secret.to_str().expect("a plain path");
    let up = format!("{}{absolute}", "../".repeat(12));
    let long = "a".repeat(300);
    let names = [
        absolute,
        &up,
        "..",
        ".",
        "../..",
        "./x",
        "a/b",
        "a//b",
        "/",
        "//",
        "nul\0inside",
        "\0",
        "line\nbreak",
        "\u{1b}[2J",
        "\u{202e}gnp.x",
        "缺陷",
        "%2e%2e%2f",
        "a b",
        &long,
    ];
    for name in names {
        // As a part of an identifier of this source, and alone.
        for id in [backend.id(name), name.to_owned()] {
            let named_by_a_person = id.starts_with("file:");
            if !(named_by_a_person && id.ends_with("secret.png")) {
                refused(backend.sources().open(&id, &meta));
            }
        }
    }
}

pub fn time_and_camera_are_those_that_were_said<B: Backend>() {
    let mut backend = B::new();
    let form = B::FORMS[0];
    let id = backend.put("stamped", form, &Picture::new(7, 5, 0));
    let meta = meta(form, (7, 5)).with_timestamp_ms(1_700_000_000_123);
    let meta = meta.with_camera_id("cam-07").expect("a name");
    let frame = backend.sources().open(&id, &meta).expect("it was just written");
    assert_eq!((frame.timestamp_ms(), frame.camera_id()), (1_700_000_000_123, "cam-07"));
}
