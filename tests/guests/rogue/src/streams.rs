//! Attacks by way of WASI: exit, randomness, standard input, streams.

use crate::{Answer, Scene, good};
use wasip2::cli::{stdin, stdout};
use wasip2::random::{insecure, random};

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    let text = match scene.attack {
        "exit-success" => std::process::exit(0),
        "exit-failure" => std::process::exit(3),
        "abort" => std::process::abort(),
        "random" => format!("{}", random::get_random_bytes(4_096).len()),
        "random-number" => random::get_random_u64().to_string(),
        "random-beyond" => format!("{}", random::get_random_bytes(4_097).len()),
        "random-endless" => format!("{}", random::get_random_bytes(u64::MAX).len()),
        "insecure-beyond" => format!("{}", insecure::get_insecure_random_bytes(u64::MAX).len()),
        "stdin" => format!("{:?}", stdin::get_stdin().blocking_read(u64::MAX)),
        "stdin-skip" => format!("{:?}", stdin::get_stdin().blocking_skip(u64::MAX)),
        "splice" => format!(
            "{:?}",
            stdout::get_stdout().blocking_splice(&stdin::get_stdin(), u64::MAX)
        ),
        "zeroes" => format!("{:?}", stdout::get_stdout().write_zeroes(u64::MAX)),
        "zeroes-blocking" => format!("{:?}", stdout::get_stdout().blocking_write_zeroes_and_flush(u64::MAX)),
        "write-unasked" => {
            let stream = stdout::get_stdout();
            format!("{:?}", (0..100).all(|_| stream.write(&[b'x'; 60_000]).is_ok()))
        }
        "poll-nothing" => format!("{:?}", wasip2::io::poll::poll(&[])),
        "surroundings" => format!(
            "{} variables, {} arguments, folder {:?}",
            std::env::vars().count(),
            std::env::args().count(),
            wasip2::cli::environment::initial_cwd()
        ),
        _ => return None,
    };
    Some(good(&text))
}
