//! The text of a signature inside a package, which has one form: so no byte of it can be another one unnoticed. What
//! the signature says is not looked at here.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The first line, which no signature covers.
pub const UNTRUSTED_COMMENT: &str = "untrusted comment: signature of a ProcVision package";
/// With what the line begins that the signature covers.
const TRUSTED_COMMENT: &str = "trusted comment: ";
/// Algorithm, key number and signature.
const SIGNATURE_BYTES: usize = 2 + 8 + 64;
/// The signature over the trusted comment.
const COMMENT_SIGNATURE_BYTES: usize = 64;

/// The text in its one form: four lines, the first one fixed, each with a line end.
///
/// # Errors
///
/// What is wrong, as the end of a sentence, if it is not a signature in minisign's format.
pub(super) fn canonical(text: &str) -> Result<String, &'static str> {
    let lines: Vec<&str> = text.lines().collect();
    let [first, signature, comment, comment_signature] = lines[..] else {
        return Err("it has four lines");
    };
    if !first.starts_with("untrusted comment: ") {
        return Err("its first line is an untrusted comment");
    }
    if !is_base64(signature, SIGNATURE_BYTES) {
        return Err("its second line is the signature in Base64");
    }
    if !comment.starts_with(TRUSTED_COMMENT) || comment.chars().any(char::is_control) {
        return Err("its third line is the trusted comment, without control characters");
    }
    if !is_base64(comment_signature, COMMENT_SIGNATURE_BYTES) {
        return Err("its fourth line is the signature of the comment in Base64");
    }
    Ok(format!(
        "{UNTRUSTED_COMMENT}\n{signature}\n{comment}\n{comment_signature}\n"
    ))
}

/// Whether it is the one Base64 text of so many bytes.
fn is_base64(line: &str, length: usize) -> bool {
    // Refuses padding that is missing and bits that are left over.
    BASE64_STANDARD.decode(line).is_ok_and(|bytes| bytes.len() == length)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A text of the right form that signs nothing.
    pub(in crate::archive) fn sample() -> String {
        let (signature, comment) = (BASE64_STANDARD.encode([7; 74]), BASE64_STANDARD.encode([9; 64]));
        format!("untrusted comment: anything\n{signature}\ntrusted comment: b\n{comment}\n")
    }

    #[test]
    fn only_the_untrusted_comment_and_line_ends_are_brought_into_form() {
        let one = canonical(&sample()).unwrap();
        assert!(one.starts_with(UNTRUSTED_COMMENT));
        assert_eq!(canonical(&one).as_ref(), Ok(&one));
        assert_eq!(canonical(&sample().replace('\n', "\r\n")).as_ref(), Ok(&one));
    }

    #[test]
    fn everything_else_is_no_signature() {
        let good = sample();
        let lines: Vec<&str> = good.lines().collect();
        // The last letter before the padding has bits that mean nothing.
        let loose = lines[1].replace("c=", "d=");
        assert_ne!(loose, lines[1]);
        for bad in [
            String::new(),
            format!("{good}more\n"),
            good.replace("untrusted", "x"),
            good.replace("\ntrusted", "\nx"),
            good.replace(lines[1], &loose),
            good.replace(lines[1], lines[3]),
            good.replace(lines[3], ""),
            good.replace(": b", ": \u{1b}b"),
        ] {
            assert!(canonical(&bad).is_err(), "{bad:?}");
        }
    }
}
