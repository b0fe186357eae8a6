//! A guest that runs every vision kernel on pictures of the frame's size and publishes digests of the results.

use procvision_guest::prelude::*;
use procvision_guest::vision::catalog::{self, Inputs, Output};

/// The name under which the result of a function of `imageproc` is published.
pub const FOREIGN: &str = "imageproc";

/// A function of `imageproc`, used as it is: the digest of what it makes.
pub fn foreign(picture: GrayView<'_>) -> u64 {
    let filtered = imageproc::filter::median_filter(&picture.to_pixels().into(), 1, 2);
    Gray::try_from(filtered).map_or(0, |filtered| Output::from(filtered).digest())
}

#[derive(Default)]
struct Digester;

impl Algorithm for Digester {
    fn info() -> Info {
        Info::new("digester", env!("CARGO_PKG_VERSION"))
            .description("Publishes a digest of what each kernel makes")
            .pids(["A01"])
            .step(Step::new(1, "digest"))
    }

    fn execute(&mut self, call: &Call, _: &Session) -> Result<Verdict, Failure> {
        let inputs = Inputs::synthetic(call.frame().width(), call.frame().height());
        for kernel in catalog::all() {
            // As text, since JSON numbers do not hold 64 bits.
            diagnostics::publish(kernel.name(), kernel.run(&inputs).digest().to_string());
        }
        diagnostics::publish(FOREIGN, foreign(inputs.gray()).to_string());
        Ok(Verdict::ok())
    }
}

procvision_guest::export!(Digester);
