//! What is recorded, through the public face and with real files.

#[path = "results/damage.rs"]
mod damage;
#[path = "results/durability.rs"]
mod durability;
#[path = "results/exporting.rs"]
mod exporting;
#[path = "results/filtering.rs"]
mod filtering;
#[path = "results/paging.rs"]
mod paging;
#[path = "results/recording.rs"]
mod recording;
#[path = "results/retention.rs"]
mod retention;
#[path = "results/room.rs"]
mod room;
#[path = "results/sample.rs"]
mod sample;
#[path = "results/statistics.rs"]
mod statistics;
