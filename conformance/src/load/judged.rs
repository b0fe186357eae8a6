//! What a station has on disk of what it was shown.

use super::cameras::Published;
use super::times::Collected;
use crate::station::Client;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;

/// A camera and its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineSummary {
    /// The line.
    pub name: String,
    /// Pictures that the camera has published.
    pub published: u64,
    /// Pictures of the camera for which no slot was free.
    pub dropped_by_pool: u64,
    /// Pictures of which there is a result.
    pub judged: u64,
    /// Results among them that say neither OK nor NG.
    pub failed: u64,
    /// Pictures that were published, and of which there is no result.
    pub lost: u64,
    /// Pictures of which there is more than one result.
    pub doubled: u64,
    /// Results that stand behind that of a later picture.
    pub out_of_order: u64,
}

impl LineSummary {
    /// What is not as it must be.
    pub fn problem(&self) -> Option<String> {
        let counts = [
            ("dropped by the pool", self.dropped_by_pool),
            ("not judged", self.lost),
            ("judged more than once", self.doubled),
            ("judged out of order", self.out_of_order),
            ("without a verdict", self.failed),
        ];
        let wrong = counts.into_iter().find(|(_, count)| *count > 0);
        wrong.map(|(what, count)| format!("{}: {count} of {} pictures were {what}", self.name, self.published))
    }
}

/// All results.
#[derive(Default)]
pub struct Judged {
    /// Of each line the places of its pictures in the order of publishing, in the order of the results, and how many failed.
    lines: BTreeMap<String, (Vec<u64>, u64)>,
    /// How long everything took.
    pub times: Collected,
}

impl Judged {
    /// Reads all results, so many at once.
    pub fn read(client: &Client, page: usize) -> io::Result<Self> {
        let mut results = Vec::new();
        let mut path = format!("/results?limit={page}");
        loop {
            let answer = client.get(&path)?.body;
            let Some(found) = answer["results"].as_array() else {
                return Err(io::Error::other(format!("these are no results: {answer}")));
            };
            results.extend(found.iter().map(Reading::of).collect::<io::Result<Vec<_>>>()?);
            match answer["next"].as_i64() {
                Some(next) => path = format!("/results?limit={page}&before={next}"),
                None => break,
            }
        }
        let mut judged = Self::default();
        // The newest come first.
        for reading in results.into_iter().rev() {
            let (sequences, failed) = judged.lines.entry(reading.line).or_default();
            sequences.push(reading.sequence);
            *failed += u64::from(reading.failed);
            judged
                .times
                .add(reading.delivered_us, reading.took_us, reading.algorithm_us);
        }
        Ok(judged)
    }

    /// What there is of a line.
    pub fn line(&self, name: &str, camera: &Published) -> LineSummary {
        let nothing = (Vec::new(), 0);
        let (sequences, failed) = self.lines.get(name).unwrap_or(&nothing);
        let mut sorted = sequences.clone();
        sorted.sort_unstable();
        sorted.dedup();
        LineSummary {
            name: name.to_owned(),
            published: camera.published,
            dropped_by_pool: camera.dropped,
            judged: sequences.len() as u64,
            failed: *failed,
            lost: camera.published.saturating_sub(sorted.len() as u64),
            doubled: (sequences.len() - sorted.len()) as u64,
            out_of_order: sequences.windows(2).filter(|pair| pair[0] > pair[1]).count() as u64,
        }
    }
}

/// What is needed of a result.
struct Reading {
    line: String,
    sequence: u64,
    failed: bool,
    delivered_us: u64,
    took_us: u64,
    algorithm_us: u64,
}

impl Reading {
    fn of(result: &Value) -> io::Result<Self> {
        let number = |value: &Value, what: &str| {
            let number = value.as_u64();
            number.ok_or_else(|| io::Error::other(format!("a result does not tell {what}: {result}")))
        };
        let picture = &result["picture"];
        Ok(Self {
            line: result["line"].as_str().unwrap_or_default().to_owned(),
            sequence: number(&picture["sequence"], "`picture.sequence`")?,
            failed: result["outcome"] == "FAILED",
            delivered_us: number(&picture["delivered_us"], "`picture.delivered_us`")?,
            took_us: number(&result["took_us"], "`took_us`")?,
            // One that failed before the algorithm was called has none.
            algorithm_us: (result["debug"]["algorithm_ms"].as_f64().unwrap_or(0.0) * 1_000.0) as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_doubled_or_moved_is_seen() {
        let camera = Published {
            published: 5,
            dropped: 0,
        };
        let of = |sequences: &[u64]| {
            let judged = Judged {
                lines: BTreeMap::from([("a".to_owned(), (sequences.to_vec(), 0))]),
                ..Judged::default()
            };
            let line = judged.line("a", &camera);
            (line.lost, line.doubled, line.out_of_order, line.problem().is_some())
        };
        assert_eq!(of(&[1, 2, 3, 4, 5]), (0, 0, 0, false));
        assert_eq!(of(&[1, 2, 4, 5]), (1, 0, 0, true));
        assert_eq!(of(&[1, 2, 3, 3, 4, 5]), (0, 1, 0, true));
        assert_eq!(of(&[1, 3, 2, 4, 5]), (0, 0, 1, true));
        assert_eq!(of(&[]), (5, 0, 0, true));
    }
}
