//! Vision kernels give the same bytes in the sandbox, where they use SIMD instructions of WebAssembly, as natively.

use procvision_guest::vision::catalog::{self, Inputs};
use procvision_host::call::StepCall;
use procvision_host::frame::{Frame, PixelFormat};
use procvision_host::host::{Host, HostConfig};
use procvision_host::limits::Limits;
use procvision_host::package::Package;
use procvision_host::session::Session;

/// Single pixels, rows and columns, sizes around the blocks of the kernels, and a picture with many blocks.
const SIZES: [(u32, u32); 12] = [
    (1, 1),
    (1, 70),
    (70, 1),
    (3, 3),
    (16, 15),
    (31, 33),
    (32, 17),
    (63, 64),
    (65, 31),
    (127, 129),
    (130, 128),
    (641, 479),
];

#[test]
fn every_kernel_gives_the_same_bytes_in_the_sandbox_as_natively() {
    let package = Package::open(procvision_tests::digester_component(), &Limits::default_ceiling()).unwrap();
    let mut digester = Host::new(HostConfig::default()).unwrap().load(&package).unwrap();
    for (width, height) in SIZES {
        let pixels = vec![0; width as usize * height as usize];
        let frame = Frame::from_pixels(PixelFormat::Mono8, width, height, width as usize, pixels).unwrap();
        let call = StepCall::new(1, "A01", frame);
        let report = digester.execute(&mut Session::new("test", Default::default()), &call);
        assert_eq!(report.outcome.verdict(), Some("OK"), "{:?}", report.outcome);
        assert_eq!(report.diagnostics.len(), catalog::all().len() + 1);
        let inputs = Inputs::synthetic(width, height);
        let foreign = digester::foreign(inputs.gray()).to_string();
        assert_eq!(report.diagnostics[digester::FOREIGN].as_str(), Some(foreign.as_str()));
        for kernel in catalog::all() {
            assert_eq!(
                report.diagnostics[kernel.name()].as_str(),
                Some(kernel.run(&inputs).digest().to_string().as_str()),
                "{} of {width} x {height}",
                kernel.name()
            );
        }
    }
}
