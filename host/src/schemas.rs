//! The published JSON Schemas of the files that people write. They come from the types that read those files; `schema/`
//! holds copies for editors and other tools, which a test keeps equal.

use crate::cases::CaseList;
use crate::manifest::Manifest;
use crate::policy::StationPolicy;
use crate::runner_config::RunnerConfig;
use crate::strict_json::schema_of;
use serde_json::{Map, Value};

/// A schema that is published.
#[derive(Clone, Copy, Debug)]
pub struct PublishedSchema {
    /// Its name; the file is called `schema/<name>.schema.json`.
    pub name: &'static str,
    /// The files that it describes.
    pub describes: &'static str,
    make: fn() -> Value,
}

/// Every published schema.
pub const SCHEMAS: &[PublishedSchema] = &[
    PublishedSchema {
        name: "manifest",
        describes: "manifest.json of a package",
        make: schema_of::<Manifest>,
    },
    PublishedSchema {
        name: "policy",
        describes: "policy.json of a station",
        make: schema_of::<StationPolicy>,
    },
    PublishedSchema {
        name: "cases",
        describes: "cases.json of a package",
        make: schema_of::<CaseList>,
    },
    PublishedSchema {
        name: "runner-config",
        describes: "runner_config.json of an algorithm",
        make: schema_of::<RunnerConfig>,
    },
];

impl PublishedSchema {
    /// The schema of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        SCHEMAS.iter().find(|schema| schema.name == name)
    }

    /// The schema, JSON Schema 2020-12, with what it is about first.
    pub fn value(&self) -> Value {
        let mut schema = (self.make)();
        let mut ordered = Map::new();
        for key in ["$schema", "$id", "title", "description"] {
            ordered.extend(schema.get_mut(key).map(|value| (key.to_owned(), value.take())));
        }
        for (key, value) in schema.as_object_mut().into_iter().flatten() {
            ordered.entry(key).or_insert_with(|| value.take());
        }
        let mut schema = Value::Object(ordered);
        join_lines(&mut schema);
        schema
    }

    /// The text of the published file.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.value())
    }
}

/// Descriptions are comments of the code, whose line breaks mean nothing elsewhere.
fn join_lines(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "description" => {
                        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                    }
                    value => join_lines(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(join_lines),
        _ => {}
    }
}
