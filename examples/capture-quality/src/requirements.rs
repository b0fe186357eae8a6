//! What a picture must be like, and what is said of one that is not.

use serde::Deserialize;

use crate::measure::Quality;

/// The thresholds, from the parameters of the step.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Requirements {
    /// Smallest mean level.
    pub min_exposure: f64,
    /// Largest mean level.
    pub max_exposure: f64,
    /// Largest share of pixels without detail.
    pub max_clipped: f64,
    /// Smallest standard deviation of the levels.
    pub min_contrast: f64,
    /// Smallest variance of the Laplacian.
    pub min_sharpness: f64,
}

/// Something that is wrong with a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// In two or three words.
    pub name: &'static str,
    /// With the measured and the required value.
    pub text: String,
}

impl Requirements {
    /// Everything that is wrong with a picture. Contrast and focus are judged only if the exposure is right, because
    /// both fall with it: whoever mends the light should not be sent to the lens.
    pub fn problems(&self, quality: &Quality) -> Vec<Problem> {
        let Quality {
            exposure,
            clipped,
            contrast,
            sharpness,
        } = *quality;
        let problem = |is_wrong: bool, name, what: String| {
            is_wrong.then(|| Problem {
                name,
                text: format!("{name}: {what}"),
            })
        };
        let is_exposed = (self.min_exposure..=self.max_exposure).contains(&exposure);
        [
            problem(
                exposure < self.min_exposure,
                "too dark",
                format!("mean {exposure:.1}, required {:.1}", self.min_exposure),
            ),
            problem(
                exposure > self.max_exposure,
                "too bright",
                format!("mean {exposure:.1}, allowed {:.1}", self.max_exposure),
            ),
            problem(
                clipped > self.max_clipped,
                "clipped",
                format!(
                    "{:.1} % of pixels, allowed {:.1} %",
                    100.0 * clipped,
                    100.0 * self.max_clipped
                ),
            ),
            problem(
                is_exposed && contrast < self.min_contrast,
                "low contrast",
                format!("{contrast:.1}, required {:.1}", self.min_contrast),
            ),
            problem(
                is_exposed && sharpness < self.min_sharpness,
                "out of focus",
                format!("{sharpness:.1}, required {:.1}", self.min_sharpness),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: Requirements = Requirements {
        min_exposure: 50.0,
        max_exposure: 200.0,
        max_clipped: 0.1,
        min_contrast: 20.0,
        min_sharpness: 80.0,
    };
    const GOOD: Quality = Quality {
        exposure: 50.0,
        clipped: 0.1,
        contrast: 20.0,
        sharpness: 80.0,
    };

    #[test]
    fn a_picture_on_every_limit_is_good() {
        assert_eq!(REQUIRED.problems(&GOOD), []);
        assert_eq!(
            REQUIRED.problems(&Quality {
                exposure: 200.0,
                ..GOOD
            }),
            []
        );
    }

    #[test]
    fn contrast_and_focus_of_a_dark_picture_are_not_held_against_it() {
        let dark = Quality {
            exposure: 10.0,
            contrast: 3.0,
            sharpness: 2.0,
            ..GOOD
        };
        assert_eq!(
            REQUIRED
                .problems(&dark)
                .iter()
                .map(|problem| problem.name)
                .collect::<Vec<_>>(),
            ["too dark"]
        );
        let flat = Quality {
            contrast: 3.0,
            sharpness: 2.0,
            ..GOOD
        };
        let names: Vec<_> = REQUIRED.problems(&flat).iter().map(|problem| problem.name).collect();
        assert_eq!(names, ["low contrast", "out of focus"]);
    }

    #[test]
    fn each_problem_tells_the_measured_and_the_required_value() {
        for (quality, text) in [
            (
                Quality {
                    exposure: 31.25,
                    ..GOOD
                },
                "too dark: mean 31.2, required 50.0",
            ),
            (
                Quality {
                    exposure: 201.0,
                    ..GOOD
                },
                "too bright: mean 201.0, allowed 200.0",
            ),
            (
                Quality { clipped: 0.25, ..GOOD },
                "clipped: 25.0 % of pixels, allowed 10.0 %",
            ),
            (Quality { contrast: 9.0, ..GOOD }, "low contrast: 9.0, required 20.0"),
            (
                Quality {
                    sharpness: 12.5,
                    ..GOOD
                },
                "out of focus: 12.5, required 80.0",
            ),
        ] {
            let problems = REQUIRED.problems(&quality);
            assert_eq!(
                problems.iter().map(|problem| problem.text.as_str()).collect::<Vec<_>>(),
                [text]
            );
        }
    }
}
