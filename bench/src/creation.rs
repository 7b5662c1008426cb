//! The least a task costs to make: the product's own statements, sent by pgbench.
//!
//! In as many round trips, prepared, under the same role and in the name of as many people. Nothing else: no HTTP, no
//! token, no JSON. How many connections it has is the caller's to say.

use crate::{seed, statements};
use anyhow::Result;
use std::path::Path;

/// A script for `pgbench -M prepared`, which knows what a person is by their number.
pub fn script(record: &Path) -> Result<String> {
    let (user, session) = (seed::user_id(":n::text"), seed::session_id(":n::text"));
    // The parameters of `Backend::task_create`, in their order.
    let values = [&*user, "NULL::uuid", "'Order new laptops'", "''", "clock_timestamp()", "NULL::uuid", "'pending'"];
    let create =
        (1..).zip(values).fold(statements::create(record)?, |text, (n, value)| text.replace(&format!("${n}"), value));
    // The first two travel in one message, as the product sends them.
    Ok(format!(
        "\\set n random(1, {people})
\\startpipeline
BEGIN;
SELECT scope_open({user}, {session}, clock_timestamp());
\\endpipeline
{create};
COMMIT;
",
        people = seed::PEOPLE,
        create = create.split_whitespace().collect::<Vec<_>>().join(" "),
    ))
}
