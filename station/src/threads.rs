//! Work that keeps a thread waiting: each kind of it has so many threads at most, so that none takes those of another. Who
//! waits for one and goes waits no more; what has begun keeps its place until it is done.

use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// The threads that one kind of work may have.
#[derive(Debug)]
pub(crate) struct Threads(Arc<Semaphore>);

impl Threads {
    /// So many at most.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Does work on one of them, as soon as one is free.
    ///
    /// # Errors
    ///
    /// If the work panics.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        // It is never closed.
        let place = self.0.clone().acquire_owned().await;
        let done = spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await
    }
}
