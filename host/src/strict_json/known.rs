//! The second look: are the keys of a document those that its schema knows, and are those there that it requires?
//!
//! Understands as much of JSON Schema as describes the shape of objects: `properties`, `required`,
//! `additionalProperties`, `patternProperties`, `items`, `$ref` into the same document, `allOf`, `anyOf` and `oneOf`.
//! Values are left to the type that reads them.

use super::{Step, Trail};
use serde_json::{Map, Value};

/// Schemas that refer to each other without a key between them. A type has one or two.
const REFERENCES: usize = 16;

/// What is wrong with the keys.
#[derive(Debug)]
pub(super) enum Finding {
    /// A key that is not known.
    Unknown {
        /// The key with those around it.
        key: String,
        /// The key alone.
        name: String,
        /// The keys that are known there.
        known: Vec<String>,
    },
    /// There is a list in place of an object. Many types could be read from one, by the order of their keys.
    List {
        /// The key with those around it.
        key: String,
    },
    /// A key that is required is not there.
    Missing {
        /// The key with those around it.
        key: String,
    },
}

/// Compares the keys of `document`, at every depth, with those that `schema` knows. The first finding in the document's
/// order counts; unknown keys come before missing ones, since one may be the other misspelt.
pub(super) fn check(schema: &Value, document: &Value) -> Result<(), Finding> {
    let mut check = Check {
        root: schema,
        trail: Trail::default(),
        missing: None,
    };
    check.value(&[schema], document)?;
    match check.missing {
        None => Ok(()),
        Some(key) => Err(Finding::Missing { key }),
    }
}

struct Check<'s> {
    root: &'s Value,
    trail: Trail,
    missing: Option<String>,
}

impl<'s> Check<'s> {
    /// `schemas` are those that may apply to the value; what one of them knows is known.
    fn value(&mut self, schemas: &[&'s Value], value: &Value) -> Result<(), Finding> {
        match value {
            Value::Object(object) => self.object(schemas, object),
            Value::Array(items) => {
                let forms = self.forms(schemas, None);
                let is_of_list = |form: &&Map<String, Value>| is_type(form, "array");
                if forms.iter().any(|form| is_of_object(form)) && !forms.iter().any(is_of_list) {
                    let key = self.trail.to_string();
                    return Err(Finding::List { key });
                }
                let of_items: Vec<&Value> = forms.iter().filter_map(|form| form.get("items")).collect();
                for (index, item) in items.iter().enumerate() {
                    self.trail.0.push(Step::Item(index));
                    self.value(&of_items, item)?;
                    self.trail.0.pop();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn object(&mut self, schemas: &[&'s Value], object: &Map<String, Value>) -> Result<(), Finding> {
        let mut forms = self.forms(schemas, Some(object));
        forms.retain(|form| is_of_object(form));
        // Something else is expected, or anything goes.
        if forms.is_empty() {
            return Ok(());
        }
        for (name, value) in object {
            self.trail.0.push(Step::Key(name.clone()));
            let mut known = false;
            let mut inner = Vec::new();
            for form in &forms {
                let found = of_key(form, name);
                known |= found.is_some();
                inner.extend(found.into_iter().flatten());
            }
            if !known {
                let keys = forms.iter().filter_map(|form| form.get("properties")?.as_object());
                let mut keys: Vec<String> = keys.flat_map(|keys| keys.keys().cloned()).collect();
                keys.dedup();
                return Err(Finding::Unknown {
                    key: self.trail.to_string(),
                    name: name.clone(),
                    known: keys,
                });
            }
            self.value(&inner, value)?;
            self.trail.0.pop();
        }
        // What several forms require together is for the type to say.
        if let (None, [form]) = (&self.missing, &forms[..]) {
            let required = form.get("required").and_then(Value::as_array);
            let mut required = required.into_iter().flatten().filter_map(Value::as_str);
            if let Some(name) = required.find(|name| !object.contains_key(*name)) {
                self.trail.0.push(Step::Key(name.to_owned()));
                self.missing = Some(self.trail.to_string());
                self.trail.0.pop();
            }
        }
        Ok(())
    }

    /// The schemas without references and combinations between. Of alternatives, those are left out whose constants
    /// (the names of variants) are not those of the object.
    fn forms(&self, schemas: &[&'s Value], object: Option<&Map<String, Value>>) -> Vec<&'s Map<String, Value>> {
        let mut forms = Vec::new();
        for schema in schemas {
            self.collect(schema, object, REFERENCES, &mut forms);
        }
        forms
    }

    fn collect(
        &self,
        schema: &'s Value,
        object: Option<&Map<String, Value>>,
        depth: usize,
        forms: &mut Vec<&'s Map<String, Value>>,
    ) {
        let (Some(schema), Some(depth)) = (schema.as_object(), depth.checked_sub(1)) else {
            return;
        };
        forms.push(schema);
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some(target) = reference.and_then(|reference| self.root.pointer(reference.strip_prefix('#')?)) {
            self.collect(target, object, depth, forms);
        }
        let parts = |keyword: &str| schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
        for part in parts("allOf") {
            self.collect(part, object, depth, forms);
        }
        for part in parts("anyOf").chain(parts("oneOf")) {
            let another = object.is_some_and(|object| is_another_variant(part, object));
            if !another {
                self.collect(part, object, depth, forms);
            }
        }
    }
}

/// Whether a schema says something about the keys of objects.
fn is_of_object(form: &Map<String, Value>) -> bool {
    is_type(form, "object") || form.contains_key("properties")
}

/// Whether a schema allows values of a type by its name.
fn is_type(form: &Map<String, Value>, name: &str) -> bool {
    match form.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

/// The schemas of the value under a key, if the key is known. Of a key about which nothing is said there are none.
fn of_key<'s>(form: &'s Map<String, Value>, name: &str) -> Option<Vec<&'s Value>> {
    let properties = form.get("properties").and_then(Value::as_object);
    if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
        return Some(vec![schema]);
    }
    // The keys of a map are data. Whether they have the right form is for the type to say.
    if let Some(patterns) = form.get("patternProperties").and_then(Value::as_object) {
        return Some(patterns.values().collect());
    }
    match form.get("additionalProperties") {
        Some(Value::Bool(false)) => None,
        Some(schema) => Some(vec![schema]),
        // A struct is closed, whether it says so or not; an object about which nothing is said is open.
        None if properties.is_some() => None,
        None => Some(Vec::new()),
    }
}

/// Whether a schema is of a variant that the object is not: one has a constant where the other has another value.
fn is_another_variant(schema: &Value, object: &Map<String, Value>) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut constants = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| Some((name, schema.get("const")?)));
    constants.any(|(name, constant)| object.get(name).is_some_and(|value| value != constant))
}
