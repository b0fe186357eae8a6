//! The baseline: a typed call of the same component with nothing around it. No fuel, no deadline, no limits, no hooks,
//! no checks of request or answer.

use wasmtime::component::{Component, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{Config, Engine, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

wasmtime::component::bindgen!({
    path: "../wit",
    world: "algorithm",
    imports: { default: trappable },
    with: {
        "procvision:algorithm/imaging.image-set": Nothing,
        "procvision:algorithm/session.session": Nothing,
    },
});

use procvision::algorithm::types::{Param, ParamValue, Rect, Scalar, StepCall};
use procvision::algorithm::{assets, diagnostics, imaging, logging, session, types};

/// Stands for what a resource handle refers to.
pub struct Nothing;

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

/// An instance that is called directly.
pub struct Bare {
    store: Store<State>,
    exports: Algorithm,
    call: StepCall,
}

impl Bare {
    pub fn new(component: &[u8]) -> Self {
        let mut config = Config::new();
        config.concurrency_support(false);
        let engine = Engine::new(&config).expect("an engine");
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).expect("links");
        Algorithm::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state).expect("links");
        let component = Component::from_binary(&engine, component).expect("compiles");
        let state = State {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
        };
        let mut store = Store::new(&engine, state);
        let exports = Algorithm::instantiate(&mut store, &component, &linker).expect("starts");
        let lifecycle = exports.procvision_algorithm_lifecycle();
        lifecycle.call_setup(&mut store).expect("runs").expect("is set up");
        let task = Param {
            key: "task".into(),
            value: ParamValue::Enum("noop".into()),
        };
        let call = StepCall {
            step_index: 1,
            pid: "A01".into(),
            params: vec![task],
            step_desc: None,
            guides: Vec::new(),
        };
        Self { store, exports, call }
    }

    pub fn execute(&mut self) {
        let lifecycle = self.exports.procvision_algorithm_lifecycle();
        let (session, images) = (Resource::new_borrow(0), Resource::new_borrow(0));
        lifecycle
            .call_execute(&mut self.store, &self.call, session, images)
            .expect("runs")
            .expect("judges");
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl types::Host for State {}
impl imaging::Host for State {}
impl session::Host for State {}

impl imaging::HostImageSet for State {
    fn list(&mut self, _: Resource<Nothing>) -> Result<Vec<imaging::ImageInfo>> {
        let (name, camera_id) = (String::new(), String::new());
        let format = imaging::PixelFormat::Rgb8;
        Ok(vec![imaging::ImageInfo {
            name,
            width: 1920,
            height: 1080,
            format,
            timestamp_ms: 0,
            camera_id,
        }])
    }

    fn read(
        &mut self,
        _: Resource<Nothing>,
        _: u32,
        _: Rect,
        _: imaging::PixelFormat,
    ) -> Result<Result<Vec<u8>, imaging::ImageError>> {
        Ok(Err(imaging::ImageError::NotAvailable))
    }

    fn fill(
        &mut self,
        _: Resource<Nothing>,
        _: u32,
        _: Rect,
        _: imaging::PixelFormat,
        _: imaging::MemoryRange,
    ) -> Result<Result<(), imaging::ImageError>> {
        Ok(Err(imaging::ImageError::NotAvailable))
    }

    fn mapping(&mut self, _: Resource<Nothing>, _: u32) -> Result<Option<imaging::MappingLayout>> {
        Ok(None)
    }

    fn map(
        &mut self,
        _: Resource<Nothing>,
        _: u32,
        _: imaging::MemoryRange,
    ) -> Result<Result<(), imaging::ImageError>> {
        Ok(Err(imaging::ImageError::NotAvailable))
    }

    fn unmap(&mut self, _: Resource<Nothing>, _: u32) -> Result<()> {
        Ok(())
    }

    fn drop(&mut self, _: Resource<Nothing>) -> Result<()> {
        Ok(())
    }
}

impl session::HostSession for State {
    fn id(&mut self, _: Resource<Nothing>) -> Result<String> {
        Ok("bare".into())
    }

    fn context(&mut self, _: Resource<Nothing>) -> Result<String> {
        Ok("{}".into())
    }

    fn get(&mut self, _: Resource<Nothing>, _: String) -> Result<Option<String>> {
        Ok(None)
    }

    fn set(&mut self, _: Resource<Nothing>, _: String, _: String) -> Result<Result<(), session::SessionError>> {
        Ok(Ok(()))
    }

    fn delete(&mut self, _: Resource<Nothing>, _: String) -> Result<bool> {
        Ok(false)
    }

    fn exists(&mut self, _: Resource<Nothing>, _: String) -> Result<bool> {
        Ok(false)
    }

    fn drop(&mut self, _: Resource<Nothing>) -> Result<()> {
        Ok(())
    }
}

impl logging::Host for State {
    fn max_level(&mut self) -> Result<logging::Level> {
        Ok(logging::Level::Info)
    }

    fn log(&mut self, _: logging::Level, _: String, _: Vec<logging::Field>) -> Result<()> {
        Ok(())
    }

    fn panic(&mut self, _: String, _: Option<logging::Location>) -> Result<()> {
        Ok(())
    }
}

impl diagnostics::Host for State {
    fn publish(&mut self, _: String, _: Scalar) -> Result<()> {
        Ok(())
    }
}

impl assets::Host for State {
    fn list(&mut self) -> Result<Vec<assets::Asset>> {
        Ok(Vec::new())
    }

    fn lookup(&mut self, _: String, _: String) -> Result<Option<String>> {
        Ok(None)
    }

    fn read(&mut self, _: String, _: u64, _: u32) -> Result<Result<Vec<u8>, assets::AssetError>> {
        Ok(Err(assets::AssetError::NotFound))
    }
}
