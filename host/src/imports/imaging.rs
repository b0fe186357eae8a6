//! `imaging`: the pictures of a call, lent for its length.

use crate::bindings::imaging::{
    Host, HostImageSet, ImageError, ImageInfo, MappingLayout, MemoryRange, PixelFormat as WitFormat,
};
use crate::bindings::types::Rect as WitRect;
use crate::frame::{Frame, PixelFormat, Rect};
use crate::instance::{GuestState, HostFault, WindowError};
use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};

/// The pictures of one call: the primary one, then the references in the station's order. Also the type of the handle
/// that algorithms borrow.
#[derive(Clone, Debug)]
pub struct ImageSet(pub(crate) Vec<NamedFrame>);

/// A picture and the station's name for it; the primary one has none.
#[derive(Clone, Debug)]
pub(crate) struct NamedFrame {
    pub(crate) name: String,
    pub(crate) frame: Frame,
}

/// The index of the primary picture.
const PRIMARY: u32 = 0;

type ReadResult = Result<Bytes, ImageError>;

/// Replaces the generated `read`: shared bytes reach the algorithm's memory in one copy, where the generated function's
/// `Vec` would cost two.
pub(crate) fn link_shared_read(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.instance("procvision:algorithm/imaging@1.0.0")?.func_wrap(
        "[method]image-set.read",
        |mut store: StoreContextMut<'_, GuestState>,
         (_, image, area, format): (Resource<ImageSet>, u32, WitRect, WitFormat)|
         -> wasmtime::Result<(ReadResult,)> { Ok((read(store.data_mut(), image, area, format)?,)) },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn read(state: &mut GuestState, image: u32, area: WitRect, format: WitFormat) -> wasmtime::Result<ReadResult> {
    let read = state
        .readable(image, area, format)?
        .and_then(|(frame, area, format)| frame.read(area, format).ok_or(ImageError::OutsidePicture));
    state.access.copied |= image == PRIMARY && read.is_ok();
    Ok(read)
}

impl Host for GuestState {}

impl GuestState {
    /// The pictures of the current call. Handles to them exist only while they are lent, and there is only one set.
    fn lent_images(&self) -> wasmtime::Result<&[NamedFrame]> {
        let images = self.images.as_ref().ok_or(HostFault("no pictures are lent"))?;
        Ok(&images.0)
    }

    /// A picture and the area and format that somebody wants to read of it, within what one call delivers.
    fn readable(
        &self,
        image: u32,
        area: WitRect,
        format: WitFormat,
    ) -> wasmtime::Result<Result<(&Frame, Rect, PixelFormat), ImageError>> {
        let Some(image) = self.lent_images()?.get(image as usize) else {
            return Ok(Err(ImageError::NoSuchImage));
        };
        let (area, format) = (Rect::from(area), PixelFormat::from(format));
        if !area.lies_inside(image.frame.width(), image.frame.height()) {
            return Ok(Err(ImageError::OutsidePicture));
        }
        let limit = self.limits.image_read_bytes;
        if u64::from(area.width) * u64::from(area.height) * format.bytes_per_pixel() as u64 > limit {
            return Ok(Err(ImageError::TooLarge(limit)));
        }
        Ok(Ok((&image.frame, area, format)))
    }
}

impl HostImageSet for GuestState {
    fn list(&mut self, _: Resource<ImageSet>) -> wasmtime::Result<Vec<ImageInfo>> {
        let images = self.lent_images()?.iter();
        Ok(images
            .map(|image| ImageInfo {
                name: image.name.clone(),
                width: image.frame.width(),
                height: image.frame.height(),
                format: image.frame.format().into(),
                timestamp_ms: image.frame.timestamp_ms(),
                camera_id: image.frame.camera_id().to_owned(),
            })
            .collect())
    }

    fn read(
        &mut self,
        _: Resource<ImageSet>,
        image: u32,
        area: WitRect,
        format: WitFormat,
    ) -> wasmtime::Result<Result<Vec<u8>, ImageError>> {
        Ok(read(self, image, area, format)?.map(Vec::from))
    }

    fn fill(
        &mut self,
        _: Resource<ImageSet>,
        image: u32,
        area: WitRect,
        format: WitFormat,
        target: MemoryRange,
    ) -> wasmtime::Result<Result<(), ImageError>> {
        let (frame, area, format) = match self.readable(image, area, format)? {
            Ok((frame, area, format)) => (frame.clone(), area, format),
            Err(error) => return Ok(Err(error)),
        };
        let filled = self.windows.fill(&frame, area, format, target.address, target.length);
        self.access.copied |= image == PRIMARY && filled.is_ok();
        Ok(filled.map_err(ImageError::from))
    }

    fn mapping(&mut self, _: Resource<ImageSet>, image: u32) -> wasmtime::Result<Option<MappingLayout>> {
        let image = self.lent_images()?.get(image as usize);
        let layout = image.and_then(|image| self.windows.layout(&image.frame));
        Ok(layout.map(|layout| MappingLayout {
            format: layout.format.into(),
            stride: layout.stride,
            offset: layout.offset,
            window_length: layout.length,
            window_alignment: layout.alignment,
        }))
    }

    fn map(
        &mut self,
        _: Resource<ImageSet>,
        image: u32,
        window: MemoryRange,
    ) -> wasmtime::Result<Result<(), ImageError>> {
        let Some(lent) = self.lent_images()?.get(image as usize) else {
            return Ok(Err(ImageError::NoSuchImage));
        };
        let frame = lent.frame.clone();
        let mapped = self.windows.map(image, &frame, window.address, window.length);
        self.access.mapped |= image == PRIMARY && mapped.is_ok();
        Ok(mapped.map_err(ImageError::from))
    }

    fn unmap(&mut self, _: Resource<ImageSet>, image: u32) -> wasmtime::Result<()> {
        self.windows.unmap(image);
        Ok(())
    }

    // Algorithms only borrow image sets, so the component model never lets them drop one.
    fn drop(&mut self, _: Resource<ImageSet>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl From<WindowError> for ImageError {
    fn from(error: WindowError) -> Self {
        match error {
            WindowError::BadTarget => Self::BadTarget,
            WindowError::NotAvailable => Self::NotAvailable,
        }
    }
}

impl From<WitRect> for Rect {
    fn from(rect: WitRect) -> Self {
        Self::new(rect.x, rect.y, rect.width, rect.height)
    }
}

impl From<Rect> for WitRect {
    fn from(rect: Rect) -> Self {
        Self {
            x: rect.x,
            y: rect.y,
            width: rect.width,
            height: rect.height,
        }
    }
}

impl From<PixelFormat> for WitFormat {
    fn from(format: PixelFormat) -> Self {
        match format {
            PixelFormat::Mono8 => Self::Mono8,
            // What a mosaic is interpolated to; algorithms never see one.
            PixelFormat::RGB8
            | PixelFormat::BayerRG8
            | PixelFormat::BayerGR8
            | PixelFormat::BayerGB8
            | PixelFormat::BayerBG8 => Self::Rgb8,
            PixelFormat::BGR8 => Self::Bgr8,
        }
    }
}

impl From<WitFormat> for PixelFormat {
    fn from(format: WitFormat) -> Self {
        match format {
            WitFormat::Mono8 => Self::Mono8,
            WitFormat::Rgb8 => Self::RGB8,
            WitFormat::Bgr8 => Self::BGR8,
        }
    }
}
