//! Areas of a picture: [`Rect`], the one shape that parameters, findings and regions share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An area of a picture in pixels.
///
/// `x` grows to the right and `y` downwards from the upper left corner, which is (0, 0). The area covers the columns
/// `x .. x + width` and the rows `y .. y + height`. An area with a width or height of 0 is empty.
///
/// ```
/// use procvision_guest::Rect;
///
/// let tray = Rect::new(10, 10, 100, 50);
/// let part = Rect::new(90, 40, 40, 40);
/// assert_eq!(tray.intersection(part), Some(Rect::new(90, 40, 20, 20)));
/// assert_eq!(tray.union(part), Rect::new(10, 10, 120, 70));
/// assert_eq!(part.area(), 1600);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rect {
    /// Leftmost column.
    pub x: u32,
    /// Topmost row.
    pub y: u32,
    /// Number of columns.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
}

impl Rect {
    /// The area of `width` x `height` pixels whose upper left corner is (`x`, `y`).
    pub const fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    /// The area of a whole picture of `width` x `height` pixels.
    pub const fn of_size(width: u32, height: u32) -> Self {
        Self::new(0, 0, width, height)
    }

    /// Number of pixels.
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// Whether the area covers no pixel.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// The first column to the right of the area, `x + width`, or `u32::MAX` if that is too large for a `u32`.
    pub const fn right(self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// The first row below the area, `y + height`, or `u32::MAX` if that is too large for a `u32`.
    pub const fn bottom(self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// The pixel in the middle; of an even number of columns or rows the right or lower one of the middle two.
    ///
    /// ```
    /// # use procvision_guest::Rect;
    /// assert_eq!(Rect::new(10, 20, 5, 4).center(), (12, 22));
    /// ```
    pub const fn center(self) -> (u32, u32) {
        (
            self.x.saturating_add(self.width / 2),
            self.y.saturating_add(self.height / 2),
        )
    }

    /// What both areas cover, or `None` if they have no pixel in common.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        (x < right && y < bottom).then(|| Self::new(x, y, right - x, bottom - y))
    }

    /// The smallest area that covers both. An empty area adds nothing.
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self::new(
            x,
            y,
            self.right().max(other.right()) - x,
            self.bottom().max(other.bottom()) - y,
        )
    }

    /// Whether the pixel (`x`, `y`) belongs to the area.
    pub const fn contains(self, x: u32, y: u32) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }

    /// Whether every pixel of `inner` belongs to this area and `inner` is not empty.
    pub const fn contains_rect(self, inner: Self) -> bool {
        !inner.is_empty()
            && inner.x >= self.x
            && inner.y >= self.y
            && inner.x as u64 + inner.width as u64 <= self.x as u64 + self.width as u64
            && inner.y as u64 + inner.height as u64 <= self.y as u64 + self.height as u64
    }

    /// The area grown by `margin` pixels on each side, cut to `bounds`. Empty if nothing of it lies in `bounds`.
    ///
    /// ```
    /// # use procvision_guest::Rect;
    /// let picture = Rect::of_size(64, 64);
    /// assert_eq!(Rect::new(2, 30, 10, 10).inflate(5, picture), Rect::new(0, 25, 17, 20));
    /// ```
    pub fn inflate(self, margin: u32, bounds: Self) -> Self {
        let (x, y) = (self.x.saturating_sub(margin), self.y.saturating_sub(margin));
        let (right, bottom) = (
            self.right().saturating_add(margin),
            self.bottom().saturating_add(margin),
        );
        Self::new(x, y, right - x, bottom - y)
            .intersection(bounds)
            .unwrap_or_default()
    }
}

/// Written as `width x height at (x, y)`.
impl fmt::Display for Rect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} at ({}, {})", self.width, self.height, self.x, self.y)
    }
}

/// As JSON a rect is an object of `x`, `y`, `width` and `height`.
impl From<Rect> for serde_json::Value {
    fn from(rect: Rect) -> Self {
        serde_json::json!({ "x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height })
    }
}
