//! What `procvision bench` measures, with criterion's statistics: for work on the host and the SDK, where a change of a
//! few per cent matters. `cargo xtask bench` prints the ratios.

use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use procvision_host::bench::frames::{Frames, SIZES, Touch};
use procvision_host::bench::kernels::Kernels;
use procvision_host::bench::{Subject, calls, start};
use std::time::Duration;

/// Each subject under its name.
fn each(group: &mut BenchmarkGroup<'_, WallTime>, subjects: Vec<Subject>) {
    for mut subject in subjects {
        let name = subject.name().to_owned();
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let times = u32::try_from(times).expect("criterion asks for less than billions");
                subject.run(times).expect("it can be measured")
            });
        });
    }
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("call");
    each(&mut group, calls::subjects().expect("calls can be measured"));
}

fn starts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(20);
    each(&mut group, start::subjects().expect("starts can be measured"));
}

/// Pictures of 1920 x 1080 pixels on their way into an algorithm. What does not enter the sandbox is left out.
fn frames(criterion: &mut Criterion) {
    let size = SIZES.iter().find(|size| size.name == "1080p");
    let frames = Frames::new(*size.expect("it is one of the sizes")).expect("pictures can be made");
    for (name, touch) in [("frame", Touch::Pages), ("region", Touch::Region)] {
        let mut group = criterion.benchmark_group(name);
        let mut subjects = frames.subjects(touch).expect("pictures can be delivered");
        subjects.retain(|subject| !["file", "tcp", "base64"].contains(&subject.name()));
        each(&mut group, subjects);
    }
    let mut group = criterion.benchmark_group("copy");
    each(&mut group, frames.copies().expect("pictures can be copied"));
}

fn kernels(criterion: &mut Criterion) {
    let kernels = Kernels::new().expect("kernels can be measured");
    for (index, name) in Kernels::names().enumerate() {
        let mut group = criterion.benchmark_group(format!("kernel_{name}"));
        group.sample_size(20).measurement_time(Duration::from_millis(500));
        let subjects = kernels.subjects(index);
        each(
            &mut group,
            subjects.expect("the sandbox computes what the native build does"),
        );
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    targets = calls, starts, frames, kernels
}
criterion_main!(benches);
