//! What happens if there is no picture.

use super::backend::{Backend, meta};
use super::checks::{pixels, refused};
use super::picture::Picture;
use procvision_host::frame::PixelFormat;
use procvision_host::policy::PicturePolicy;
use procvision_host::source::ImageMeta;

pub fn a_black_picture_only_if_the_policy_says_so<B: Backend>() {
    let mut backend = B::new();
    let form = B::FORMS[0];
    let said = meta(form, (64, 48)).with_camera_id("cam-01").expect("a name");
    let mut missing = vec![backend.id("nothing"), "nobody/at/all".to_owned()];
    missing.extend(backend.put_bytes("text", b"This is not a picture."));
    // A reference to a picture that is not there is stale or forged, which is never made up for.
    let (references, missing): (Vec<_>, Vec<_>) = missing.into_iter().partition(|id| id.starts_with("pool:"));
    for id in references {
        refused(backend.sources().picture(&id, &said, PicturePolicy::ZeroFill));
    }
    for id in missing {
        refused(backend.sources().picture(&id, &said, PicturePolicy::Strict));
        let black = backend.sources().picture(&id, &said, PicturePolicy::ZeroFill);
        let black = black.expect("the size is known");
        assert!(black.stand_in_reason().is_some_and(|reason| !reason.is_empty()));
        assert_eq!(
            (black.width(), black.height(), black.format()),
            (64, 48, PixelFormat::RGB8)
        );
        assert_eq!(black.camera_id(), "cam-01");
        assert!(pixels(&black, PixelFormat::RGB8).iter().all(|byte| *byte == 0));
        // Nobody knows how large it would be.
        let unknown = ImageMeta::default();
        refused(backend.sources().picture(&id, &unknown, PicturePolicy::ZeroFill));
    }
    // A real picture is never replaced, not even if it is another one than was said.
    let picture = Picture::new(64, 48, 9);
    let id = backend.put("there", form, &picture);
    let other = meta(form, (48, 64));
    let asked = backend.sources().picture(&id, &other, PicturePolicy::ZeroFill);
    assert!(asked.is_err() || asked.is_ok_and(|frame| frame.stand_in_reason().is_none()));
    let frame = backend
        .sources()
        .picture(&id, &said, PicturePolicy::ZeroFill)
        .expect("it is there");
    assert_eq!(frame.stand_in_reason(), None);
    assert_eq!(
        pixels(&frame, PixelFormat::RGB8),
        picture.expected(form, PixelFormat::RGB8)
    );
}

#[test]
fn policies_have_names_in_configurations() {
    for (policy, name) in [
        (PicturePolicy::Strict, "strict"),
        (PicturePolicy::ZeroFill, "zero-fill"),
    ] {
        assert_eq!(policy.as_str(), name);
        assert_eq!(serde_json::to_value(policy).unwrap(), name);
        assert_eq!(serde_json::from_value::<PicturePolicy>(name.into()).unwrap(), policy);
    }
    assert_eq!(PicturePolicy::default(), PicturePolicy::Strict);
}
