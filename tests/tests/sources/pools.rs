//! What only frame pools have: leases, and references that are stale or forged.

use super::backend::{Backend, Pools, meta};
use super::checks::{pixels, refused};
use super::picture::{Form, Picture};
use procvision_host::frame::PixelFormat;
use procvision_host::source::ImageMeta;

#[test]
fn a_reference_names_one_picture_and_no_other() {
    let mut backend = Pools::new();
    let picture = Picture::new(7, 5, 1);
    let said = meta(Form::Gray, (7, 5));
    let id = backend.put("", Form::Gray, &picture);
    let held = backend.sources().open(&id, &said).unwrap();
    // Every other slot is written several times; the one that is leased is not.
    let mut others: Vec<String> = (2..14)
        .map(|seed| backend.put("", Form::Gray, &Picture::new(7, 5, seed)))
        .collect();
    assert_eq!(
        pixels(&held, PixelFormat::RGB8),
        picture.expected(Form::Gray, PixelFormat::RGB8)
    );
    assert!(
        backend.sources().open(&others.remove(0), &said).is_err(),
        "it was overwritten"
    );
    drop(held);
    let (start, generation) = id.rsplit_once('/').unwrap();
    let next = generation.parse::<u64>().unwrap() + 1;
    for forged in [
        format!("{start}/{next}"),
        format!("{start}/0"),
        format!("{id}0"),
        format!("{id}/1"),
        id.replace("cam-01", "cam-02"),
        id.replace("cam-01/", "cam-01/9"),
        "pool:".to_owned(),
        "pool:cam-01/-1/1".to_owned(),
        "pool:cam-01/1/99999999999999999999999".to_owned(),
    ] {
        refused(backend.sources().open(&forged, &said));
    }
}

#[test]
fn a_pool_knows_the_size_itself() {
    let mut backend = Pools::new();
    let id = backend.put("", Form::Padded, &Picture::new(40, 30, 1));
    let frame = backend.sources().open(&id, &ImageMeta::default()).unwrap();
    assert_eq!((frame.width(), frame.height()), (40, 30));
}
