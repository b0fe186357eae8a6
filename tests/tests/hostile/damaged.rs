//! Files that are no component any more, or never were.

use crate::stage::{Stage, load};
use procvision_host::algorithm::LoadError;
use procvision_host::explain::Explain;
use procvision_host::package::PackageError;
use procvision_host::shape::{Shape, ShapeError};
use procvision_tests::guests::{Folder, lifted, rust_guest};
use std::path::PathBuf;
use wasmparser::BinaryReader;

/// A sequence that is the same on every run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Where the sections of a component end, the one it begins with included. Only those of the component itself, not those of
/// the modules inside it.
fn section_ends(component: &[u8]) -> Vec<usize> {
    const PREAMBLE: usize = 8;
    let mut reader = BinaryReader::new(&component[PREAMBLE..], PREAMBLE);
    let mut ends = vec![PREAMBLE];
    while !reader.eof() {
        let length = reader
            .read_u8()
            .and_then(|_kind| reader.read_var_u32())
            .expect("a section has a kind and a length");
        reader
            .read_bytes(length as usize)
            .expect("a section is as long as it says");
        ends.push(reader.original_position());
    }
    ends
}

#[test]
fn component_cut_after_every_kilobyte() {
    let whole = std::fs::read(rust_guest("rogue")).expect("it can be read");
    assert!(Shape::read(&whole).is_ok());
    let ends = section_ends(&whole);
    let mut cuts = 0;
    for length in (0..whole.len()).step_by(1_024) {
        if ends.contains(&length) {
            // What comes before the end of a section is a component of its own.
            continue;
        }
        let error = Shape::read(&whole[..length]).err();
        assert!(
            matches!(error, Some(ShapeError::Invalid(_) | ShapeError::NotWasm)),
            "{length}: {error:?}"
        );
        cuts += 1;
    }
    assert!(cuts > 100);
    Stage::fuel().goes_on();
}

#[test]
fn component_cut_after_every_byte() {
    let whole = lifted("base");
    let mut loaded = 0;
    for length in 0..whole.len() {
        let folder = Folder::with_bytes("lifted", "1.0.0", &whole[..length]);
        match load(&Stage::fuel().host, &folder) {
            Err(LoadError::Shape(error)) => assert!(!error.code().is_empty()),
            Err(other) => panic!("{length}: {other:?}"),
            // What follows the last export is only names.
            Ok(_) => loaded += 1,
        }
    }
    assert!(loaded <= 4, "{loaded} cuts were not noticed");
    Stage::fuel().goes_on();
}

#[test]
fn random_bytes() {
    let mut random = Random(1);
    for round in 0..200 {
        let mut bytes: Vec<u8> = (0..random.below(4_096)).map(|_| random.next() as u8).collect();
        if round % 2 == 0 {
            // Half of them begin like a component.
            bytes.splice(0..0, [0, b'a', b's', b'm', 0x0d, 0, 1, 0]);
        }
        let folder = Folder::with_bytes("lifted", "1.0.0", &bytes);
        let error = load(&Stage::fuel().host, &folder).err().expect("it must not load");
        assert!(matches!(error, LoadError::Shape(_)), "{round}: {error:?}");
    }
    Stage::fuel().goes_on();
}

/// A component with a few wrong bytes may even work; it must never do more than that.
#[test]
fn flipped_bytes() {
    let whole = lifted("base");
    let mut random = Random(2);
    let (mut refused, mut loaded) = (0, 0);
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        }
        let folder = Folder::with_bytes("lifted", "1.0.0", &bytes);
        match load(&Stage::fuel().host, &folder) {
            Err(_) => refused += 1,
            Ok(mut algorithm) => {
                loaded += 1;
                let mut session = crate::stage::new_session("flipped");
                let report = algorithm.execute(&mut session, &crate::stage::call());
                assert!(matches!(report.outcome.as_str(), "ok" | "ng" | "failed"));
            }
        }
    }
    assert!(refused > 100 && loaded > 0, "{refused} refused, {loaded} loaded");
    Stage::fuel().goes_on();
}

#[test]
fn file_of_200_megabytes_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path: PathBuf = folder.path().join("huge.wasm");
    let file = std::fs::File::create(&path).expect("it can be made");
    file.set_len(200 << 20).expect("it can be sparse");
    let package = Folder::with_file("lifted", "1.0.0", path);
    let error = package
        .open(&Stage::fuel().host.config().ceiling)
        .expect_err("it must be refused");
    assert!(
        matches!(error, PackageError::ComponentTooLarge { actual, limit, .. } if actual == 200 << 20 && limit == 64 << 20),
        "{error:?}"
    );
    assert!(error.to_string().contains("`component_bytes`"), "{error}");
    Stage::fuel().goes_on();
}
