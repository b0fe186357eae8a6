//! Pictures in the development store: a folder with NumPy arrays and picture files, as the original platform has it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A picture of 48 x 32 pixels as a JPEG file, of one colour: red 200, green 100, blue 50.
pub const JPEG: &[u8] = include_bytes!("../pictures/orange.jpg");
/// Size and colour of [`JPEG`].
pub const JPEG_SIZE: (u32, u32) = (48, 32);
/// The colour of [`JPEG`], which is not kept to the bit.
pub const JPEG_COLOUR: [u8; 3] = [200, 100, 50];

/// The store's folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// A folder, which is made.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// Where it is: the value of `PROC_SHM_DIR`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes an array of unsigned bytes in C order.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn put_array(&self, id: &str, shape: &[u32], bytes: &[u8]) -> io::Result<()> {
        let mut file = npy_header(shape);
        file.extend_from_slice(bytes);
        fs::write(self.path(id, "npy"), file)
    }

    /// Writes a picture file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn put_file(&self, id: &str, bytes: &[u8]) -> io::Result<()> {
        fs::write(self.path(id, "bin"), bytes)
    }

    /// The file of an identifier: what the original's store has in place of the identifier's characters.
    fn path(&self, id: &str, kind: &str) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name: String = id.chars().map(|c| if plain(c) { c } else { '_' }).collect();
        self.folder.join(format!("{name}.{kind}"))
    }
}

/// Version 1.0 of NumPy's format: the header ends at a multiple of 64 bytes.
fn npy_header(shape: &[u32]) -> Vec<u8> {
    let shape: String = shape.iter().map(|side| format!("{side}, ")).collect();
    let mut text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend_from_slice(&(text.len() as u16).to_le_bytes());
    header.extend_from_slice(text.as_bytes());
    header
}

/// Three bytes for each pixel, all of one colour.
pub fn plain(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    colour.repeat(width as usize * height as usize)
}
