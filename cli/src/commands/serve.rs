//! `procvision serve`: a station.

mod token;

use super::error::CommandError;
use super::exit::Exit;
use super::help;
use super::store::named_by_environment;
use super::terminal::{self, DONE, TerminalArgs};
use clap::{Args, Subcommand};
use procvision_host::compiler::CompileChild;
use procvision_host::limits::CompileLimits;
use procvision_host::pool::socket;
use procvision_host::store::{Store, StoreOptions};
use procvision_station::config::Config;
use procvision_station::http::{Listening, WhereToListen};
use procvision_station::service;
use procvision_station::station::Setup;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use token::Token;

/// How long threads have at the end that read or remove something.
const LAST: Duration = Duration::from_secs(5);

/// Run a station: judge products with what is active in a store, and answer over HTTP
///
/// Each active version runs in a locked-down process of its own, is supervised, and is replaced without a gap when another one
/// becomes active. Results are on disk before they are answered. Says where it listens as soon as it does, and runs until
/// SIGTERM or SIGINT; SIGHUP has it read its configuration again.
#[derive(Args)]
#[command(after_help = help::SERVE, args_conflicts_with_subcommands = true)]
pub struct Serve {
    #[command(subcommand)]
    command: Option<ServeCommand>,

    /// What is set for algorithms and for the station
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Folder of the store; without it the environment variable PROCVISION_STORE names it. It is made if it is not there
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,

    /// Address and port of the page and of the interface. One that other machines reach needs tokens in the configuration
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,

    /// Listen at this socket as well, where only the station's user can connect, and may do everything
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,

    /// The socket of the frame pools' broker; if nobody listens there, the station keeps the pools itself [default:
    /// PROCVISION_FRAMES_SOCKET, else as `frames broker` chooses it]
    #[arg(long, value_name = "PATH")]
    frames_socket: Option<PathBuf>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
enum ServeCommand {
    Token(Token),
}

impl Serve {
    /// Whether the answer is for a program.
    pub fn json(&self) -> bool {
        match &self.command {
            Some(ServeCommand::Token(token)) => token.json,
            None => self.json,
        }
    }

    /// Runs it to its end.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        if let Some(ServeCommand::Token(token)) = &self.command {
            return token.run();
        }
        let config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::default(),
        };
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let frames_socket = match &self.frames_socket {
            Some(path) => path.clone(),
            None => socket::default_path()?,
        };
        let program = std::env::current_exe().map_err(|error| {
            CommandError::could_not_run("unavailable", format!("the program does not find itself: {error}"))
        })?;
        let store = self.store()?;
        let setup = Setup {
            config: absolute(config)?,
            pictures: pictures(&store),
            store,
            program,
            frames_socket,
        };
        let place = WhereToListen {
            tcp: Some(self.listen),
            socket: self.socket.clone(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            CommandError::could_not_run(
                "unavailable",
                format!("the station's threads cannot be started: {error}"),
            )
        })?;
        let ended = runtime.block_on(service::run(setup, &place, |listening| self.tell(listening, terminal)));
        // What a thread still reads or removes is not waited for: it is whole at every moment.
        runtime.shutdown_timeout(LAST);
        ended?;
        Ok(Exit::Good)
    }

    /// The store, by its whole path: processes are told it.
    fn store(&self) -> Result<PathBuf, CommandError> {
        let Some(folder) = self.store.clone().or_else(named_by_environment) else {
            let message = "no store is named, neither by --store nor by PROCVISION_STORE";
            return Err(CommandError::could_not_run("usage", message).help("give --store DIR"));
        };
        let options = StoreOptions {
            compile_with: Some(CompileChild::this_program(CompileLimits::default()).program),
            ..StoreOptions::default()
        };
        let store = Store::create(folder, options)?;
        let root = store.root();
        std::path::absolute(root).map_err(|error| {
            let message = format!("the store {} cannot be found: {error}", root.display());
            CommandError::could_not_run("unavailable", message)
        })
    }

    fn tell(&self, listening: &Listening, terminal: &TerminalArgs) {
        let page = listening.tcp.map(|address| format!("http://{address}/"));
        let socket = listening
            .socket
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned());
        let said = if self.json {
            terminal::print_json(&json!({
                "schema": 1, "page": page, "socket": socket, "process": std::process::id(),
            }))
        } else if terminal.quiet {
            Ok(())
        } else {
            let places: Vec<String> = page.into_iter().chain(socket).collect();
            terminal::print(&format!("{DONE}Listening{DONE:#} at {}", places.join(" and ")))
        };
        // Whoever started the station does not read what it says; it goes on all the same.
        drop(said);
    }
}

/// The configuration with the whole path of its file: processes read it, too.
fn absolute(mut config: Config) -> Result<Config, CommandError> {
    if let Some(path) = &config.path {
        let path = std::path::absolute(path).map_err(|error| {
            CommandError::could_not_run("unavailable", format!("{} cannot be found: {error}", path.display()))
        })?;
        config.path = Some(path);
    }
    Ok(config)
}

/// The folder for pictures that are not in a pool: in memory, of this store alone, and the same whichever version of
/// the program serves it, so that the next one finds what this one leaves behind.
fn pictures(store: &Path) -> PathBuf {
    let digest = Sha256::digest(store.as_os_str().as_bytes());
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let user = rustix::process::getuid().as_raw();
    let name = format!("procvision-station-{user}-{hash}");
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => memory.join(name),
        false => std::env::temp_dir().join(name),
    }
}
