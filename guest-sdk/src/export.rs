//! The macro that makes a crate an algorithm.

/// Exports a type that implements [`Algorithm`](crate::Algorithm) as the component that a station loads.
///
/// Once in a crate whose `crate-type` is `["cdylib", "rlib"]`. For WebAssembly it also makes the
/// [`log`](crate::log) macros reach the report, and a panic say its message, file, line and column there. Natively it
/// only checks that the type fits, so that the same crate runs under `cargo test`.
///
/// ```
/// # use procvision_guest::prelude::*;
/// # #[derive(Default)]
/// # struct PresenceCheck;
/// # impl Algorithm for PresenceCheck {
/// #     fn info() -> Info { Info::new("presence_check", "0.1.0") }
/// #     fn execute(&mut self, _: &Call, _: &Session) -> Result<Verdict, Failure> { Ok(Verdict::ok()) }
/// # }
/// procvision_guest::export!(PresenceCheck);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($algorithm:ty) => {
        #[cfg(not(target_family = "wasm"))]
        const _: () = {
            const fn implements_algorithm<A: $crate::Algorithm>() {}
            implements_algorithm::<$algorithm>();
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Component;

            impl $crate::__private::Exported for Component {
                type Algorithm = $algorithm;

                fn with<R>(work: impl FnOnce(&mut Self::Algorithm) -> R) -> R {
                    ::std::thread_local! {
                        static INSTANCE: ::std::cell::RefCell<$algorithm> = ::std::default::Default::default();
                    }
                    INSTANCE.with_borrow_mut(work)
                }
            }

    $crate::__private::__export_algorithm_world!(Component with_types_in $crate::__private::bindings);
        };
    };
}
