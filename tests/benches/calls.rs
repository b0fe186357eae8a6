//! What the host costs: a whole step against a bare typed call, a cached start against a cold one, replacing a trapped
//! instance, a whole frame against memcpy. `cargo xtask bench` prints the ratios.

mod bare;

use bare::Bare;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use procvision_host::algorithm::Algorithm;
use procvision_host::call::StepCall;
use procvision_host::failure::FailureClass;
use procvision_host::frame::{Frame, PixelFormat};
use procvision_host::host::{Host, HostConfig};
use procvision_host::limits::Limits;
use procvision_host::package::Package;
use procvision_host::policy::SandboxPolicy;
use procvision_host::session::Session;
use std::hint::black_box;
use std::time::{Duration, Instant};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
const BYTES: usize = WIDTH as usize * HEIGHT as usize * 3;

fn frame() -> Frame {
    let pixels: Vec<u8> = (0..BYTES).map(|index| (index % 251) as u8).collect();
    Frame::from_pixels(PixelFormat::RGB8, WIDTH, HEIGHT, WIDTH as usize * 3, pixels).expect("the size fits")
}

fn ask(task: &str) -> StepCall {
    StepCall::new(1, "A01", frame()).with_param("task", task)
}

fn package() -> Package {
    Package::open(procvision_tests::probe_component(), &Limits::default_ceiling()).expect("the probe is there")
}

fn load(host: &Host) -> Algorithm {
    host.load(&package()).expect("the probe loads")
}

fn judge(algorithm: &mut Algorithm, session: &mut Session, call: &StepCall) {
    let report = algorithm.execute(session, call);
    assert_eq!(report.outcome.verdict(), Some("OK"), "{:?}", report.outcome);
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("call");
    let mut bare = Bare::new(package().component());
    group.bench_function("bare", |bencher| bencher.iter(|| bare.execute()));

    let host = Host::new(HostConfig::default()).expect("a host");
    let mut algorithm = load(&host);
    for task in ["noop", "remember"] {
        let (mut session, call) = (Session::new("bench", Default::default()), ask(task));
        group.bench_function(format!("host-{task}"), |bencher| {
            bencher.iter(|| judge(&mut algorithm, &mut session, &call));
        });
    }
    group.finish();
}

fn starts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(20);
    let package = package();
    let cold = Host::new(HostConfig::default()).expect("a host");
    group.bench_function("cold", |bencher| {
        bencher.iter_batched(|| (), |()| cold.load(&package).expect("loads"), BatchSize::PerIteration);
    });

    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("compiled");
    let cached = Host::new(HostConfig {
        compile_cache: Some(cache),
        ..HostConfig::default()
    })
    .expect("a host");
    cached.load(&package).expect("fills the cache");
    group.bench_function("cached", |bencher| {
        bencher.iter_batched(
            || (),
            |()| {
                let algorithm = cached.load(&package).expect("loads");
                assert!(algorithm.load_report().from_cache);
                algorithm
            },
            BatchSize::PerIteration,
        );
    });

    // The first call after a trap: a fresh instance, its setup, and the call itself.
    let policy = SandboxPolicy {
        quarantine_after: u32::MAX,
        ..SandboxPolicy::default()
    };
    let host = Host::new(HostConfig {
        policy,
        ..HostConfig::default()
    })
    .expect("a host");
    let mut algorithm = load(&host);
    let (mut session, trap, noop) = (Session::new("bench", Default::default()), ask("trap"), ask("noop"));
    group.bench_function("after-trap", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                let report = algorithm.execute(&mut session, &trap);
                assert_eq!(
                    report.outcome.failure().map(|failure| failure.class),
                    Some(FailureClass::Trap)
                );
                let start = Instant::now();
                judge(&mut algorithm, &mut session, &noop);
                total += start.elapsed();
            }
            total
        });
    });
    group.finish();
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    group.throughput(Throughput::Bytes(BYTES as u64));
    let source: Vec<u8> = (0..BYTES).map(|index| (index % 251) as u8).collect();
    let mut target = vec![0_u8; BYTES];
    group.bench_function("memcpy", |bencher| {
        bencher.iter(|| {
            target.copy_from_slice(black_box(&source));
            black_box(&mut target);
        });
    });

    let host = Host::new(HostConfig::default()).expect("a host");
    let mut algorithm = load(&host);
    for task in ["read-rgb", "read-region"] {
        let (mut session, call) = (Session::new("bench", Default::default()), ask(task));
        group.bench_function(task, |bencher| {
            bencher.iter(|| judge(&mut algorithm, &mut session, &call))
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = calls, starts, frames
}
criterion_main!(benches);
