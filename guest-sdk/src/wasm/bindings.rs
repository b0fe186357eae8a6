//! Generated from the contract in `wit`, which lies beside this crate.

#![allow(missing_docs, unsafe_code)]

wit_bindgen::generate!({
    path: "../wit",
    world: "algorithm",
    pub_export_macro: true,
    export_macro_name: "__export_algorithm_world",
    default_bindings_module: "procvision_guest::__private::bindings",
    generate_all,
});
