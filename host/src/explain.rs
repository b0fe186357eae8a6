//! What an error of this library tells whoever has to act on it, beyond its sentence.

use std::borrow::Cow;
use std::error::Error;

/// An error that can be shown to a person and to a program: `Display` and the chain of sources are the sentence, this
/// is the rest. The command line turns every error of this kind into its message and exit status.
pub trait Explain: Error {
    /// A stable word for programs: a protocol code such as `2002` where there is one, else words joined by `-`.
    fn code(&self) -> Cow<'static, str>;

    /// What would mend it, as one sentence or command, if that is known.
    fn remedy(&self) -> Option<String> {
        None
    }

    /// Whether the thing that was examined (a crate, a component, an algorithm) was reached and found bad, as opposed
    /// to something around it that kept the examination from happening.
    fn subject_failed(&self) -> bool {
        false
    }
}

/// The error and all its causes in one line, outermost first, leaving out a cause that the line already ends with.
pub fn one_line(error: &dyn Error) -> String {
    let mut line = flatten(&error.to_string());
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = flatten(&inner.to_string());
        if !text.is_empty() && !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = inner.source();
    }
    line
}

fn flatten(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::one_line;
    use std::fmt;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Layer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            self.1.as_deref().map(|layer| layer as _)
        }
    }

    #[test]
    fn causes_are_joined_once_and_on_one_line() {
        let error = Layer(
            "cannot read `a`: no such file",
            Some(Box::new(Layer(
                "no such file",
                Some(Box::new(Layer("disk\n  gone", None))),
            ))),
        );
        assert_eq!(one_line(&error), "cannot read `a`: no such file: disk gone");
    }
}
