//! A guest that runs every vision kernel on pictures of the frame's size and publishes digests of the results.

use procvision_guest::prelude::*;
use procvision_guest::vision::catalog::{self, Inputs};

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
        Ok(Verdict::ok())
    }
}

procvision_guest::export!(Digester);
