//! A failure as people read it: class and code, the panic, the backtrace.

use procvision_host::failure::Failure;
use procvision_host::report::severity;
use procvision_host::visible;
use std::fmt::Write;

/// Everything about a failure but its message, in lines indented by two, each with a line end.
pub fn details(failure: &Failure) -> String {
    let mut text = format!(
        "  {} {}, class {}; {}\n",
        failure.code,
        failure.code.name(),
        failure.class.as_str(),
        severity(failure.severity)
    );
    if let Some(panic) = &failure.panic {
        let message = visible::block(&panic.message).replace('\n', "\n         ");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  panic  {message}");
        if let Some(location) = &panic.location {
            let _ = writeln!(text, "  at     {}", visible::line(location));
        }
    }
    if !failure.backtrace.is_empty() {
        text.push_str("  backtrace, innermost first\n");
    }
    for (number, frame) in failure.backtrace.iter().enumerate() {
        let _ = writeln!(text, "  {number:>4}  {}", visible::line(&frame.function));
        if let Some(location) = &frame.location {
            let _ = writeln!(text, "          {}", visible::line(location));
        }
    }
    if !failure.logs.lines.is_empty() {
        text.push_str("  log\n");
    }
    for line in &failure.logs.lines {
        let _ = writeln!(text, "  {:>5}  {}", line.level.as_str(), visible::line(&line.message));
    }
    text
}
