//! The station's store, through the command line and the library: the whole way of a package, and everything that can go
//! wrong on it. `killed.rs` ends installations at random moments; `crowd.rs` has many processes at once.

mod stage;

mod activation;
mod altered;
mod arguments;
mod audit;
mod crowd;
mod damage;
mod exposed;
mod forged;
mod full_disk;
mod gc;
mod in_use;
mod install;
mod killed;
mod listing;
mod policy;
mod way;
