//! A span of each request, and below it one of each statement, as far as they may leave the house.
//!
//! Made here rather than by `tracing-opentelemetry`, which takes over every field, event and path of the program's own spans:
//! that is a log for somebody else to keep. Here is a list of what goes out, and it has nothing in it that anybody has typed,
//! and nobody's id. To export one more thing, add it to [`Begun`], [`Answered`] or to what is told of a statement.

use crate::middleware::trace;
use opentelemetry::{
    Array, Context, KeyValue, StringValue, Value,
    trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer},
};
use opentelemetry_sdk::trace::SdkTracer;
use std::{fmt, time::SystemTime};
use taskwire_backend::performance::{RAN, Ran};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer,
    registry::LookupSpan,
};

/// Makes the spans. What machines and pages ask for all the time has spans at debug level, and gets none here.
pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(tracer: SdkTracer) -> impl Layer<S> {
    let wanted = Targets::new().with_target(RAN, LevelFilter::TRACE).with_target(trace::TARGET, LevelFilter::INFO);
    Spans { tracer }.with_filter(wanted)
}

struct Spans {
    tracer: SdkTracer,
}

/// The exported span of a request, kept with the program's own.
struct Exported(Context);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: layer::Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut begun = Begun::default();
        attributes.record(&mut begun);
        let method = begun.method.unwrap_or("HTTP");
        let name = begun.route.as_ref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
        let attributes = [KeyValue::new("http.request.method", begun.method.unwrap_or("_OTHER"))]
            .into_iter()
            .chain(begun.route.map(|route| KeyValue::new("http.route", route)))
            .chain(begun.request_id.map(|id| KeyValue::new("http.response.header.x-request-id", strings(id))));
        let builder = self.tracer.span_builder(name).with_kind(SpanKind::Server).with_attributes(attributes);
        // Of an empty context: every request begins a trace of its own.
        let exported = builder.start_with_context(&self.tracer, &Context::new());
        span.extensions_mut().insert(Exported(Context::new().with_span(exported)));
    }

    fn on_event(&self, event: &Event<'_>, context: layer::Context<'_, S>) {
        // What the server does on its own account, such as sealing the audit log, belongs to no request.
        let Some(span) = context.event_span(event) else { return };
        let extensions = span.extensions();
        let Some(Exported(request)) = extensions.get() else { return };
        if !request.span().is_recording() {
            return;
        }
        if event.metadata().target() == RAN {
            self.statement(event, request);
        } else {
            answered(event, request);
        }
    }

    fn on_close(&self, id: Id, context: layer::Context<'_, S>) {
        let exported = context.span(&id).and_then(|span| span.extensions_mut().remove::<Exported>());
        if let Some(Exported(request)) = exported {
            request.span().end();
        }
    }
}

impl Spans {
    /// sqlx tells of a statement when it is done, and how long it took.
    fn statement(&self, event: &Event<'_>, request: &Context) {
        // Not its text, in which there are ids.
        let Ran { name, elapsed } = Ran::told_by(event);
        let end = SystemTime::now();
        let attributes =
            [KeyValue::new("db.system.name", "postgresql"), KeyValue::new("db.query.summary", name.clone())];
        self.tracer
            .span_builder(name)
            .with_kind(SpanKind::Client)
            .with_start_time(end.checked_sub(elapsed).unwrap_or(end))
            .with_attributes(attributes)
            .start_with_context(&self.tracer, request)
            .end_with_timestamp(end);
    }
}

fn answered(event: &Event<'_>, request: &Context) {
    let mut answered = Answered::default();
    event.record(&mut answered);
    let Some(status) = answered.status else { return };
    let span = request.span();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
    if status >= 500 {
        span.set_attribute(KeyValue::new("error.type", status.to_string()));
        span.set_status(Status::error(""));
    }
}

fn strings(one: String) -> Value {
    Value::Array(Array::String(vec![StringValue::from(one)]))
}

/// What is known of a request at its beginning.
#[derive(Default)]
struct Begun {
    /// As far as HTTP itself defines it.
    method: Option<&'static str>,
    /// The template. Where none matched there is a path, which may have anything in it and stays here.
    route: Option<String>,
    request_id: Option<String>,
}

impl Visit for Begun {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "route" => self.route = Some(value.to_owned()),
            "request_id" => self.request_id = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "method" {
            let sent = format!("{value:?}");
            let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
            self.method = known.into_iter().find(|known| *known == sent);
        }
    }
}

/// What is known of it when it is answered.
#[derive(Default)]
struct Answered {
    status: Option<u16>,
}

impl Visit for Answered {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.status = u16::try_from(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
