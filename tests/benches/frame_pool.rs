//! What the frame pool costs: a lease with its header, from memory that is shared; a picture's way into a slot, with
//! the broker's answers.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use procvision_host::frame::PixelFormat;
use procvision_host::pool::broker::{Broker, BrokerConfig};
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::producer::{Camera, Producer};
use std::hint::black_box;
use std::time::Duration;

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
const BYTES: usize = WIDTH as usize * HEIGHT as usize * 3;

fn pool(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pool");
    let (_folder, socket) = procvision_tests::frame_pool::socket();
    let _broker = Broker::start(BrokerConfig::new(&socket)).expect("a broker");
    let name: procvision_host::pool::PoolName = "bench".parse().expect("a name");
    let producer = Producer::connect(&socket, name.clone(), 8, 8 << 20).expect("a producer");
    let camera = Camera {
        timestamp_ms: 1,
        id: "bench".into(),
    };
    let publish = |width: u32, height: u32, pixels: &[u8]| {
        let writer = producer.acquire().expect("a broker").expect("a free slot");
        let stride = width as usize * 3;
        writer
            .publish_pixels(PixelFormat::RGB8, width, height, stride, pixels, &camera)
            .expect("it fits")
    };
    let pixels: Vec<u8> = (0..BYTES).map(|index| (index % 251) as u8).collect();
    let reference = publish(WIDTH, HEIGHT, &pixels);

    let client = PoolClient::new(&socket);
    group.bench_function("lease", |bencher| {
        bencher.iter(|| drop(black_box(client.open(black_box(&reference)).expect("it is there"))));
    });
    let text = reference.to_string();
    group.bench_function("lease-from-text", |bencher| {
        bencher.iter(|| {
            let reference = black_box(&text).parse().expect("a reference");
            drop(black_box(client.open(&reference).expect("it is there")));
        });
    });
    group.bench_function("newest", |bencher| {
        bencher.iter(|| drop(black_box(client.newest(&name).expect("it is there"))));
    });
    group.bench_function("publish-pixel", |bencher| bencher.iter(|| publish(1, 1, &pixels)));

    group.throughput(Throughput::Bytes(BYTES as u64));
    let mut target = vec![0_u8; BYTES];
    group.bench_function("memcpy", |bencher| {
        bencher.iter(|| {
            target.copy_from_slice(black_box(&pixels));
            black_box(&mut target);
        });
    });
    group.bench_function("publish", |bencher| bencher.iter(|| publish(WIDTH, HEIGHT, &pixels)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = pool
}
criterion_main!(benches);
