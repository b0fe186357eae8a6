//! A program that asks an algorithm about a picture of a frame pool with the library, for `cargo xtask bench ways`.
//!
//! ```text
//! in-process PACKAGE SOCKET REFERENCE
//! ```
//!
//! Each line of stdin is a number: so many times it asks, each time with the picture opened anew. It answers with a
//! line of JSON: how many nanoseconds each of them took, and the `sum` that the algorithm has published.

use procvision_host::algorithm::Algorithm;
use procvision_host::call::StepCall;
use procvision_host::host::{Host, HostConfig};
use procvision_host::outcome::Outcome;
use procvision_host::package::Package;
use procvision_host::pool::FrameReference;
use procvision_host::pool::consumer::PoolClient;
use procvision_host::session::Session;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::io::Write;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [package, socket, reference] = arguments.as_slice() else {
        return Err("see the head of the source".into());
    };
    let host = Host::new(HostConfig::default())?;
    let package = Package::open(package, &host.config().ceiling)?;
    let mut algorithm = host.load(&package)?;
    let pools = PoolClient::new(socket);
    let reference: FrameReference = reference.parse()?;
    let mut session = Session::new("in-process", Map::new());
    for line in std::io::stdin().lines() {
        let samples: usize = line?.trim().parse()?;
        let mut nanoseconds = Vec::with_capacity(samples);
        let mut sum = Value::Null;
        for _ in 0..samples {
            let begun = Instant::now();
            sum = ask(&mut algorithm, &mut session, &pools, &reference)?;
            nanoseconds.push(u64::try_from(begun.elapsed().as_nanos())?);
        }
        println!("{}", json!({ "nanoseconds": nanoseconds, "sum": sum }));
        std::io::stdout().flush()?;
    }
    algorithm.teardown();
    Ok(())
}

/// Opens the picture and asks: what the algorithm publishes as `sum`.
fn ask(
    algorithm: &mut Algorithm,
    session: &mut Session,
    pools: &PoolClient,
    reference: &FrameReference,
) -> Result<Value, Box<dyn Error>> {
    let call = StepCall::new(1, "A01", pools.open(reference)?);
    let report = algorithm.execute(session, &call);
    match report.outcome {
        Outcome::Ok { .. } => Ok(report.diagnostics.get("sum").cloned().unwrap_or_default()),
        other => Err(format!("the answer is {other:?}").into()),
    }
}
