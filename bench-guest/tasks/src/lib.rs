//! What the algorithm that `procvision bench` measures does: [`task`] is what the host asks for, [`touch`] how a picture is
//! looked at, [`kernels`] what is computed. The host links the same source, for what the sandbox is compared with.

pub mod kernels;
pub mod task;
pub mod touch;
