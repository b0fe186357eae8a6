//! Which picture is judged: a file, an identifier as a platform would send it, or the newest of a camera.

use crate::commands::error::CommandError;
use clap::{ArgGroup, Args, ValueEnum};
use procvision_host::frame::Frame;
use procvision_host::policy::PicturePolicy;
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::{FrameReference, PoolName, socket};
use procvision_host::report::{Picture, PictureOrigin};
use procvision_host::source::{ColorSpace, ImageMeta, PictureFiles, PoolFrames, SourceError, Sources, or_stand_in};
use std::path::PathBuf;

/// The picture, and what is said about it.
#[derive(Args)]
#[command(group = ArgGroup::new("which picture").required(true).args(["image", "shared_mem_id", "camera"]))]
pub(super) struct PictureArgs {
    /// The picture: PNG or JPEG
    #[arg(short, long, value_name = "PICTURE")]
    image: Option<PathBuf>,

    /// The picture by its identifier, such as dev-shm:s-1, pool:cam-01/0/1 or the name of a shared-memory object
    #[arg(long, value_name = "ID")]
    shared_mem_id: Option<String>,

    /// The newest picture of a pool
    #[arg(long, value_name = "POOL")]
    camera: Option<PoolName>,

    /// Size of the picture; raw pixels need it, and every other picture must have it
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = parse_size)]
    size: Option<(i64, i64)>,

    /// Order of the colours in raw pixels [default: RGB]
    #[arg(long, value_name = "ORDER", value_enum, requires = "shared_mem_id", conflicts_with_all = ["image", "camera"])]
    color_space: Option<ColorSpaceArg>,

    /// Name of the camera, as the algorithm is told it
    #[arg(long, value_name = "NAME")]
    camera_id: Option<String>,

    /// What happens if the picture cannot be had [default: as the policy says, else strict]
    #[arg(long, value_name = "WHAT", value_enum)]
    on_missing_picture: Option<PolicyArg>,

    /// The socket of the pools' broker [default: PROCVISION_FRAMES_SOCKET, else as `frames broker` chooses it]
    #[arg(long, value_name = "PATH", conflicts_with = "image")]
    frames_socket: Option<PathBuf>,
}

/// [`ColorSpace`] as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ColorSpaceArg {
    #[value(name = "RGB")]
    Rgb,
    #[value(name = "BGR")]
    Bgr,
}

/// [`PicturePolicy`] as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PolicyArg {
    /// Nothing is asked
    Strict,
    /// The algorithm is asked about a black picture of --size, and the answer carries a warning
    ZeroFill,
}

/// `1920x1080`.
fn parse_size(text: &str) -> Result<(i64, i64), String> {
    let sides = text.split_once('x');
    let sides = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| "expected WIDTHxHEIGHT in pixels, such as 1920x1080".to_owned())
}

impl PictureArgs {
    /// Reads it, or puts a black one in its place if that is wanted.
    pub(super) fn read(&self, station: PicturePolicy) -> Result<Picture, CommandError> {
        self.refuse_useless_socket()?;
        let meta = self.meta()?;
        let (origin, picture) = self.find(&meta)?;
        let policy = match self.on_missing_picture {
            None => station,
            Some(PolicyArg::Strict) => PicturePolicy::Strict,
            Some(PolicyArg::ZeroFill) => PicturePolicy::ZeroFill,
        };
        let wants_size = policy == PicturePolicy::ZeroFill && meta.size().is_none();
        let frame = or_stand_in(picture, &meta, policy).map_err(|error| match wants_size {
            true => CommandError::from(error).help("say the --size of the black picture"),
            false => CommandError::from(error),
        })?;
        Ok(Picture {
            name: String::new(),
            origin,
            frame,
        })
    }

    /// Only pools have a broker. Whether the picture is from one is in the identifier, not in which arguments there are.
    fn refuse_useless_socket(&self) -> Result<(), CommandError> {
        let other = self
            .shared_mem_id
            .as_deref()
            .filter(|id| !FrameReference::is_meant_by(id));
        match (&self.frames_socket, other) {
            (Some(_), Some(_)) => Err(CommandError::could_not_run(
                "usage",
                "`--frames-socket` is of no use with a `--shared-mem-id` that names no picture in a pool",
            )
            .help("leave it out, or name a picture in a pool, such as pool:cam-01/0/1")),
            _ => Ok(()),
        }
    }

    fn meta(&self) -> Result<ImageMeta, CommandError> {
        let mut meta = ImageMeta::default().with_color_space(match self.color_space {
            Some(ColorSpaceArg::Bgr) => ColorSpace::BGR,
            Some(ColorSpaceArg::Rgb) | None => ColorSpace::RGB,
        });
        if let Some((width, height)) = self.size {
            meta = meta.with_size(width, height)?;
        }
        Ok(match &self.camera_id {
            Some(camera) => meta.with_camera_id(camera)?,
            None => meta,
        })
    }

    /// Where the picture is from, and the picture, if it can be had.
    fn find(&self, meta: &ImageMeta) -> Result<(PictureOrigin, Result<Frame, SourceError>), CommandError> {
        if let Some(path) = &self.image {
            return Ok((PictureOrigin::File(path.clone()), PictureFiles::read(path, meta)));
        }
        if let Some(pool) = &self.camera {
            let newest = self.pools()?.newest(pool, meta);
            let id = match &newest {
                Ok((reference, _)) => reference.to_string(),
                Err(_) => format!("pool:{pool}"),
            };
            let origin = PictureOrigin::Source { kind: "pool", id };
            return Ok((origin, newest.map(|(_, frame)| frame)));
        }
        let id = self.shared_mem_id.clone().unwrap_or_default();
        let mut sources = Sources::of_station().with(PictureFiles::new());
        if FrameReference::is_meant_by(&id) {
            sources = sources.with(self.pools()?);
        }
        let kind = sources.of(&id).map_or("none", |source| source.kind());
        let picture = sources.open(&id, meta);
        Ok((PictureOrigin::Source { kind, id }, picture))
    }

    fn pools(&self) -> Result<PoolFrames, CommandError> {
        let socket = match &self.frames_socket {
            Some(path) => path.clone(),
            None => socket::default_path()?,
        };
        Ok(PoolFrames::new(PoolClient::new(socket)))
    }
}
