//! Algorithms at work in a locked process.

use crate::Result;
use procvision_host::algorithm::Algorithm;
use procvision_host::call::StepCall;
use procvision_host::cases::{self, Cases};
use procvision_host::compiler::{CompileChild, Compiler};
use procvision_host::frame::{Frame, PictureLayout, PixelFormat};
use procvision_host::host::{Host, HostConfig};
use procvision_host::limits::CompileLimits;
use procvision_host::lockdown::{self, Lockdown, Requirement};
use procvision_host::outcome::StepReport;
use procvision_host::package::Package;
use procvision_host::pool::memory::{PoolMemory, SLOT_GRANULE};
use procvision_host::session::Session;
use procvision_host::source::{DevStore, FrameSource, ImageMeta};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Nothing here takes nearly as long.
const MOST_TIME: Duration = Duration::from_secs(100);

/// Loads the probe and the packages, each given as `FOLDER=COMPONENT` and compiled by `program`, locks, replays the golden cases of the packages, has
/// the probe look at a mapped picture, trap, and look again, and reads a picture from the development store `store`.
/// Prints what came of it as one JSON object.
pub fn judge(program: &Path, probe: &Path, store: &Path, packages: &[&str]) -> Result {
    lockdown::declare();
    let host = Host::new(HostConfig {
        compiler: Compiler::Child(CompileChild {
            program: program.to_owned(),
            limits: CompileLimits::default(),
        }),
        ..HostConfig::default()
    })?;
    let ceiling = host.config().ceiling.clone();
    let mut readable = vec![store.to_owned()];
    let mut examples = Vec::new();
    for package in packages {
        let (folder, component) = package.split_once('=').ok_or("a package is FOLDER=COMPONENT")?;
        let folder = PathBuf::from(folder);
        let cases = Cases::read(&folder)?.ok_or("it has no cases")?;
        let package = Package::open_with_component(&folder, component, &ceiling)?;
        examples.push((folder.clone(), host.load(&package)?, cases));
        readable.push(folder);
    }
    let mut probe = host.load(&Package::open(probe, &ceiling)?)?;
    let pooled = pooled_frame()?;
    let lockdown = Lockdown {
        readable,
        ..Lockdown::new(&probe.limits().limits, 1, Requirement::Required)
    };
    let report = lockdown.apply()?;

    let mut replayed = Map::new();
    for (folder, algorithm, cases) in &mut examples {
        let results = cases::replay(algorithm, cases, MOST_TIME);
        let good = results.iter().filter(|result| result.is_as_expected()).count();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        replayed.insert(name, json!({ "cases": results.len(), "good": good }));
    }
    let mapped = ask(&mut probe, "origin", pooled.clone());
    let trap = ask(&mut probe, "trap", pooled.clone());
    let again = ask(&mut probe, "origin", pooled);
    let stored = DevStore::new(store).open("dev-shm:s-1", &ImageMeta::default());
    let elsewhere = DevStore::new(store.join("..")).open("dev-shm:s-1", &ImageMeta::default());
    let sized = |frame: std::result::Result<Frame, _>| match frame {
        Ok(frame) => json!([frame.width(), frame.height()]),
        Err::<_, procvision_host::source::SourceError>(error) => json!(procvision_host::explain::one_line(&error)),
    };
    println!(
        "{}",
        json!({
            "report": report.to_json(),
            "examples": replayed,
            "mapped": brief(&mapped),
            "trap": brief(&trap),
            "again": brief(&again),
            "stored": sized(stored),
            "elsewhere": sized(elsewhere),
        })
    );
    std::io::read_to_string(std::io::stdin())?;
    Ok(())
}

/// A picture in memory that is shared with a camera.
fn pooled_frame() -> Result<Frame> {
    let layout = PictureLayout::packed(PixelFormat::RGB8, 640, 480);
    let memory = PoolMemory::create(1, SLOT_GRANULE)?;
    memory.write(0, 0, &vec![3; SLOT_GRANULE])?;
    Ok(Frame::in_pool(Arc::new(memory), 0, layout, Arc::new(()))?)
}

fn ask(algorithm: &mut Algorithm, task: &str, frame: Frame) -> StepReport {
    let call = StepCall::new(1, "A01", frame).with_param("task", task);
    algorithm.execute(&mut Session::new("test", Map::new()), &call)
}

fn brief(report: &StepReport) -> Value {
    let failure = report.outcome.failure();
    json!({
        "outcome": report.outcome.as_str(),
        "message": report.outcome.to_protocol()["message"],
        "class": failure.map(|failure| failure.class.as_str()),
        "instance_replaced": report.instance_replaced,
    })
}
