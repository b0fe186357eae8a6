//! An algorithm's text made safe to show. What an algorithm writes could move a terminal's cursor, change its colours
//! or turn the direction of text around; here everything of that kind becomes something that can be seen.

use std::borrow::Cow;
use std::fmt::Write;

/// The text in one line: line breaks, tabs and whatever steers a terminal or the direction of text are written as
/// `\n`, `\t`, `\u{1b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |letter| steers(letter) || matches!(letter, '\n' | '\t'))
}

/// The text in one line, cut off after `most` characters.
pub(crate) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line(&text[..end])).into(),
        None => line(text),
    }
}

/// As [`line()`], but line breaks and tabs stay.
pub fn block(text: &str) -> Cow<'_, str> {
    escape(text, steers)
}

/// The text in one line, in ASCII only: a name whose letters must be what they look like. Letters of other alphabets can
/// look like Latin ones, and are written as `\u{430}`.
pub fn ascii(text: &str) -> Cow<'_, str> {
    escape(text, |letter| !matches!(letter, ' '..='~'))
}

/// JSON text in which every such character is written as `\u001b`; it stands for the same value.
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if steers(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Control characters except line breaks and tabs, marks that turn the direction of text, and letters that cannot be seen:
/// separators, fillers, selectors of variants, tags.
fn steers(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' => true,
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        letter => letter.is_control(),
    }
}

fn escape(text: &str, unsafe_letter: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&unsafe_letter) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            letter if !unsafe_letter(letter) => shown.push(letter),
            '\n' | '\t' | '\r' => shown.extend(letter.escape_default()),
            letter => shown.extend(letter.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        let hostile = "\u{1b}[2J\u{9b}31m\u{7}ok\r\u{202e}gpj.\u{2028}\0";
        assert_eq!(line(hostile), r"\u{1b}[2J\u{9b}31m\u{7}ok\r\u{202e}gpj.\u{2028}\u{0}");
        assert!(line(hostile).chars().all(|letter| !letter.is_control()));
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({ "a\u{9b}": "b\u{202e}c\u{7f}\n\u{e0041}" });
        let shown = json(&value.to_string()).into_owned();
        assert!(shown.chars().all(|letter| !steers(letter)), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn letters_that_cannot_be_seen_can_be_seen() {
        assert_eq!(
            line("a\u{ad}b\u{3164}c\u{e0041}d\u{fe0f}"),
            r"a\u{ad}b\u{3164}c\u{e0041}d\u{fe0f}"
        );
        // The second letter is Cyrillic.
        assert_eq!(ascii("w\u{430}si:io"), r"w\u{430}si:io");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in ["scratch 3 px", "缺陷 µ é", ""] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
        }
        assert_eq!(line("a\n\tb"), r"a\n\tb");
        assert_eq!(block("a\n\tb"), "a\n\tb");
    }
}
