//! Schemas that strict clients take: everything inline, no `null` beside a type, no formats that JSON Schema does not know.
//!
//! What is optional is simply not required; an explicit null is taken for it all the same.

use super::text::NOTE;
use rmcp::model::JsonObject;
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::transform_subschemas};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a tool takes.
pub fn input<T: JsonSchema>() -> Arc<JsonObject> {
    of::<T>(SchemaSettings::draft2020_12()).into()
}

/// What a tool answers, and the note that what people wrote in it is data.
pub fn output<T: JsonSchema>() -> Arc<JsonObject> {
    let mut schema = of::<T>(SchemaSettings::draft2020_12().for_serialize());
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert(NOTE.to_owned(), json!({ "type": "string" }));
    }
    schema.into()
}

fn of<T: JsonSchema>(settings: SchemaSettings) -> JsonObject {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.with_transform(plain).into_generator().into_root_schema_for::<T>();
    for name in ["title", "description"] {
        schema.remove(name);
    }
    schema.ensure_object().clone()
}

fn plain(schema: &mut Schema) {
    transform_subschemas(&mut plain, schema);
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("format");
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    // `Option` of a thing with a schema of its own.
    if let Some(Value::Array(mut choices)) = object.remove("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&Value::from("null")));
        match <[Value; 1]>::try_from(choices) {
            Ok([Value::Object(only)]) => {
                for (key, value) in only {
                    object.entry(key).or_insert(value);
                }
            }
            Ok([other]) => {
                object.insert("anyOf".to_owned(), Value::Array(vec![other]));
            }
            Err(choices) => {
                object.insert("anyOf".to_owned(), Value::Array(choices));
            }
        }
    }
}

/// Gives an enum of `domain` that is made of words its schema, as `#[schemars(schema_with = "…")]`.
macro_rules! words {
    ($($name:ident: $type:ty),+ $(,)?) => {
        $(pub fn $name(_: &mut schemars::SchemaGenerator) -> Schema {
            let words: Vec<_> = <$type>::ALL.iter().map(|word| word.as_str()).collect();
            schemars::json_schema!({ "type": "string", "enum": words })
        })+
    };
}

words! {
    access: taskwire_domain::task::Access,
    change: taskwire_domain::tool_call::Change,
    outcome: taskwire_domain::tool_call::Outcome,
    permission: taskwire_domain::share::Permission,
    role: taskwire_domain::team::Role,
    sort: taskwire_domain::task::Sort,
    status: taskwire_domain::task::Status,
}
