//! What only the older stores have: how platforms write, and arrays that are no pictures.

use super::backend::{Arrays, Backend, BinFiles, FileBackend, Objects, meta};
use super::checks::{pixels, refused};
use super::picture::{Form, Picture, npy, npy_with};
use procvision_host::frame::PixelFormat;
use procvision_host::source::{ColorSpace, DevStore, ImageMeta, PosixObjects, Sources};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

#[test]
fn an_array_is_taken_before_a_file() {
    let (array, file) = (Picture::new(8, 6, 1), Picture::new(8, 6, 2));
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources::none().with(DevStore::new(folder.path()));
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("dev-shm_s-1_guide.bin", file.bytes(Form::Png));
    let id = "dev-shm:s-1:guide";
    let open = || pixels(&sources.open(id, &ImageMeta::default()).unwrap(), PixelFormat::RGB8);
    assert_eq!(open(), file.expected(Form::Png, PixelFormat::RGB8));
    write("dev-shm_s-1_guide.npy", npy("(6, 8, 3)", &array.raw(Form::Rgb)));
    assert_eq!(open(), array.expected(Form::Rgb, PixelFormat::RGB8));
    // Even if it cannot be used: which picture is judged must not depend on damage.
    write("dev-shm_s-1_guide.npy", b"\x93NUMPY".to_vec());
    refused(sources.open(id, &ImageMeta::default()));
}

#[test]
fn arrays_that_are_no_pictures_are_refused() {
    let mut backend = Arrays::new();
    let picture = [7; 24];
    let dictionary = |descr: &str, order: &str, shape: &str| {
        format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")
    };
    for (dictionary, said) in [
        (dictionary("'<u2'", "False", "(3, 4)"), "unsigned bytes"),
        (dictionary("'|O'", "False", "(3, 4)"), "unsigned bytes"),
        (dictionary("'|u1'", "True", "(4, 6)"), "Fortran"),
        (dictionary("'|u1'", "False", "(24,)"), "shape"),
        (dictionary("'|u1'", "False", "(3, 4, 2)"), "shape"),
        (dictionary("'|u1'", "False", "(3, 2, 4)"), "shape"),
        (dictionary("'|u1'", "False", "(0, 4, 3)"), "no pixels"),
        // More and less than there is.
        (dictionary("'|u1'", "False", "(4, 7)"), "24"),
        (dictionary("'|u1'", "False", "(4, 5)"), "24"),
        (dictionary("'|u1'", "False", "(4000000000, 4000000000, 3)"), "larger"),
        (
            dictionary("'|u1'", "False", "(18446744073709551615, 18446744073709551615)"),
            "larger",
        ),
        (dictionary("'|u1'", "False", "(18446744073709551616, 1)"), "shape"),
        (format!("{}{}", "[".repeat(4_000), "]".repeat(4_000)), "damaged"),
        ("__import__('os').system('true')".to_owned(), "damaged"),
    ] {
        let id = backend.put_bytes("array", &npy_with(&dictionary, &picture)).unwrap();
        let sentence = refused(backend.sources().open(&id, &ImageMeta::default()));
        assert!(sentence.contains(said), "{dictionary:.80}: {sentence}");
    }
}

#[test]
fn the_store_itself_must_be_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let meta = ImageMeta::default();
    std::fs::write(folder.path().join("file"), b"").unwrap();
    std::fs::create_dir(folder.path().join("real")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("real"), folder.path().join("link")).unwrap();
    for name in ["file", "link", "nowhere"] {
        let sources = Sources::none().with(DevStore::new(folder.path().join(name)));
        let sentence = refused(sources.open("dev-shm:s-1", &meta));
        assert!(sentence.contains("the folder") && sentence.contains(name), "{sentence}");
    }
}

#[test]
fn an_object_may_be_larger_than_what_it_holds() {
    let mut backend = Objects::new();
    let picture = Picture::new(100, 90, 1);
    // Up to a page of the kernel's for pixels; pictures that know their own end may lie in anything.
    let mut raw = picture.raw(Form::Rgb);
    raw.resize(28_672, 0xee);
    let id = backend.put_bytes("rounded", &raw).unwrap();
    let frame = backend.sources().open(&id, &meta(Form::Rgb, (100, 90))).unwrap();
    assert_eq!(
        pixels(&frame, PixelFormat::RGB8),
        picture.expected(Form::Rgb, PixelFormat::RGB8)
    );
    for form in [Form::Png, Form::Jpeg] {
        let mut bytes = picture.bytes(form);
        bytes.resize(1 << 20, 0);
        let id = backend.put_bytes("encoded", &bytes).unwrap();
        let frame = backend.sources().open(&id, &ImageMeta::default()).unwrap();
        assert_eq!(
            pixels(&frame, PixelFormat::RGB8),
            picture.expected(form, PixelFormat::RGB8)
        );
    }
    // Raw pixels of a size that nobody said are no picture.
    let sentence = refused(backend.sources().open(&backend.id("rounded"), &ImageMeta::default()));
    assert!(sentence.contains("width and height"), "{sentence}");
}

#[test]
fn a_damaged_picture_file_is_never_taken_for_pixels() {
    let mut backend = Objects::new();
    let mut bytes = Picture::new(40, 30, 1).bytes(Form::Png);
    bytes[60] ^= 1;
    bytes.resize(40 * 30 * 3, 0);
    let id = backend.put_bytes("damaged", &bytes).unwrap();
    refused(backend.sources().open(&id, &meta(Form::Rgb, (40, 30))));
}

#[test]
fn pythons_shared_memory_is_read() {
    let script = "
import sys
from multiprocessing import shared_memory
memory = shared_memory.SharedMemory(create=True, size=100 * 90 * 3)
memory.buf[:] = bytes(sys.stdin.buffer.read(100 * 90 * 3))
print(memory.name, flush=True)
sys.stdin.buffer.read()
memory.close()
memory.unlink()
";
    let child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.expect("python3 is installed");
    let picture = Picture::new(100, 90, 3);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&picture.raw(Form::Bgr)).unwrap();
    stdin.flush().unwrap();
    let mut name = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut name)
        .unwrap();
    let (name, sources) = (name.trim(), Sources::none().with(PosixObjects::new()));
    let said = ImageMeta::default()
        .with_size(100, 90)
        .unwrap()
        .with_color_space(ColorSpace::BGR);
    let frame = sources.open(name, &said).unwrap();
    assert_eq!(
        pixels(&frame, PixelFormat::RGB8),
        picture.expected(Form::Bgr, PixelFormat::RGB8)
    );
    drop(stdin);
    assert!(child.wait().unwrap().success());
    refused(sources.open(name, &said));
}

#[test]
fn identifiers_of_other_sources_are_not_names_of_objects() {
    let sources = Sources::none().with(PosixObjects::new());
    for id in ["pool:cam-01/0/1", "dev-shm:s-1", "file:/etc/passwd", "upload:1"] {
        assert!(sources.of(id).is_none(), "{id}");
        refused(sources.open(id, &ImageMeta::default()));
    }
    // A peer of a station names no files.
    assert!(Sources::of_station().of("file:/etc/passwd").is_none());
    assert_eq!(Sources::of_station().of("dev-shm:s-1").unwrap().kind(), "dev-store");
    assert_eq!(Sources::of_station().of("psm_1234").unwrap().kind(), "posix");
}

#[test]
fn opening_leaves_nothing_open() {
    let (mut objects, mut arrays, mut files) = (Objects::new(), Arrays::new(), BinFiles::new());
    let picture = Picture::new(7, 5, 1);
    let meta = meta(Form::Gray, (7, 5));
    let opened = [objects.put("a", Form::Gray, &picture), objects.id("none")];
    let stored = [arrays.put("a", Form::Gray, &picture), arrays.id("none")];
    let encoded = [files.put("a", Form::GrayPng, &picture), files.id("none")];
    std::fs::write(objects.path("damaged"), b"?").unwrap();
    for _ in 0..500 {
        let results = opened.iter().map(|id| objects.sources().open(id, &meta));
        let results = results.chain(stored.iter().map(|id| arrays.sources().open(id, &meta)));
        let results = results.chain(encoded.iter().map(|id| files.sources().open(id, &meta)));
        assert_eq!(results.filter(Result::is_ok).count(), 3);
        refused(objects.sources().open(&objects.id("damaged"), &meta));
    }
    // Other tests of this process open files of their own.
    let mine: Vec<_> = [
        objects.path("a"),
        objects.path("damaged"),
        arrays.path("a"),
        files.path("a"),
    ]
    .into();
    let folders = mine[2..].iter().filter_map(|path| path.parent());
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    for target in open.filter_map(|descriptor| std::fs::read_link(descriptor.path()).ok()) {
        assert!(!mine.contains(&target), "{target:?}");
        assert!(folders.clone().all(|folder| folder != target), "{target:?}");
    }
}
