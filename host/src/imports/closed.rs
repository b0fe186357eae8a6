//! Stand-ins for interfaces that are mentioned but not offered, such as file systems and sockets: every operation
//! answers with the interface's own error, lists are empty, options are none. Made from the component's own import
//! types, so no line of a real implementation is ever linked.

use crate::contract::Import;
use crate::instance::GuestState;
use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem, Type};
use wasmtime::component::{Component, Linker, LinkerInstance, Resource, ResourceAny, ResourceType, Val};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable};

/// Stands for every resource of a closed interface. Algorithms can hold one only of `wasi:sockets/network.network`.
struct Closed;

/// An operation of a closed interface that has no way to say no.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is closed to algorithms")]
pub(crate) struct ClosedOperation(pub(crate) String);

/// Errors with which closed operations answer, the first that the interface knows.
const REFUSALS: &[&str] = &[
    "access-denied",
    "access",
    "not-permitted",
    "not-supported",
    "unsupported",
];

/// Links a stand-in for each of `imports` that is served by one.
pub(crate) fn link_stand_ins(
    linker: &mut Linker<GuestState>,
    engine: &Engine,
    component: &Component,
    imports: &[Import],
) -> wasmtime::Result<()> {
    let ty = component.component_type();
    for import in imports.iter().filter(|import| import.stand_in) {
        let Some(item) = ty.get_import(engine, &import.name) else {
            continue;
        };
        let ComponentItem::ComponentInstance(interface) = item.ty else {
            continue;
        };
        let mut instance = linker.instance(&import.name)?;
        for (name, export) in interface.exports(engine) {
            match export.ty {
                ComponentItem::ComponentFunc(_) => link_function(&mut instance, &import.name, name)?,
                ComponentItem::Resource(_) => {
                    instance.resource(name, resource_type(name), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn link_function(instance: &mut LinkerInstance<'_, GuestState>, interface: &str, name: &str) -> wasmtime::Result<()> {
    let full_name = format!("{interface}#{name}");
    instance.func_new(name, move |mut store, ty: ComponentFunc, arguments, results| {
        // Handles that were lent for this call must be given back before it ends.
        for argument in arguments {
            if let Val::Resource(handle) = argument {
                handle.resource_drop(&mut store)?;
            }
        }
        for (result, ty) in results.iter_mut().zip(ty.results()) {
            *result = match refusal(&ty) {
                Some(value) => value,
                None if matches!(ty, Type::Own(_)) => {
                    let resource = Resource::<Closed>::new_own(0);
                    Val::Resource(ResourceAny::try_from_resource(resource, &mut store)?)
                }
                None => return Err(ClosedOperation(full_name.clone()).into()),
            };
        }
        Ok(())
    })
}

/// The answer of this type that gives nothing.
fn refusal(ty: &Type) -> Option<Val> {
    match ty {
        Type::List(_) => Some(Val::List(Vec::new())),
        Type::Option(_) => Some(Val::Option(None)),
        Type::Bool => Some(Val::Bool(false)),
        Type::Result(result) => {
            let error = match result.err() {
                None => None,
                Some(Type::Enum(codes)) => {
                    let named = REFUSALS
                        .iter()
                        .find(|refusal| codes.names().any(|name| name == **refusal));
                    Some(Box::new(Val::Enum(
                        named.copied().or_else(|| codes.names().next())?.to_owned(),
                    )))
                }
                Some(_) => return None,
            };
            Some(Val::Result(Err(error)))
        }
        _ => None,
    }
}

/// Closed interfaces mention resources of open ones; those must keep their identity.
fn resource_type(name: &str) -> ResourceType {
    match name {
        "input-stream" => ResourceType::host::<DynInputStream>(),
        "output-stream" => ResourceType::host::<DynOutputStream>(),
        "pollable" => ResourceType::host::<DynPollable>(),
        "error" => ResourceType::host::<wasmtime_wasi::p2::IoError>(),
        _ => ResourceType::host::<Closed>(),
    }
}
