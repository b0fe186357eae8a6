//! Colour on terminals only, and never against `NO_COLOR`; durations as people read them.

use std::io::IsTerminal;
use std::time::Duration;

pub const RED: &str = "31";
pub const GREEN: &str = "32";
pub const BOLD: &str = "1";

/// `text` for standard error, in the colour with the given SGR code.
pub fn err(text: &str, code: &str) -> String {
    paint(text, code, std::io::stderr().is_terminal())
}

/// `text` for standard output, in the colour with the given SGR code.
pub fn out(text: &str, code: &str) -> String {
    paint(text, code, std::io::stdout().is_terminal())
}

fn paint(text: &str, code: &str, terminal: bool) -> String {
    let wanted = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// `83 ms`, `4.2 s` or `3 min 20 s`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match time.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{:.1} s", time.as_secs_f64()),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_change_unit_at_the_second_and_at_the_minute() {
        assert_eq!(duration(Duration::from_millis(83)), "83 ms");
        assert_eq!(duration(Duration::from_millis(999)), "999 ms");
        assert_eq!(duration(Duration::from_millis(4210)), "4.2 s");
        assert_eq!(duration(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn nothing_is_painted_away_from_a_terminal() {
        assert_eq!(paint("x", RED, false), "x");
    }
}
