//! `procvision frames list`: what is in the pools, and what goes through them.

use super::socket::SocketArgs;
use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::{help, terminal};
use anstyle::Style;
use clap::Args;
use indicatif::BinaryBytes;
use procvision_host::pool::message::PoolStatus;
use procvision_host::pool::observer::Observer;
use serde_json::{Value, json};
use std::fmt::Write;

/// Show pools, slots, states, rates and drops
#[derive(Args)]
#[command(after_help = help::FRAMES_LIST)]
pub struct List {
    #[command(flatten)]
    socket: SocketArgs,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

const NAME: Style = Style::new().bold();

impl List {
    /// Asks the broker and shows what it says.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let socket = self.socket.path()?;
        let pools = Observer::connect(&socket)?.pools()?;
        if self.json {
            let pools: Vec<Value> = pools.iter().map(json_of).collect();
            terminal::print_json(&json!({ "socket": socket.to_string_lossy(), "pools": pools }))?;
        } else if pools.is_empty() {
            terminal::print("no pools: no producer has connected yet")?;
        } else {
            let texts: Vec<String> = pools.iter().map(text_of).collect();
            terminal::print(texts.join("\n").trim_end())?;
        }
        Ok(Exit::Good)
    }
}

fn json_of(pool: &PoolStatus) -> Value {
    let numbers = 0..pool.slots;
    let states = numbers.zip(&pool.states).map(|(slot, state)| {
        json!({
            "slot": slot,
            "phase": state.phase,
            "generation": state.generation,
            "holders": state.holders,
            "picture": state.picture,
        })
    });
    json!({
        "pool": pool.pool,
        "slots": pool.slots,
        "slot_bytes": pool.slot_bytes,
        "huge_pages": pool.huge_pages,
        "producer": pool.producer,
        "consumers": pool.consumers,
        "published": pool.published,
        "dropped": pool.dropped,
        "fps": pool.fps,
        "states": states.collect::<Vec<_>>(),
    })
}

fn text_of(pool: &PoolStatus) -> String {
    let pages = if pool.huge_pages { "huge" } else { "small" };
    let producer = if pool.producer { "a producer" } else { "no producer" };
    let consumers = match pool.consumers {
        1 => "1 consumer".to_owned(),
        count => format!("{count} consumers"),
    };
    let mut text = format!(
        "{NAME}{}{NAME:#}  {} slots of {}, {pages} pages; {producer}, {consumers}\n  \
         {:.1} pictures/s, {} published, {} dropped\n",
        pool.pool,
        pool.slots,
        BinaryBytes(pool.slot_bytes),
        pool.fps,
        pool.published,
        pool.dropped,
    );
    text.push_str("  slot  state    held by   generation  picture\n");
    for (slot, state) in pool.states.iter().enumerate() {
        let picture = state.picture.as_ref().map_or(String::new(), |picture| {
            format!("  {} x {} {}", picture.width, picture.height, picture.format)
        });
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {slot:>4}  {:<7}  {:>7}  {:>11}{picture}",
            state.phase, state.holders, state.generation
        );
    }
    text
}
