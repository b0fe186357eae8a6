//! What the host asks the algorithm to do in one call, as one word for each part: `map pages`.

use crate::touch::Touch;
use std::fmt;
use std::str::FromStr;

/// How a picture comes into the algorithm's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// It is laid over a window and taken back.
    Map,
    /// The host writes it into memory that the algorithm already has and has used before.
    Fill,
    /// The host returns it as a list of bytes, which the engine puts into new memory.
    Read,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Nothing.
    Noop,
    /// Reads and writes a value of the session and logs a line.
    Remember,
    /// Ends the instance.
    Trap,
    /// Fetches the picture and looks at it.
    Deliver(Way, Touch),
    /// Makes the algorithm's memory at least so many MiB large, all of it used.
    Grow(u32),
    /// Runs a kernel, by its place in the catalogue, so many times.
    Kernel(u32, u32),
    /// Runs a kernel once and looks at all of its result.
    Digest(u32),
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Map, Self::Fill, Self::Read];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Fill => "fill",
            Self::Read => "read",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noop => f.write_str("noop"),
            Self::Remember => f.write_str("remember"),
            Self::Trap => f.write_str("trap"),
            Self::Deliver(way, touch) => write!(f, "{} {touch}", way.as_str()),
            Self::Grow(mebibytes) => write!(f, "grow {mebibytes}"),
            Self::Kernel(index, times) => write!(f, "kernel {index} {times}"),
            Self::Digest(index) => write!(f, "digest {index}"),
        }
    }
}

impl FromStr for Task {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.split(' ');
        let first = words.next().ok_or(())?;
        let mut number = || words.next().and_then(|word| word.parse().ok()).ok_or(());
        Ok(match first {
            "noop" => Self::Noop,
            "remember" => Self::Remember,
            "trap" => Self::Trap,
            "grow" => Self::Grow(number()?),
            "kernel" => Self::Kernel(number()?, number()?),
            "digest" => Self::Digest(number()?),
            way => {
                let way = Way::ALL.into_iter().find(|known| known.as_str() == way).ok_or(())?;
                Self::Deliver(way, words.next().ok_or(())?.parse()?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_understood_as_they_are_written() {
        let mut tasks = vec![
            Task::Noop,
            Task::Remember,
            Task::Trap,
            Task::Grow(512),
            Task::Kernel(3, 70),
            Task::Digest(3),
        ];
        for way in Way::ALL {
            tasks.extend(Touch::ALL.map(|touch| Task::Deliver(way, touch)));
        }
        for task in tasks {
            assert_eq!(task.to_string().parse(), Ok(task));
        }
        for wrong in ["", "map", "map some", "grow", "grow x", "kernel 1", "dance"] {
            assert!(wrong.parse::<Task>().is_err(), "{wrong}");
        }
    }
}
