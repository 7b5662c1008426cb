//! The words that some fields are made of, for the document.

use serde_json::Value;
use taskwire_domain::{
    api_token::TokenScope,
    share::Permission,
    task::{Access, BulkAction, FileFormat, Sort, Status},
    team::Role,
    tool_call::{Change, Outcome},
};
use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, SchemaType, Type};

fn one_of(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

/// Whether a task is done.
pub fn status() -> Object {
    one_of(Status::ALL.iter().map(|status| status.as_str()))
}

/// The same, or null for whatever is not to be said.
pub fn status_or_null() -> Object {
    let words = Status::ALL.iter().map(|status| Value::from(status.as_str())).chain([Value::Null]);
    let types = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(types).enum_values(Some(words)).build()
}

/// By what right somebody sees a task.
pub fn access() -> Object {
    one_of(Access::ALL.iter().map(|access| access.as_str()))
}

/// What can be done to many tasks at once.
pub fn bulk_action() -> Object {
    one_of(BulkAction::ALL.iter().map(|action| action.as_str()))
}

/// How a file of tasks is written.
pub fn file_format() -> Object {
    one_of(FileFormat::ALL.iter().map(|format| format.as_str()))
}

/// What a call of a tool came to.
pub fn outcome() -> Object {
    one_of(Outcome::ALL.iter().map(|outcome| outcome.as_str()))
}

/// What a call of a tool did with a task.
pub fn change() -> Object {
    one_of(Change::ALL.iter().map(|change| change.as_str()))
}

/// The order of a list.
pub fn sort() -> Object {
    one_of(Sort::ALL.iter().map(|sort| sort.as_str()))
}

/// What somebody is in a team.
pub fn role() -> Object {
    one_of(Role::ALL.iter().map(|role| role.as_str()))
}

/// What can be made of somebody in a team: a team has one owner, who hands it over.
pub fn given_role() -> Object {
    one_of(Role::ALL.iter().filter(|role| **role != Role::Owner).map(|role| role.as_str()))
}

/// What somebody may do with a task that is shared with them.
pub fn permission() -> Object {
    one_of(Permission::ALL.iter().map(|permission| permission.as_str()))
}

/// Whether somebody has something at once.
pub fn added() -> Object {
    one_of(["now", "invited"].into_iter())
}

/// What a token is good for.
pub fn scopes() -> Array {
    let scope = one_of(TokenScope::ALL.iter().map(|scope| scope.as_str()));
    ArrayBuilder::new().items(scope).min_items(Some(1)).build()
}
