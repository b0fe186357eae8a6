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

/// The text with everything but line breaks and tabs written so.
pub fn block(text: &str) -> Cow<'_, str> {
    escape(text, steers)
}

/// JSON text in which every such character is written as `\u001b`; it stands for the same value.
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if steers(letter) {
            // All of them lie in the basic plane. Writing to a string cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Control characters except line breaks and tabs, marks that turn the direction of text, and invisible separators.
fn steers(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => true,
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
        let value = serde_json::json!({ "a\u{9b}": "b\u{202e}c\u{7f}\n" });
        let shown = json(&value.to_string()).into_owned();
        assert!(shown.chars().all(|letter| !steers(letter)), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
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
