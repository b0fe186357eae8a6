//! Each source with a way to put pictures into it, as platforms and cameras do.

use super::picture::{Form, Picture, npy};
use procvision_host::frame::PixelFormat;
use procvision_host::pool::broker::{Broker, BrokerConfig};
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::producer::{Camera, Producer};
use procvision_host::source::{
    ColorSpace, DevStore, ImageMeta, PictureFiles, PoolFrames, PosixObjects, Sources, Uploads,
};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// A source, and a way into it. Whatever cannot be put there stops the test; what cannot be opened is what is tested.
pub trait Backend {
    /// The forms in which it holds pictures.
    const FORMS: &'static [Form];

    /// An empty one.
    fn new() -> Self;

    /// The source alone.
    fn sources(&self) -> &Sources;

    /// Puts a picture there, in place of what was under the name before, and gives its identifier.
    fn put(&mut self, name: &str, form: Form, picture: &Picture) -> String;

    /// The identifier that `put` would give for this name, whatever the name is.
    fn id(&self, name: &str) -> String;

    /// Puts bytes there as they are; nothing where a source has no place for bytes.
    fn put_bytes(&mut self, name: &str, bytes: &[u8]) -> Option<String>;

    /// What would be put there as bytes.
    fn bytes(&self, form: Form, picture: &Picture) -> Vec<u8> {
        picture.bytes(form)
    }
}

/// A source whose pictures are files.
pub trait FileBackend: Backend {
    /// Whether links are followed.
    const FOLLOWS_LINKS: bool = false;

    /// The file that is read for the identifier of this name.
    fn path(&self, name: &str) -> PathBuf;
}

/// What a platform says about a picture in this form.
pub fn meta(form: Form, (width, height): (u32, u32)) -> ImageMeta {
    let meta = ImageMeta::default()
        .with_size(width.into(), height.into())
        .expect("a size");
    match form {
        Form::Bgr => meta.with_color_space(ColorSpace::BGR),
        _ => meta,
    }
}

/// A number that no other test has.
fn unique() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn write(path: PathBuf, bytes: &[u8]) {
    std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("cannot create {}: {error}", path.display()));
}

/// POSIX shared-memory objects.
pub struct Objects {
    sources: Sources,
    prefix: String,
}

impl Backend for Objects {
    const FORMS: &'static [Form] = &[Form::Gray, Form::Rgb, Form::Bgr, Form::Png, Form::GrayPng, Form::Jpeg];

    fn new() -> Self {
        Self {
            sources: Sources::none().with(PosixObjects::new()),
            prefix: format!("procvision-test-{}-{}-", std::process::id(), unique()),
        }
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn put(&mut self, name: &str, form: Form, picture: &Picture) -> String {
        write(self.path(name), &picture.bytes(form));
        self.id(name)
    }

    fn id(&self, name: &str) -> String {
        // With the slash that `shm_open` wants, or as the folder has it.
        let slash = if name.len().is_multiple_of(2) { "/" } else { "" };
        format!("{slash}{}{name}", self.prefix)
    }

    fn put_bytes(&mut self, name: &str, bytes: &[u8]) -> Option<String> {
        write(self.path(name), bytes);
        Some(self.id(name))
    }
}

impl FileBackend for Objects {
    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/dev/shm").join(format!("{}{name}", self.prefix))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        let objects = std::fs::read_dir("/dev/shm").into_iter().flatten().flatten();
        for object in objects {
            if object.file_name().to_string_lossy().starts_with(&self.prefix) {
                // A folder, if it is no file.
                let _ = std::fs::remove_file(object.path()).or_else(|_| std::fs::remove_dir(object.path()));
            }
        }
    }
}

/// Arrays in the development store.
pub struct Arrays {
    folder: TempDir,
    sources: Sources,
}

impl Backend for Arrays {
    const FORMS: &'static [Form] = &[Form::Gray, Form::GrayPlane, Form::Rgb, Form::Bgr];

    fn new() -> Self {
        let folder = folder();
        let sources = Sources::none().with(DevStore::new(folder.path()));
        Self { folder, sources }
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn put(&mut self, name: &str, form: Form, picture: &Picture) -> String {
        write(self.path(name), &self.bytes(form, picture));
        self.id(name)
    }

    fn id(&self, name: &str) -> String {
        format!("dev-shm:{name}:cur")
    }

    fn put_bytes(&mut self, name: &str, bytes: &[u8]) -> Option<String> {
        write(self.path(name), bytes);
        Some(self.id(name))
    }

    fn bytes(&self, form: Form, picture: &Picture) -> Vec<u8> {
        let (width, height) = (picture.width, picture.height);
        let shape = match form {
            Form::Gray => format!("({height}, {width})"),
            Form::GrayPlane => format!("({height}, {width}, 1)"),
            _ => format!("({height}, {width}, 3)"),
        };
        npy(&shape, &picture.raw(form))
    }
}

impl FileBackend for Arrays {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("dev-shm_{name}_cur.npy"))
    }
}

/// Picture files in the development store.
pub struct BinFiles(Arrays);

impl Backend for BinFiles {
    const FORMS: &'static [Form] = &[Form::Png, Form::GrayPng, Form::Jpeg];

    fn new() -> Self {
        Self(Arrays::new())
    }

    fn sources(&self) -> &Sources {
        self.0.sources()
    }

    fn put(&mut self, name: &str, form: Form, picture: &Picture) -> String {
        write(self.path(name), &picture.bytes(form));
        self.id(name)
    }

    fn id(&self, name: &str) -> String {
        format!("dev-shm:{name}")
    }

    fn put_bytes(&mut self, name: &str, bytes: &[u8]) -> Option<String> {
        write(self.path(name), bytes);
        Some(self.id(name))
    }
}

impl FileBackend for BinFiles {
    fn path(&self, name: &str) -> PathBuf {
        self.0.folder.path().join(format!("dev-shm_{name}.bin"))
    }
}

/// Files by path.
pub struct Paths {
    folder: TempDir,
    sources: Sources,
}

impl Backend for Paths {
    const FORMS: &'static [Form] = &[Form::Png, Form::GrayPng, Form::Jpeg];

    fn new() -> Self {
        Self {
            folder: folder(),
            sources: Sources::none().with(PictureFiles::new()),
        }
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn put(&mut self, name: &str, form: Form, picture: &Picture) -> String {
        write(self.path(name), &picture.bytes(form));
        self.id(name)
    }

    fn id(&self, name: &str) -> String {
        format!("file:{}", self.path(name).display())
    }

    fn put_bytes(&mut self, name: &str, bytes: &[u8]) -> Option<String> {
        write(self.path(name), bytes);
        Some(self.id(name))
    }
}

impl FileBackend for Paths {
    const FOLLOWS_LINKS: bool = true;

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Bytes that were handed over.
pub struct Uploaded {
    uploads: Uploads,
    sources: Sources,
}

impl Backend for Uploaded {
    const FORMS: &'static [Form] = &[Form::Gray, Form::Rgb, Form::Bgr, Form::Png, Form::GrayPng, Form::Jpeg];

    fn new() -> Self {
        let uploads = Uploads::new();
        let sources = Sources::none().with(uploads.clone());
        Self { uploads, sources }
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn put(&mut self, name: &str, form: Form, picture: &Picture) -> String {
        self.uploads.hold(name, picture.bytes(form))
    }

    fn id(&self, name: &str) -> String {
        format!("upload:{name}")
    }

    fn put_bytes(&mut self, name: &str, bytes: &[u8]) -> Option<String> {
        Some(self.uploads.hold(name, bytes.to_vec()))
    }
}

/// Frame pools, with one pool and one camera.
pub struct Pools {
    producer: Producer,
    sources: Sources,
    _broker: Broker,
    _folder: TempDir,
}

impl Backend for Pools {
    const FORMS: &'static [Form] = &[Form::Gray, Form::Rgb, Form::Bgr, Form::Mosaic, Form::Padded];

    fn new() -> Self {
        let folder = folder();
        let socket = folder.path().join("frames.sock");
        let broker = Broker::start(BrokerConfig::new(&socket)).expect("a broker can be started");
        let pool = "cam-01".parse().expect("a name");
        let producer = Producer::connect(&socket, pool, 4, 2 << 20).expect("a pool can be made");
        Self {
            producer,
            sources: Sources::none().with(PoolFrames::new(PoolClient::new(socket))),
            _broker: broker,
            _folder: folder,
        }
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn put(&mut self, _: &str, form: Form, picture: &Picture) -> String {
        let format = match form {
            Form::Gray => PixelFormat::Mono8,
            Form::Bgr => PixelFormat::BGR8,
            Form::Mosaic => PixelFormat::BayerRG8,
            _ => PixelFormat::RGB8,
        };
        let row = picture.width as usize * format.bytes_per_pixel();
        let stride = if form == Form::Padded { row + 13 } else { row };
        let rows = picture.raw(form);
        let pixels: Vec<u8> = rows
            .chunks(row)
            .flat_map(|row| [row, &vec![0xee; stride - row.len()]].concat())
            .collect();
        let writer = self
            .producer
            .acquire()
            .expect("the broker answers")
            .expect("a slot is free");
        let camera = Camera::default();
        let reference = writer.publish_pixels(format, picture.width, picture.height, stride, &pixels, &camera);
        reference.expect("it can be published").to_string()
    }

    fn id(&self, name: &str) -> String {
        format!("pool:{name}")
    }

    fn put_bytes(&mut self, _: &str, _: &[u8]) -> Option<String> {
        None
    }
}
