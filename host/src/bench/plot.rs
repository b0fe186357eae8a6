//! Bars to be drawn: where each begins and ends, in the units of the drawing.

use serde::Serialize;

/// Where bars begin; names stand left of it.
const LEFT: f64 = 240.0;
/// Where the scale ends; figures stand right of the bars.
const RIGHT: f64 = 900.0;
/// Of the whole drawing.
const WIDTH: f64 = 1000.0;
/// From one bar to the next.
const STEP: f64 = 17.0;
/// Between two groups.
const GAP: f64 = 12.0;
/// Above the first bar, where the scale is written.
const TOP: f64 = 24.0;

/// A drawing.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    /// What it shows, for those who cannot see it.
    pub(super) title: String,
    width: f64,
    height: f64,
    left: f64,
    top: f64,
    ticks: Vec<Tick>,
    bars: Vec<Bar>,
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Tick {
    x: f64,
    label: String,
    /// A limit, not just a part of the scale.
    limit: bool,
}

#[derive(Debug, Serialize)]
struct Bar {
    y: f64,
    width: f64,
    kind: &'static str,
    name: String,
    figure: String,
}

#[derive(Debug, Serialize)]
struct Group {
    y: f64,
    name: String,
}

/// One bar, before it has a place.
pub(super) struct Entry {
    /// Entries in a row with the same group stand together.
    pub(super) group: String,
    pub(super) name: String,
    /// How it is coloured.
    pub(super) kind: &'static str,
    pub(super) value: f64,
    /// The value as it is written.
    pub(super) figure: String,
}

/// What a length means.
pub(super) enum Scale {
    /// Each step of the scale is ten times the one before; values are microseconds.
    Log,
    /// From 0, with a line at this limit.
    Linear {
        /// Where the line is.
        limit: f64,
    },
}

impl Plot {
    /// Draws at least one entry.
    pub(super) fn of(title: impl Into<String>, entries: Vec<Entry>, scale: &Scale) -> Self {
        let values = || {
            entries
                .iter()
                .map(|entry| entry.value)
                .filter(|value| value.is_finite() && *value > 0.0)
        };
        let largest = values().fold(f64::MIN_POSITIVE, f64::max);
        let smallest = values().fold(largest, f64::min);
        let span = RIGHT - LEFT;
        let (ticks, place): (Vec<Tick>, Box<dyn Fn(f64) -> f64>) = match scale {
            Scale::Log => {
                let (first, last) = (
                    smallest.log10().floor(),
                    largest.log10().ceil().max(smallest.log10().floor() + 1.0),
                );
                let place = move |value: f64| (value.log10() - first) / (last - first) * span;
                let ticks = (first as i32..=last as i32).map(|power| Tick {
                    x: LEFT + place(10_f64.powi(power)),
                    label: power_of_ten(power),
                    limit: false,
                });
                (ticks.collect(), Box::new(place))
            }
            Scale::Linear { limit } => {
                let last = largest.max(*limit).ceil();
                let place = move |value: f64| value / last * span;
                let whole = (0..=last as u32).map(|number| Tick {
                    x: LEFT + place(number.into()),
                    label: number.to_string(),
                    limit: false,
                });
                let limit = Tick {
                    x: LEFT + place(*limit),
                    label: String::new(),
                    limit: true,
                };
                (whole.chain([limit]).collect(), Box::new(place))
            }
        };
        let mut y = TOP;
        let (mut bars, mut groups) = (Vec::new(), Vec::<Group>::new());
        for entry in entries {
            if groups.last().is_none_or(|group| group.name != entry.group) {
                if !groups.is_empty() {
                    y += GAP;
                }
                groups.push(Group { y, name: entry.group });
            }
            bars.push(Bar {
                y,
                width: place(entry.value.max(f64::MIN_POSITIVE)).clamp(1.0, span),
                kind: entry.kind,
                name: entry.name,
                figure: entry.figure,
            });
            y += STEP;
        }
        Self {
            title: title.into(),
            width: WIDTH,
            height: y + 4.0,
            left: LEFT,
            top: TOP,
            ticks,
            bars,
            groups,
        }
    }
}

/// A power of ten of microseconds.
fn power_of_ten(power: i32) -> String {
    let (exponent, unit) = match power {
        ..0 => (power + 3, "ns"),
        0..3 => (power, "µs"),
        3..6 => (power - 3, "ms"),
        _ => (power - 6, "s"),
    };
    format!("{} {unit}", 10_f64.powi(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(group: &str, value: f64) -> Entry {
        Entry {
            group: group.to_owned(),
            name: "x".to_owned(),
            kind: "own",
            value,
            figure: String::new(),
        }
    }

    #[test]
    fn ten_times_as_much_is_one_step_longer_on_a_log_scale() {
        let plot = Plot::of(
            "t",
            vec![entry("a", 10.0), entry("a", 100.0), entry("b", 1000.0)],
            &Scale::Log,
        );
        let labels: Vec<_> = plot.ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["10 µs", "100 µs", "1 ms"]);
        let step = plot.ticks[1].x - plot.ticks[0].x;
        assert!((plot.bars[2].width - plot.bars[1].width - step).abs() < 1e-9);
        assert_eq!(plot.groups.len(), 2);
        assert!(
            plot.bars
                .iter()
                .all(|bar| bar.width <= RIGHT - LEFT && bar.y + STEP <= plot.height)
        );
    }

    #[test]
    fn a_linear_scale_begins_at_nothing_and_shows_the_limit() {
        let plot = Plot::of(
            "t",
            vec![entry("a", 0.5), entry("a", 2.5)],
            &Scale::Linear { limit: 1.25 },
        );
        assert_eq!(plot.bars[1].width / plot.bars[0].width, 5.0);
        assert_eq!(plot.ticks.iter().filter(|tick| tick.limit).count(), 1);
        // What was not measured has no length, and no picture breaks.
        let odd = Plot::of("t", vec![entry("a", f64::NAN), entry("a", 0.0)], &Scale::Log);
        assert!(odd.bars.iter().all(|bar| bar.width.is_finite()), "{odd:?}");
    }
}
