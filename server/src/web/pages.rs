//! The console's pages, its server functions and its files.

use std::path::Path;

use app::reply::Reply;
use app::ui::theme::Theme;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use super::deadlines::Deadlines;
use super::request::{RequestId, peer, trace_console};
use super::shown_once::With;
use super::{AppState, live, raw, shown_once, stuck};
use crate::console::{Caller, ConsoleParts, LeptosReply, RequestConsole, shared};
use crate::users::session::Session;

/// Everything that a person's browser asks for, but for the files.
pub fn router(state: AppState) -> Router {
    let context = {
        let console = state.console.clone();
        move || provide(&console)
    };
    let shell = {
        let options = state.leptos.clone();
        move || app::shell(options.clone())
    };
    let not_found = leptos_axum::render_app_async_with_context(context.clone(), shell.clone());
    let answer = {
        let (context, shell) = (context.clone(), shell.clone());
        move |request: Request, with: With| {
            let context = context.clone();
            let context = move || {
                context();
                match with.clone() {
                    With::Once(once) => provide_context(once),
                    With::Typed(typed) => provide_context(typed),
                }
            };
            let page = leptos_axum::render_app_async_with_context(context, shell.clone());
            async move { page(request).await.into_response() }
        }
    };
    let pages = Router::new().leptos_routes_with_context(&state, pages(), context, shell);
    let all = beside_pages().into_iter().fold(pages, |router, (path, method)| router.route(path, method));
    all.fallback(move |request: Request| not_found(request))
        .layer(from_fn(stuck::draw_anew))
        .layer(from_fn(move |request: Request, next: Next| shown_once::show(request, next, answer.clone())))
        .layer(from_fn_with_state(state.clone(), find_caller))
        .layer(cross_site_protection(&state))
        .layer(from_fn_with_state(state.clone(), take_body))
        .layer(from_fn(harden))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(from_fn(trace_console))
        .with_state(state)
}

/// The pages of both apps.
fn pages() -> Vec<AxumRouteListing> {
    let mut pages = generate_route_list(app::App);
    pages.extend(generate_route_list(app::PlainApp));
    pages
}

/// What is asked for beside the pages and the server functions.
fn beside_pages() -> [(&'static str, MethodRouter<AppState>); 2] {
    [(live::PATH, get(live::events)), (raw::PATH, get(raw::download))]
}

/// Every address that a browser opens, with `{…}` in the place of what it names: pages, the stream and the file.
#[must_use]
pub fn addresses() -> Vec<String> {
    let beside = beside_pages().map(|(path, _)| path.to_owned());
    pages().iter().map(|page| page.path().to_owned()).chain(beside).collect()
}

/// The built files. Their names hold a hash of what is in them, so browsers keep them for ever; without hashes (a
/// bundle built for debugging) they ask each time.
pub fn files(site_root: &Path, pkg_dir: &str, hashed: bool) -> Router {
    let kept = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let files = ServeDir::new(site_root.join(pkg_dir)).precompressed_br().precompressed_gzip();
    let files = Router::new()
        .nest_service(&format!("/{pkg_dir}"), files)
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static(kept)))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
    files.layer(from_fn(missing_files_are_not_kept))
}

/// A proxy may call us by another name than the browser does: the public URL is ours all the same.
fn cross_site_protection(state: &AppState) -> CsrfLayer {
    CsrfLayer::new().add_trusted_origin(state.public_url.as_str()).unwrap_or_else(|error| {
        tracing::warn!(%error, "the public URL is no origin; forms are only accepted under the host that browsers name");
        CsrfLayer::new()
    })
}

async fn missing_files_are_not_kept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Puts the two ports and the theme into the context of a page or server function. While Leptos lists its routes there
/// is no real request, and so nobody.
fn provide(console: &ConsoleParts) {
    let response = use_context::<ResponseOptions>().unwrap_or_default();
    let parts = use_context::<Parts>();
    let caller = parts.as_ref().and_then(|parts| parts.extensions.get::<Caller>()).cloned().unwrap_or_default();
    let cookies = parts.as_ref().and_then(|parts| parts.headers.get(header::COOKIE)?.to_str().ok());
    provide_context(Theme::from_cookie(cookies));
    provide_context(shared(RequestConsole::new(console.clone(), caller, response.clone())));
    provide_context::<std::sync::Arc<dyn Reply>>(std::sync::Arc::new(LeptosReply(response.clone())));
    if let Some(policy) = use_nonce().and_then(|nonce| HeaderValue::from_str(&content_security_policy(&nonce)).ok()) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Scripts run with the page's nonce only, and what those load; no inline style, no frame, no foreign form.
fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Finds out who asks, before anything is rendered.
async fn find_caller(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let console = &state.console;
    let mut cookies = request.headers().get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let cookie = cookies.find_map(|line| console.cookies.find(line)).map(ToOwned::to_owned);
    let mut caller = Caller {
        session: None,
        address: state.address.of(request.headers(), peer(&request)),
        request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()),
        unavailable: false,
        is_script: is_script(&request),
    };
    let is_live = request.uri().path() == live::PATH;
    if let Some(cookie) = cookie {
        match Session::find(&console.database, &cookie, !is_live, console.clock.now()).await {
            Ok(session) => caller.session = session,
            Err(error) => {
                tracing::error!(%error, "a session cannot be looked up");
                caller.unavailable = true;
            }
        }
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// A server function called by a script: a plain form would take a page for an answer.
fn is_script(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.uri().path().starts_with("/api/") && !accept.contains("text/html")
}

/// Forms are small, and are here soon. The whole body is read before anybody looks who asks: else a request begun in
/// time could be finished by somebody who has been signed out meanwhile.
async fn take_body(State(deadlines): State<Deadlines>, request: Request, next: Next) -> Response {
    const MOST: usize = 64 * 1024;
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(deadlines.form, to_bytes(body, MOST)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(_too_long_or_broken)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_too_slow) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

async fn harden(request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        // Pages show people's data: no cache may keep them.
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn panicked(_panic: Box<dyn std::any::Any + Send>) -> axum::http::Response<Body> {
    tracing::error!("a page panicked; the message above says where");
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side.").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The addresses of an app's pages, with something in the place of each parameter.
    fn addresses(routes: &[AxumRouteListing]) -> Vec<String> {
        let part = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
        routes.iter().map(|route| route.path().split('/').map(part).collect::<Vec<_>>().join("/")).collect()
    }

    /// What a browser is told to load and what the server leaves as it was drawn must be the same pages.
    #[tokio::test]
    async fn the_plain_pages_are_those_of_the_plain_app() {
        let plain = addresses(&generate_route_list(app::PlainApp));
        let hydrated = addresses(&generate_route_list(app::App));
        assert_eq!((plain.len(), hydrated.len() > 5), (4, true), "{plain:?} {hydrated:?}");
        assert!(plain.iter().all(|address| app::is_plain(address)), "{plain:?}");
        assert!(!hydrated.iter().any(|address| app::is_plain(address)), "{hydrated:?}");
    }
}
