//! Floods of logs, prints and diagnostics.

use crate::bindings::procvision::algorithm::types::Scalar;
use crate::bindings::procvision::algorithm::{diagnostics, logging};
use crate::{Answer, Scene, good};
use std::io::Write;

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    match scene.attack {
        "log-flood" => logs(),
        "log-debug" => logging::log(logging::Level::Debug, "a detail", &[]),
        "log-empty-flood" => {
            for _ in 0..20_000 {
                logging::log(logging::Level::Error, "", &[]);
            }
        }
        "log-fields" => {
            for _ in 0..100 {
                let fields: Vec<_> = (0..5_000)
                    .map(|number| logging::Field {
                        key: number.to_string(),
                        value: Scalar::Bool(true),
                    })
                    .collect();
                logging::log(logging::Level::Error, "", &fields);
            }
        }
        "log-terminal" => logging::log(
            logging::Level::Error,
            "\u{1b}[2J\u{1b}]0;pwned\u{7}\r\n{\"level\":\"fake\"}",
            &[],
        ),
        "stdout-flood" => {
            for number in 0..20_000 {
                println!("line {number}");
            }
        }
        "stderr-without-newline" => {
            let mut stderr = std::io::stderr().lock();
            for _ in 0..2_000 {
                let _ = stderr.write_all(&[b'x'; 1_000]);
            }
        }
        "stdout-not-utf8" => {
            let _ = std::io::stdout().write_all(&[0xff, 0xfe, b'a', b'\n']);
        }
        "stdout-unfinished" => {
            let _ = std::io::stdout().write_all(b"no end of line");
            let _ = std::io::stdout().flush();
        }
        "diagnostics-flood" => {
            for number in 0..20_000 {
                diagnostics::publish(&format!("key {number}"), &Scalar::Int(number));
            }
        }
        "diagnostics-large" => {
            for number in 0..50 {
                diagnostics::publish(&format!("key {number}"), &Scalar::String("x".repeat(10_000)));
            }
        }
        "diagnostics-replaced" => {
            for number in 0..20_000 {
                diagnostics::publish("progress", &Scalar::Int(number));
            }
        }
        "diagnostics-nan" => diagnostics::publish("ratio", &Scalar::Float(f64::NAN)),
        _ => return None,
    }
    Some(good("flooded"))
}

pub(crate) fn logs() {
    let text = "flood ".repeat(20);
    for _ in 0..20_000 {
        logging::log(logging::Level::Error, &text, &[]);
    }
}
