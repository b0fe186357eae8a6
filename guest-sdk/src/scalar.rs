//! Single values that are logged or published.

/// A single value: a text, a number, or yes or no.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A text.
    String(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

macro_rules! scalar_from {
    ($($from:ty => $variant:ident),*) => {
        $(impl From<$from> for Scalar {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}
scalar_from!(i64 => Int, i32 => Int, u32 => Int, f64 => Float, f32 => Float, bool => Bool, &str => String, String => String);
