//! Looks at a broker's pools without taking part.

use super::link::{Link, LinkError};
use super::message::{PoolStatus, Refusal, Reply, Request, Role};
use std::path::Path;

/// A connection that only looks.
#[derive(Debug)]
pub struct Observer {
    link: Link,
}

impl Observer {
    /// Connects to the broker at `socket`.
    ///
    /// # Errors
    ///
    /// If there is no broker, or it refuses.
    pub fn connect(socket: impl AsRef<Path>) -> Result<Self, LinkError> {
        let (link, reply, _) = Link::connect(socket.as_ref(), Role::Observer)?;
        match reply {
            Reply::Observer { .. } => Ok(Self { link }),
            _ => Err(LinkError::Unexpected),
        }
    }

    /// All pools with all their slots, in the order of their names. Pool by pool and in pages, so that not everything
    /// is of the same moment.
    ///
    /// # Errors
    ///
    /// If the broker is gone.
    pub fn pools(&self) -> Result<Vec<PoolStatus>, LinkError> {
        let Reply::Pools { pools } = self.link.ask(&Request::Pools {})? else {
            return Err(LinkError::Unexpected);
        };
        let mut seen = Vec::new();
        for pool in pools {
            match self.pool(&pool) {
                Ok(status) => seen.push(status),
                // It is being made anew.
                Err(LinkError::Refused {
                    code: Refusal::UnknownPool,
                    ..
                }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(seen)
    }

    fn pool(&self, name: &str) -> Result<PoolStatus, LinkError> {
        let page = |from: usize| {
            let request = Request::Pool {
                pool: name.to_owned(),
                from: u32::try_from(from).map_err(|_| LinkError::Unexpected)?,
            };
            match self.link.ask(&request)? {
                Reply::Pool(page) => Ok(*page),
                _ => Err(LinkError::Unexpected),
            }
        };
        let mut status = page(0)?;
        while status.states.len() < status.slots as usize {
            let more = page(status.states.len())?.states;
            if more.is_empty() {
                // It was made anew with fewer slots.
                status.slots = u32::try_from(status.states.len()).unwrap_or(status.slots);
                break;
            }
            status.states.extend(more);
        }
        Ok(status)
    }
}
