//! Frames and pixels: formats, regions, references, and reading in pieces.

use procvision_guest::prelude::*;
use procvision_guest::testing::{Image, Station};
use procvision_guest::{FailureCode, FrameError, Origin, PixelFormat, Pixels, View};

/// Runs the test's own code as `execute`, with the pictures of the request.
macro_rules! with_frames {
    ($primary:expr, [$($name:literal => $reference:expr),*], $work:expr) => {{
        #[derive(Default)]
        struct Look;
        impl Algorithm for Look {
            fn info() -> Info {
                Info::new("look", "1.0.0").pids(["A01"]).step(Step::new(1, "look"))
            }
            fn execute(&mut self, call: &Call, _: &Session) -> Result<Verdict, Failure> {
                let work: fn(&Call) -> Result<(), Failure> = $work;
                work(call).map(|()| Verdict::ok())
            }
        }
        let station = Station::<Look>::new();
        let mut inspection = station.inspection("A01");
        let request = inspection.step(1).image($primary);
        $(let request = request.reference($name, $reference);)*
        request.execute()
    }};
}

#[test]
fn a_colour_picture_is_read_in_colour_and_gray() {
    let picture = Image::rgb(2, 1, vec![255, 0, 0, 10, 20, 30])
        .camera_id("top")
        .timestamp_ms(1_700_000_000_000);
    let run = with_frames!(picture, [], |call| {
        let frame = call.frame();
        assert_eq!(
            (frame.width(), frame.height(), frame.format()),
            (2, 1, PixelFormat::Rgb8)
        );
        assert_eq!(
            (frame.camera_id(), frame.timestamp_ms(), frame.name()),
            (Some("top"), Some(1_700_000_000_000), "")
        );
        assert_eq!(frame.rgb()?.as_bytes(), [255, 0, 0, 10, 20, 30]);
        // 0.299 * 255 = 76.2; 0.299 * 10 + 0.587 * 20 + 0.114 * 30 = 18.15
        assert_eq!(frame.gray()?.as_bytes(), [76, 18]);
        assert_eq!(frame.gray()?.origin(), Origin::Copied);
        Ok(())
    });
    assert!(run.verdict().is_ok());
}

#[test]
fn a_large_picture_in_its_own_format_is_mapped_and_everything_else_is_copied() {
    let run = with_frames!(
        Image::from_fn(300, 300, |x, y| [x as u8, y as u8, 9]),
        ["gray" => Image::from_fn(300, 300, |x, y| [(x + y) as u8])],
        |call| {
            let (frame, gray) = (call.frame(), call.require_reference("gray")?);
            assert_eq!((frame.rgb()?.origin(), gray.gray()?.origin()), (Origin::Mapped, Origin::Mapped));
            assert_eq!((frame.gray()?.origin(), gray.rgb()?.origin()), (Origin::Copied, Origin::Copied));
            assert_eq!(frame.rgb_region(Rect::new(0, 0, 300, 299))?.origin(), Origin::Copied);
            assert_eq!(frame.rgb()?.clone().origin(), Origin::Copied);
            // What is written to mapped pixels is gone with them.
            let mut pixels = frame.rgb()?;
            pixels.as_bytes_mut().fill(77);
            assert_eq!(pixels.get(200, 100), [77; 3]);
            drop(pixels);
            assert_eq!(frame.rgb()?.get(200, 100), [200, 100, 9]);
            assert_eq!(frame.rgb()?.into_vec().len(), 300 * 300 * 3);
            Ok(())
        }
    );
    assert!(run.verdict().is_ok());
}

#[derive(Default)]
struct Hoarder {
    kept: Option<Gray>,
    copy: Option<Gray>,
}

impl Algorithm for Hoarder {
    fn info() -> Info {
        Info::new("hoarder", "1.0.0").pids(["A01"]).step(Step::new(1, "look"))
    }

    fn execute(&mut self, call: &Call, _: &Session) -> Result<Verdict, Failure> {
        let mut verdict = Verdict::ok();
        if let Some(copy) = &self.copy {
            verdict = verdict.message(copy.get(3, 4)[0].to_string());
            assert!(self.kept.as_ref().is_some_and(|kept| kept.as_bytes().is_empty()));
        }
        let pixels = call.frame().gray()?;
        self.copy = Some(pixels.clone());
        self.kept = Some(pixels);
        Ok(verdict)
    }
}

#[test]
#[should_panic(expected = "these pixels were mapped for a call that has ended; keep a clone of them instead")]
fn mapped_pixels_that_were_kept_are_a_bug_that_a_test_finds() {
    let station = Station::<Hoarder>::new();
    for _ in 0..2 {
        let picture = Image::from_fn(300, 300, |x, y| [(x * y) as u8]);
        let run = station.inspection("A01").step(1).image(picture).execute();
        assert!(run.verdict().is_ok());
    }
}

#[test]
fn white_stays_white_in_gray() {
    let run = with_frames!(Image::rgb(1, 1, vec![255; 3]), [], |call| {
        assert_eq!(call.frame().gray()?.as_bytes(), [255]);
        Ok(())
    });
    assert!(run.verdict().is_ok());
}

#[test]
fn blue_first_is_reordered() {
    let run = with_frames!(Image::bgr(1, 1, vec![1, 2, 3]), [], |call| {
        assert_eq!(call.frame().format(), PixelFormat::Bgr8);
        assert_eq!(call.frame().rgb()?.as_bytes(), [3, 2, 1]);
        Ok(())
    });
    assert!(run.verdict().is_ok());
}

#[test]
fn gray_is_expanded_to_equal_channels() {
    let run = with_frames!(Image::gray(2, 1, vec![5, 6]), [], |call| {
        let frame = call.frame();
        assert_eq!((frame.camera_id(), frame.timestamp_ms()), (None, None));
        assert_eq!(frame.rgb()?.as_bytes(), [5, 5, 5, 6, 6, 6]);
        Ok(())
    });
    assert!(run.verdict().is_ok());
}

#[test]
fn regions_have_their_own_origin() {
    let run = with_frames!(Image::from_fn(9, 7, |x, y| [(10 * y + x) as u8]), [], |call| {
        let region = call.frame().gray_region(Rect::new(6, 5, 3, 2))?;
        assert_eq!((region.width(), region.height(), region.stride()), (3, 2, 3));
        assert_eq!(region.rows().collect::<Vec<_>>(), [[56, 57, 58], [66, 67, 68]]);
        assert_eq!(call.frame().rgb_region(Rect::new(8, 6, 1, 1))?.get(0, 0), [68; 3]);
        Ok(())
    });
    assert!(run.verdict().is_ok());
}

#[test]
fn a_region_outside_is_an_error_and_as_a_failure_1007() {
    let run = with_frames!(Image::from_fn(9, 7, |_, _| [0]), [], |call| {
        for area in [
            Rect::new(0, 0, 10, 7),
            Rect::new(9, 0, 1, 1),
            Rect::new(0, 0, 0, 3),
            Rect::new(u32::MAX, 0, 2, 1),
        ] {
            let error = call.frame().gray_region(area).unwrap_err();
            assert_eq!(
                error,
                FrameError::OutsidePicture {
                    area,
                    width: 9,
                    height: 7
                }
            );
        }
        call.frame().rgb_region(Rect::new(8, 6, 2, 2))?;
        Ok(())
    });
    assert_eq!(run.failure().code(), FailureCode::CoordinateInvalid);
    assert_eq!(
        run.failure().message(),
        "the area 2 x 2 at (8, 6) does not lie inside the picture of 9 x 7 pixels"
    );
}

#[test]
fn a_picture_larger_than_one_answer_is_read_in_pieces() {
    let run = with_frames!(Image::from_fn(5000, 4000, |x, y| [(x ^ y) as u8]), [], |call| {
        let gray = call.frame().gray()?;
        assert_eq!((gray.width(), gray.height()), (5000, 4000));
        for (x, y) in [
            (0, 0),
            (4999, 0),
            (1234, 3354),
            (1234, 3355),
            (1234, 3356),
            (4999, 3999),
        ] {
            assert_eq!(gray.get(x, y), [(x ^ y) as u8]);
        }
        Ok(())
    });
    assert!(run.verdict().is_ok());
}

#[test]
fn references_are_found_by_name() {
    let (primary, good) = (Image::gray(1, 1, vec![1]), Image::gray(1, 1, vec![2]));
    let run = with_frames!(primary, ["good" => good, "mask" => Image::gray(1, 1, vec![3])], |call| {
        assert_eq!(call.frame().gray()?.as_bytes(), [1]);
        assert_eq!(call.require_reference("good")?.gray()?.as_bytes(), [2]);
        assert_eq!(call.reference("mask").unwrap().gray()?.as_bytes(), [3]);
        assert_eq!(call.references().iter().map(Frame::name).collect::<Vec<_>>(), ["good", "mask"]);
        assert!(call.reference("").is_none());
        call.require_reference("bad").map(drop)
    });
    assert_eq!(run.failure().code(), FailureCode::ImageLoadFailed);
    assert!(run.failure().message().contains("`bad`"));
}

#[test]
fn picture_files_are_decoded() {
    // The smallest useful PNG, a single gray pixel, made by hand.
    const PNG: &[u8] = &[
        0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0,
        0, 0, 0x3A, 0x7E, 0x9B, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9C, 0x63, 0x68, 0, 0, 0, 0x82, 0,
        0x81, 0x77, 0xCD, 0x72, 0xB6, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82,
    ];
    let picture = Image::decode(PNG).unwrap();
    assert_eq!(
        (picture.width(), picture.height(), picture.format()),
        (1, 1, PixelFormat::Mono8)
    );
    assert!(
        Image::decode(b"not a picture")
            .unwrap_err()
            .to_string()
            .contains("not a PNG or JPEG picture")
    );
    assert!(
        Image::open("no/such/file.png")
            .unwrap_err()
            .to_string()
            .starts_with("no/such/file.png cannot be read")
    );
}

#[test]
#[should_panic(expected = "5 bytes are not a picture of 2 x 1 pixels, 3 bytes each")]
fn an_image_of_the_wrong_length_cannot_be_made() {
    let _ = Image::rgb(2, 1, vec![0; 5]);
}

#[test]
fn pixels_need_exactly_their_bytes() {
    assert!(Gray::from_vec(vec![0; 6], 3, 2).is_some());
    assert!(Gray::from_vec(vec![0; 7], 3, 2).is_none());
    assert!(Rgb::from_vec(vec![0; 6], 3, 2).is_none());
    assert!(Gray::from_vec(vec![], 0, 2).is_none());
    assert!(Pixels::<3>::from_vec(vec![0; 4], u32::MAX, u32::MAX).is_none());
}

#[test]
fn views_see_rows_without_padding() {
    let bytes: Vec<u8> = (0..20).collect();
    let view = View::<1>::new(&bytes, 3, 4, 5).unwrap();
    assert_eq!(
        view.rows().collect::<Vec<_>>(),
        [[0, 1, 2], [5, 6, 7], [10, 11, 12], [15, 16, 17]]
    );
    assert_eq!(view.rows().next_back(), Some(&[15, 16, 17][..]));
    assert!(view.as_contiguous().is_none());
    assert_eq!(view.to_pixels().view().as_contiguous().unwrap().len(), 12);
    assert_eq!(view.to_pixels().view(), view);

    let part = view.region(Rect::new(1, 2, 2, 2)).unwrap();
    assert_eq!(part.rows().collect::<Vec<_>>(), [[11, 12], [16, 17]]);
    assert_eq!(part.region(Rect::new(1, 1, 1, 1)).unwrap().get(0, 0), [17]);
    assert!(view.region(Rect::new(1, 0, 3, 1)).is_none());
}

#[test]
fn views_refuse_what_does_not_fit() {
    assert!(View::<1>::new(&[0; 17], 3, 4, 5).is_none());
    assert!(View::<1>::new(&[0; 18], 3, 4, 5).is_some());
    assert!(View::<1>::new(&[0; 20], 6, 1, 5).is_none());
    assert!(View::<3>::new(&[0; 8], 3, 1, 9).is_none());
    assert!(View::<1>::new(&[0; 8], 1, u32::MAX, usize::MAX).is_none());
}

#[test]
#[should_panic(expected = "(3, 0) lies outside a picture of 3 x 2 pixels")]
fn a_pixel_outside_panics_instead_of_reading_the_next_row() {
    Gray::filled(3, 2, [0]).get(3, 0);
}
