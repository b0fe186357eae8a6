//! The command line: what was asked for, or one sentence on what is wrong with it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use procvision_conformance::subject::Dialect;

/// Shown without arguments and with `--help`.
pub const HELP: &str = "\
The project's own commands.

Usage: cargo xtask COMMAND

Commands:
  setup              check the Rust toolchain and add what is missing (rustfmt, clippy, wasm targets)
  demo [--out DIR]   build the host and the examples, judge photographs, leave reports and annotated pictures
                     (in demo-output/ unless DIR is given)
  test [--quick]     run every check that CI runs; --quick leaves out the documentation, the wasm lints,
                     the end-to-end tests and the documentation's examples
  bench [-- ARGS]    run the benchmarks; ARGS go to them
  bench peers [--calls] [--json]
                     measure pictures through this host, the original Python SDK and Extism's Python host, side by
                     side, and whole calls over the pipe to both adapters (needs python3 with venv, and a network
                     the first time); --calls measures only the latter
  bench page [--calls]
                     measure everything and put the tables into docs/performance.md (takes some minutes); --calls
                     measures and replaces only the whole calls over the pipe
  conformance [--json] [--only TEXT] [--subject NAME] [--write]
                     ask the cases of the runner protocol of this project's adapter and of the original ones (needs
                     python3 with venv, and a network the first time); --write puts the tables into docs/protocol.md
  conformance [--json] [--only TEXT] [--version 0.2|0.3] [--patience SECONDS] -- COMMAND...
                     ask them of the adapter that COMMAND starts around the algorithm that docs/protocol.md describes
  soak [--calls N] [--seed N] [--json]
                     make 200,000 calls (or N) to one adapter, with exceptions, time-outs and bad frames among them: is an
                     answer lost, doubled or wrong, does memory grow?
  load [--cameras N] [--fps N] [--size WIDTHxHEIGHT] [--minutes N] [--json]
                     serve a station whose cameras (4, with 30 pictures a second of 1920x1080, for 10 minutes) are judged by
                     the light example: is a picture dropped, lost or judged twice, how long does each take besides the
                     algorithm's own time, does memory grow? Do that on a machine that does nothing else; results go to
                     the disk that has the target folder. With --minutes 0.1 it takes seconds
  deny               check licences, advisories and sources of all dependencies (needs a network)
  help               this text

Examples:
  cargo xtask demo
  cargo xtask demo --out judged
  cargo xtask test
  cargo xtask bench -- execute
  cargo xtask conformance --subject procvision --only framing
  cargo xtask load --cameras 2 --minutes 0.5

Exit code: 0 all is well, 1 a check failed, a verdict differs or an aim is missed, 2 the command could not run.
";

/// The words that may follow `cargo xtask`.
pub const COMMANDS: [&str; 9] = [
    "setup",
    "demo",
    "test",
    "bench",
    "conformance",
    "soak",
    "load",
    "deny",
    "help",
];

/// What was asked for.
#[derive(Debug, PartialEq)]
pub enum Command {
    Help,
    Setup,
    Demo { out: Option<PathBuf> },
    Test { quick: bool },
    Bench { args: Vec<OsString> },
    Peers { calls_only: bool, json: bool },
    Page { calls_only: bool },
    Conformance(Conformance),
    Soak(Soak),
    Load(Load),
    Deny,
}

/// How many calls in which order.
#[derive(Debug, PartialEq, Eq)]
pub struct Soak {
    pub calls: u64,
    pub seed: u64,
    pub json: bool,
}

impl Default for Soak {
    fn default() -> Self {
        Self {
            calls: 200_000,
            seed: 1,
            json: false,
        }
    }
}

/// How many cameras, and what they show for how long.
#[derive(Debug, PartialEq)]
pub struct Load {
    pub cameras: u32,
    pub fps: u32,
    pub size: (u32, u32),
    pub minutes: f64,
    pub json: bool,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            cameras: 4,
            fps: 30,
            size: (1920, 1080),
            minutes: 10.0,
            json: false,
        }
    }
}

/// Which adapters are asked what.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Conformance {
    pub json: bool,
    pub write: bool,
    /// Only cases whose name contains this.
    pub only: Option<String>,
    /// Only these of the known adapters; all if there are none.
    pub subjects: Vec<String>,
    /// Only this version, of a command line.
    pub dialect: Option<Dialect>,
    pub patience: Option<Duration>,
    /// An adapter's command line, in place of the known ones.
    pub command: Vec<OsString>,
}

/// Reads the arguments after the program's name.
pub fn parse(mut parser: lexopt::Parser) -> Result<Command> {
    let word = match parser.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Command::Help),
        Some(Value(word)) => word,
        Some(other) => return refuse(&other, "before the command"),
    };
    let mut command = match word.to_str() {
        Some("help") => return Ok(Command::Help),
        Some("setup") => Command::Setup,
        Some("demo") => Command::Demo { out: None },
        Some("test") => Command::Test { quick: false },
        Some("bench") => bench(&mut parser)?,
        Some("conformance") => Command::Conformance(Conformance::default()),
        Some("soak") => Command::Soak(Soak::default()),
        Some("load") => Command::Load(Load::default()),
        Some("deny") => Command::Deny,
        _ => bail!("there is no command {word:?}; the commands are {}", COMMANDS.join(", ")),
    };
    while let Some(argument) = parser.next()? {
        match (&mut command, argument) {
            (_, Short('h') | Long("help")) => return Ok(Command::Help),
            (Command::Demo { out }, Long("out")) => *out = Some(directory(parser.value()?)?),
            (Command::Test { quick }, Long("quick")) => *quick = true,
            (Command::Peers { json, .. }, Long("json")) => *json = true,
            (Command::Peers { calls_only, .. } | Command::Page { calls_only }, Long("calls")) => *calls_only = true,
            (Command::Conformance(asked), Long("json")) => asked.json = true,
            (Command::Conformance(asked), Long("write")) => asked.write = true,
            (Command::Conformance(asked), Long("only")) => asked.only = Some(parser.value()?.parse()?),
            (Command::Conformance(asked), Long("subject")) => asked.subjects.push(parser.value()?.parse()?),
            (Command::Conformance(asked), Long("version")) => asked.dialect = Some(dialect(&parser.value()?)?),
            (Command::Conformance(asked), Long("patience")) => {
                asked.patience = Some(Duration::from_secs(parser.value()?.parse()?));
            }
            (Command::Conformance(asked), Value(value)) => {
                asked.command.push(value);
                asked.command.extend(parser.raw_args()?);
            }
            (Command::Soak(asked), Long("json")) => asked.json = true,
            (Command::Soak(asked), Long("calls")) => asked.calls = parser.value()?.parse()?,
            (Command::Soak(asked), Long("seed")) => asked.seed = parser.value()?.parse()?,
            (Command::Load(asked), Long("json")) => asked.json = true,
            (Command::Load(asked), Long("cameras")) => {
                asked.cameras = within(&parser.value()?, "--cameras", 1.0, 16.0)?
            }
            (Command::Load(asked), Long("fps")) => asked.fps = within(&parser.value()?, "--fps", 1.0, 1000.0)?,
            (Command::Load(asked), Long("size")) => asked.size = size(&parser.value()?)?,
            (Command::Load(asked), Long("minutes")) => {
                asked.minutes = within(&parser.value()?, "--minutes", 0.02, 10_000.0)?;
            }
            // What stands behind `--` reaches us as plain values.
            (Command::Bench { args }, Value(value)) => {
                args.push(value);
                args.extend(parser.raw_args()?);
            }
            (_, other) => return refuse(&other, &format!("for {}", word.display())),
        }
    }
    Ok(command)
}

/// `peers` and `page` right after `bench` are its own; whatever stands behind `--` goes to the benchmarks.
fn bench(parser: &mut lexopt::Parser) -> Result<Command> {
    let mut rest = parser.raw_args()?;
    Ok(if rest.next_if(|word| word == "peers").is_some() {
        Command::Peers {
            calls_only: false,
            json: false,
        }
    } else if rest.next_if(|word| word == "page").is_some() {
        Command::Page { calls_only: false }
    } else {
        Command::Bench { args: Vec::new() }
    })
}

fn dialect(word: &OsStr) -> Result<Dialect> {
    let named = Dialect::ALL.into_iter().find(|dialect| word == dialect.as_str());
    named.with_context(|| format!("--version is 0.2 or 0.3, not {}", word.display()))
}

/// A number between two others, both included.
fn within<N: std::str::FromStr + Copy + Into<f64>>(word: &OsStr, option: &str, least: f64, most: f64) -> Result<N> {
    let number = word.to_str().and_then(|word| word.parse::<N>().ok());
    let number = number.filter(|number| (least..=most).contains(&(*number).into()));
    number.with_context(|| format!("{option} is a number from {least} to {most}, not {}", word.display()))
}

/// Width and height; the program that draws the pictures says what they may be.
fn size(word: &OsStr) -> Result<(u32, u32)> {
    let sides = word.to_str().and_then(|word| word.split_once('x'));
    let sides = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.with_context(|| format!("--size is like 1920x1080, not {}", word.display()))
}

fn directory(value: OsString) -> Result<PathBuf> {
    if value.is_empty() {
        bail!("--out needs the name of a directory");
    }
    Ok(PathBuf::from(value))
}

fn refuse<T>(argument: &lexopt::Arg<'_>, place: &str) -> Result<T> {
    let shown = match argument {
        Short(letter) => format!("-{letter}"),
        Long(name) => format!("--{name}"),
        Value(value) => value.display().to_string(),
    };
    bail!("{shown:?} means nothing {place}; `cargo xtask help` shows what can be said")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Command> {
        parse(lexopt::Parser::from_args(args))
    }

    #[test]
    fn no_word_and_every_way_of_asking_show_help() {
        for args in [
            &[][..],
            &["help"],
            &["--help"],
            &["-h"],
            &["demo", "--help"],
            &["test", "-h"],
        ] {
            assert_eq!(parsed(args).unwrap(), Command::Help, "{args:?}");
        }
    }

    #[test]
    fn every_command_named_in_the_list_is_understood_and_in_the_help() {
        for word in COMMANDS {
            assert!(parsed(&[word]).is_ok(), "{word}");
            assert!(HELP.contains(&format!("\n  {word} ")), "{word}");
        }
    }

    #[test]
    fn options_reach_their_command() {
        assert_eq!(
            parsed(&["demo", "--out", "x"]).unwrap(),
            Command::Demo { out: Some("x".into()) }
        );
        assert_eq!(
            parsed(&["demo", "--out=x"]).unwrap(),
            Command::Demo { out: Some("x".into()) }
        );
        assert_eq!(parsed(&["test", "--quick"]).unwrap(), Command::Test { quick: true });
    }

    #[test]
    fn everything_behind_the_dashes_goes_to_the_benchmarks() {
        let args = vec!["execute".into(), "--save-baseline".into(), "a".into()];
        assert_eq!(
            parsed(&["bench", "--", "execute", "--save-baseline", "a"]).unwrap(),
            Command::Bench { args }
        );
        let args = vec!["--list".into()];
        assert_eq!(parsed(&["bench", "--", "--list"]).unwrap(), Command::Bench { args });
    }

    #[test]
    fn peers_and_page_are_benchmarks_of_another_kind() {
        let peers = |calls_only, json| Command::Peers { calls_only, json };
        assert_eq!(parsed(&["bench", "peers"]).unwrap(), peers(false, false));
        assert_eq!(parsed(&["bench", "peers", "--json"]).unwrap(), peers(false, true));
        assert_eq!(parsed(&["bench", "peers", "--calls"]).unwrap(), peers(true, false));
        assert_eq!(parsed(&["bench", "page"]).unwrap(), Command::Page { calls_only: false });
        let args = vec!["peers".into()];
        assert_eq!(parsed(&["bench", "--", "peers"]).unwrap(), Command::Bench { args });
        assert!(parsed(&["bench", "page", "--json"]).is_err());
    }

    #[test]
    fn a_command_line_is_taken_whole() {
        let asked = Conformance {
            dialect: Some(Dialect::V03),
            only: Some("ping".to_owned()),
            command: vec!["python".into(), "-m".into(), "adapter".into(), "--json".into()],
            ..Conformance::default()
        };
        let line = [
            "conformance",
            "--version",
            "0.3",
            "--only=ping",
            "--",
            "python",
            "-m",
            "adapter",
            "--json",
        ];
        assert_eq!(parsed(&line).unwrap(), Command::Conformance(asked));
    }

    #[test]
    fn a_soak_has_numbers() {
        let asked = Soak {
            calls: 500,
            seed: 9,
            json: false,
        };
        assert_eq!(
            parsed(&["soak", "--calls", "500", "--seed=9"]).unwrap(),
            Command::Soak(asked)
        );
        assert!(parsed(&["soak", "--calls", "many"]).is_err());
    }

    #[test]
    fn a_load_has_numbers() {
        assert_eq!(parsed(&["load"]).unwrap(), Command::Load(Load::default()));
        let asked = Load {
            cameras: 2,
            size: (640, 480),
            minutes: 0.5,
            ..Load::default()
        };
        let line = ["load", "--cameras=2", "--size", "640x480", "--minutes", "0.5"];
        assert_eq!(parsed(&line).unwrap(), Command::Load(asked));
        for wrong in [
            ["--cameras", "0"],
            ["--fps", "2000"],
            ["--size", "640"],
            ["--minutes", "-1"],
        ] {
            let message = parsed(&["load", wrong[0], wrong[1]]).unwrap_err().to_string();
            assert!(message.contains(wrong[0]) && message.contains(wrong[1]), "{message}");
        }
    }

    #[test]
    fn unknown_words_are_named() {
        for (args, named) in [
            (&["dmeo"][..], "dmeo"),
            (&["--quick"], "--quick"),
            (&["test", "--out", "x"], "--out"),
            (&["demo", "--quick"], "--quick"),
            (&["setup", "now"], "now"),
            (&["deny", "-x"], "-x"),
            (&["demo", "--out="], "--out"),
            (&["demo", "--out"], "--out"),
            (&["conformance", "--version", "1"], "--version"),
        ] {
            let message = parsed(args).unwrap_err().to_string();
            assert!(message.contains(named), "{args:?}: {message}");
        }
    }
}
