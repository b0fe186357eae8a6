//! `procvision frames publish`: a camera for development, which shows the same pictures again and again.

mod pictures;

use super::socket::SocketArgs;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::terminal::TerminalArgs;
use crate::commands::{help, terminal};
use clap::{ArgGroup, Args};
use pictures::{Picture, SceneArg, Size};
use procvision_host::frame::PixelFormat;
use procvision_host::pool::memory::SLOT_GRANULE;
use procvision_host::pool::producer::{Camera, Producer};
use procvision_host::pool::{FrameReference, PoolName};
use serde_json::json;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Be a camera: publish pictures in a pool, in a loop
///
/// Prints the reference of each picture, to be put into a call as `shared_mem_id`. When every slot is in use the
/// picture is dropped and counted, as a camera would.
#[derive(Args)]
#[command(after_help = help::FRAMES_PUBLISH)]
#[command(group(ArgGroup::new("source").required(true).args(["images", "scene"])))]
pub struct Publish {
    /// Name of the pool, which is made if it is not there
    #[arg(short, long)]
    pool: PoolName,

    /// Pictures to show, PNG or JPEG
    #[arg(short, long = "image", value_name = "PICTURE", num_args = 1..)]
    images: Vec<PathBuf>,

    /// Show pictures that are drawn
    #[arg(short, long, value_enum)]
    scene: Option<SceneArg>,

    /// Size of the pictures that are drawn
    #[arg(
        long,
        value_name = "WIDTHxHEIGHT",
        default_value = "640x480",
        conflicts_with = "images"
    )]
    size: Size,

    /// Pixel format: Mono8, RGB8, BGR8, BayerRG8, BayerGR8, BayerGB8 or BayerBG8 [default: that of the picture]
    #[arg(short, long, value_parser = pictures::parse_format)]
    format: Option<PixelFormat>,

    /// Pictures a second
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = parse_fps)]
    fps: f64,

    /// End after so many pictures, those included that were dropped
    #[arg(short, long, value_name = "N")]
    count: Option<u64>,

    /// How many slots the pool has
    #[arg(long, value_name = "N", default_value_t = 8)]
    slots: u32,

    /// What the camera calls itself [default: the name of the pool]
    #[arg(long, value_name = "NAME")]
    camera: Option<String>,

    #[command(flatten)]
    socket: SocketArgs,

    /// Answer in JSON, one object for each picture
    #[arg(long)]
    pub json: bool,
}

/// What became of the pictures.
#[derive(Default)]
struct Tally {
    published: u64,
    dropped: u64,
}

impl Publish {
    /// Publishes until everything is shown or nobody listens any more.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let pictures = match self.scene {
            Some(scene) => pictures::drawn(scene, self.size, self.format)?,
            None => pictures::read(&self.images, self.format)?,
        };
        let largest = pictures.iter().map(|picture| picture.pixels.len()).max().unwrap_or(1);
        let producer = Producer::connect(
            self.socket.path()?,
            self.pool.clone(),
            self.slots,
            largest.next_multiple_of(SLOT_GRANULE),
        )?;
        let period = Duration::from_secs_f64(1.0 / self.fps);
        let mut due = Instant::now();
        let mut tally = Tally::default();
        for picture in pictures.iter().cycle() {
            if self.count.is_some_and(|count| tally.published + tally.dropped >= count) {
                break;
            }
            // A camera has its own clock: one that is late does not hurry to make up for it.
            thread::sleep(due.saturating_duration_since(Instant::now()));
            due = (due + period).max(Instant::now());
            if !self.show(&producer, picture, &mut tally, terminal)? {
                break;
            }
        }
        let Tally { published, dropped } = tally;
        if self.json {
            terminal::print_json(&json!({ "published": published, "dropped": dropped }))?;
        } else if !terminal.quiet {
            anstream::eprintln!("{published} published, {dropped} dropped");
        }
        Ok(Exit::Good)
    }

    /// Shows one picture; `false` if nobody reads the references any more.
    fn show(
        &self,
        producer: &Producer,
        picture: &Picture,
        tally: &mut Tally,
        terminal: &TerminalArgs,
    ) -> Result<bool, CommandError> {
        let Some(writer) = producer.acquire()? else {
            tally.dropped += 1;
            if self.json {
                return terminal::print_on(&json!({ "dropped": tally.dropped }).to_string());
            }
            if !terminal.quiet {
                anstream::eprintln!("dropped: every slot is in use ({} so far)", tally.dropped);
            }
            return Ok(true);
        };
        let camera = Camera {
            timestamp_ms: now_ms(),
            id: self.camera.clone().unwrap_or_else(|| self.pool.to_string()),
        };
        let Picture {
            format,
            width,
            height,
            ref pixels,
        } = *picture;
        let stride = width as usize * format.bytes_per_pixel();
        let reference = writer.publish_pixels(format, width, height, stride, pixels, &camera)?;
        tally.published += 1;
        terminal::print_on(&match self.json {
            true => json_of(&reference, picture, &camera),
            false => reference.to_string(),
        })
    }
}

fn json_of(reference: &FrameReference, picture: &Picture, camera: &Camera) -> String {
    json!({
        "reference": reference.to_string(),
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "timestamp_ms": camera.timestamp_ms,
        "camera_id": camera.id,
    })
    .to_string()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn parse_fps(text: &str) -> Result<f64, String> {
    let fps: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
    if (0.01..=1000.0).contains(&fps) {
        Ok(fps)
    } else {
        Err("must be from 0.01 to 1000".into())
    }
}
