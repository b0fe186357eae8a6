//! The beginning of a text that a process wrote, fit for one line of a message.

/// Most characters of such a text in a message.
const SHOWN: usize = 300;

/// The beginning of `text`, without characters that steer a terminal or break the line.
pub(crate) fn excerpt(text: &str) -> String {
    shortened(text, SHOWN)
}

/// The same with another length.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let mut characters = text.trim().chars();
    let mut shown: String = characters.by_ref().take(most).map(plain).collect();
    if characters.next().is_some() {
        shown.push('\u{2026}');
    }
    shown
}

fn plain(character: char) -> char {
    match character {
        _ if character.is_whitespace() => ' ',
        _ if character.is_control() => '\u{fffd}',
        // These turn around what follows them.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_of_bounded_length() {
        assert_eq!(
            excerpt(" two\nlines \u{1b}[31m\u{202e}x "),
            "two lines \u{fffd}[31m\u{fffd}x"
        );
        assert_eq!(shortened("\u{fc}\u{fc}\u{fc}", 2), "\u{fc}\u{fc}\u{2026}");
        assert_eq!(excerpt(&"x".repeat(1 << 20)).chars().count(), SHOWN + 1);
    }
}
