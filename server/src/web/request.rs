//! An id and a span for every request. The query is in neither: Meta puts the verify token there.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

/// Header in which the answer carries the id.
const REQUEST_ID: &str = "x-request-id";

/// The id of the running request, for support and for the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Around the door. Its span is quiet unless asked for, since Meta may call thousands of times a second; a refusal says
/// so by itself.
pub async fn trace_door<F: Future<Output = Response>>(request: Request, answer: impl FnOnce(Request) -> F) -> Response {
    let id = Uuid::now_v7().simple().to_string();
    let span = tracing::debug_span!("door", request_id = %id, method = %request.method());
    let mut response = answer(request).instrument(span).await;
    say_id(&mut response, &id);
    response
}

/// Around everything else: one line for each request, when it is answered.
pub async fn trace_console(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().simple().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", request_id = %id);
    let answered = async {
        let started = tokio::time::Instant::now();
        let response = run(id.clone(), request, next).await;
        let (status, took) = (response.status().as_u16(), started.elapsed());
        tracing::info!(%method, path, status, ms = took.as_millis(), "answered");
        response
    };
    answered.instrument(span).await
}

async fn run(id: String, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    say_id(&mut response, &id);
    response
}

fn say_id(response: &mut Response, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

/// The address at the other end of the connection.
pub fn peer(request: &Request) -> Option<SocketAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer)
}

/// Whether the request comes from this very machine, and through no proxy.
pub fn is_local(request: &Request) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for"].iter().any(|name| request.headers().contains_key(*name));
    let local = |ip: IpAddr| ip.to_canonical().is_loopback();
    !forwarded && peer(request).is_some_and(|peer| local(peer.ip()))
}
