//! Pages and server functions: what the application is given, and how its files are served.

use crate::{
    middleware::{
        headers::{AN_HOUR, ASK_AGAIN, FOR_EVER, cached},
        problem::Problem,
    },
    router::Server,
    site::PKG,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use leptos::{context::provide_context, nonce::use_nonce, prelude::use_context, server_fn::axum::server_fn_paths};
use leptos_axum::{
    AxumRouteListing, ErrorHandler, LeptosRoutes, ResponseOptions, generate_route_list, render_route_with_context,
};
use std::{convert::Infallible, sync::LazyLock};
use taskwire_app::{App, serve_rpc, shell};
use tower::{ServiceBuilder, service_fn};
use tower_http::services::ServeDir;

/// The app's route table. Read once a process: while Leptos reads it, a page that is being rendered anywhere in the
/// process may wait for its data in vain (leptos-rs/leptos#4773).
pub static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// Every page of the app's route table.
pub fn pages(router: Router<Server>, server: &Server) -> Router<Server> {
    let options = server.options.clone();
    let render =
        render_route_with_context::<Server, _>(ROUTES.clone(), context(server), move || shell(options.clone()));
    router.leptos_routes_with_handler(ROUTES.clone(), render)
}

/// Every server function under its own path, so that the log and the figures tell them apart.
pub fn server_functions(mut router: Router<Server>) -> Router<Server> {
    for (path, method) in server_fn_paths() {
        if let Ok(method) = MethodFilter::try_from(method) {
            router = router.route(path, on(method, rpc));
        }
    }
    router
}

async fn rpc(State(server): State<Server>, request: Request) -> Response {
    serve_rpc(context(&server), server.options.clone(), request).await
}

/// The compiled files and the assets; what is neither a file nor a route is answered with the app's 404 page.
pub fn files(router: Router<Server>, server: &Server) -> Router<Server> {
    let root = std::path::Path::new(&*server.options.site_root);
    // Hashes stand in the file names, so a name never gets another content.
    let policy = if server.options.hash_files { FOR_EVER } else { ASK_AGAIN };
    let no_file = service_fn(|_: Request| async { Ok::<_, Infallible>(Problem::no_file().into_response()) });
    let pkg = ServiceBuilder::new()
        .map_response(move |response: Response| cached(response, policy.clone()))
        .map_response(IntoResponse::into_response)
        .service(folder(&root.join(PKG)).fallback(no_file));
    let not_found = ErrorHandler::new_with_context(context(server), shell, server.options.clone());
    let assets = ServiceBuilder::new()
        .map_response(|response: Response| match response.headers().contains_key(header::LAST_MODIFIED) {
            true => cached(response, AN_HOUR),
            false => response,
        })
        .map_response(IntoResponse::into_response)
        .service(folder(root).fallback(not_found).call_fallback_on_method_not_allowed(true));
    router.nest_service(&format!("/{PKG}"), pkg).fallback_service(assets)
}

/// cargo-leptos leaves the compressed forms beside each file.
fn folder(path: &std::path::Path) -> ServeDir {
    ServeDir::new(path).precompressed_br().precompressed_gzip().append_index_html_on_directories(false)
}

/// What pages and server functions find around them; pages get their policy as well.
fn context(server: &Server) -> impl Fn() + Clone + Send + Sync + 'static {
    let (backend, options, cookies) = (server.backend.clone(), server.options.clone(), server.cookies);
    move || {
        provide_context(backend.clone());
        provide_context(options.clone());
        provide_context(cookies);
        // Leptos makes a nonce for pages only, before it calls this.
        if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>())
            && let Ok(policy) = HeaderValue::try_from(policy(&nonce))
        {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// Scripts by nonce alone, and whatever those load; wasm must be compiled; everything else is our own.
fn policy(nonce: &str) -> String {
    // `cargo leptos watch` has the page listen on another port.
    let watch = if std::env::var_os("LEPTOS_WATCH").is_some() { " ws:" } else { "" };
    format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'{watch}; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}
