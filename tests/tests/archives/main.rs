//! Package archives, good and hostile. The hostile ones are made by a writer that can lie about everything
//! (`fuzz/src/forge.rs`); each is shown to the library and to `procvision validate`, and must be refused in one
//! sentence, with nothing written anywhere.

#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;
mod stage;

mod attacks;
mod damaged;
mod good;
mod interop;
mod mutants;
mod refused;
