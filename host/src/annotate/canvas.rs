//! A picture that the drawing library can draw on.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{Dimensions, Drawable, Primitive};
use embedded_graphics::primitives::{PrimitiveStyleBuilder, Rectangle, StrokeAlignment};
use image::{Rgb, RgbImage};
use std::convert::Infallible;

/// An RGB picture. What is drawn outside of it is lost.
pub(super) struct Canvas {
    image: RgbImage,
}

impl Canvas {
    pub(super) fn new(image: RgbImage) -> Self {
        Self { image }
    }

    pub(super) fn into_image(self) -> RgbImage {
        self.image
    }

    pub(super) fn fill(&mut self, area: Rectangle, color: Rgb888) {
        let Ok(()) = self.fill_solid(&area, color);
    }

    /// Draws a frame of `width` pixels around `area`, with a thin dark line outside and inside so that it is seen on
    /// any ground. It does not cover the area, unless that reaches to the edge of `picture`.
    pub(super) fn frame_rect(&mut self, area: Rectangle, picture: Rectangle, width: u32, color: Rgb888) {
        let dark = Rgb888::new(20, 20, 20);
        let thin = width.div_ceil(4);
        for (room, stroke, color) in [(width + thin, width + 2 * thin, dark), (width, width, color)] {
            let outer = grown(area, room).intersection(&picture);
            let style = PrimitiveStyleBuilder::new()
                .stroke_color(color)
                .stroke_width(stroke)
                .stroke_alignment(StrokeAlignment::Inside)
                .build();
            let Ok(()) = outer.into_styled(style).draw(self);
        }
    }
}

fn grown(area: Rectangle, by: u32) -> Rectangle {
    let offset = super::signed(by);
    Rectangle::new(
        area.top_left - Point::new(offset, offset),
        area.size + Size::new(2 * by, 2 * by),
    )
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.image.width(), self.image.height())
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, color) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(point.x), u32::try_from(point.y))
                && let Some(pixel) = self.image.get_pixel_mut_checked(x, y)
            {
                *pixel = Rgb([color.r(), color.g(), color.b()]);
            }
        }
        Ok(())
    }
}

/// A part of a canvas that is drawn on in larger pixels: each is a square of `factor` x `factor`.
pub(super) struct Enlarged<'a> {
    pub(super) canvas: &'a mut Canvas,
    pub(super) origin: Point,
    pub(super) factor: u32,
}

impl Dimensions for Enlarged<'_> {
    fn bounding_box(&self) -> Rectangle {
        let size = self.canvas.size() / self.factor;
        Rectangle::new(Point::zero(), size)
    }
}

impl DrawTarget for Enlarged<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, color) in pixels {
            let corner = self.origin + point * super::signed(self.factor);
            self.canvas
                .fill(Rectangle::new(corner, Size::new(self.factor, self.factor)), color);
        }
        Ok(())
    }
}
