//! `assets`: the package's own files, read-only, by name.

use crate::bindings::assets::{Asset, AssetError, Host};
use crate::instance::GuestState;

impl Host for GuestState {
    fn list(&mut self) -> wasmtime::Result<Vec<Asset>> {
        Ok(self
            .assets
            .list()
            .map(|(name, size)| Asset {
                name: name.to_owned(),
                size,
            })
            .collect())
    }

    fn lookup(&mut self, pid: String, kind: String) -> wasmtime::Result<Option<String>> {
        Ok(self.assets.lookup(&pid, &kind).map(str::to_owned))
    }

    fn read(&mut self, name: String, offset: u64, length: u32) -> wasmtime::Result<Result<Vec<u8>, AssetError>> {
        let limit = self.limits.asset_read_bytes;
        if u64::from(length) > limit {
            return Ok(Err(AssetError::TooLarge(limit)));
        }
        Ok(match self.assets.read(&name, offset, length as usize) {
            None => Err(AssetError::NotFound),
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(error)) => {
                tracing::warn!(asset = name, %error, "cannot read an asset");
                Err(AssetError::Unreadable)
            }
        })
    }
}
