//! The accept loop.
//!
//! Our own, on hyper: axum's sets no timer for reading a request's head nor for writing an answer, so slow clients could
//! hold connections for ever, and no limit on how many there are.
//!
//! On the way down nobody is cut off. From the moment that readiness falls, every answer says `Connection: close`, so
//! busy clients let go of their connections by themselves, between two requests. Then no new connection is taken but
//! those that have come already. What is idle is closed a moment later only, because a request may be on its way there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, header};
use futures::future::{Either, ready};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::deadlines::Deadlines;
use super::framing;
use super::impatient::Impatient;
use super::onward::onward;

/// How long requests under way may take once the process is to end.
const DRAIN: Duration = Duration::from_secs(5);
/// How long an idle connection may still bring a request then.
const LINGER: Duration = Duration::from_millis(250);

/// Where to serve what.
pub struct Listening {
    /// Where connections come in.
    pub listener: TcpListener,
    /// Who answers.
    pub router: Router,
    /// One for each connection; more wait in the kernel's queue.
    pub places: Arc<Semaphore>,
    /// How long clients may take.
    pub deadlines: Deadlines,
}

/// Who answers on a connection, and how.
#[derive(Clone)]
struct Answering {
    router: Router,
    draining: Arc<AtomicBool>,
    deadlines: Deadlines,
}

/// Serves until told to stop, then drains. Before that, `draining` asks clients to let go of their connections.
pub async fn serve(listening: Listening, draining: Arc<AtomicBool>, stop: CancellationToken) {
    let Listening { listener, router, places, deadlines } = listening;
    let answering = Answering { router, draining, deadlines };
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        if let Some((stream, peer, place)) = accepted {
            spawn(graceful.watch(connect(stream, peer, answering.clone())), Some(place));
        }
    }
    for (stream, peer) in waiting(listener) {
        spawn(graceful.watch(connect(stream, peer, answering.clone())), None);
    }
    drop(answering);
    let drained = async {
        tokio::time::sleep(LINGER).await;
        graceful.shutdown().await;
    };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!("some requests were still under way and are cut off");
    }
}

fn spawn(connection: impl Future<Output = hyper::Result<()>> + Send + 'static, place: Option<OwnedSemaphorePermit>) {
    tokio::spawn(async move {
        if let Err(error) = onward(connection).await {
            tracing::debug!(%error, "a connection broke");
        }
        drop(place);
    });
}

/// The connections that the kernel has taken and nobody has accepted yet: closing the door would break them.
fn waiting(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let Ok(listener) = listener.into_std() else { return Vec::new() };
    std::iter::from_fn(|| listener.accept().ok())
        .filter_map(|(stream, peer)| {
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, peer))
        })
        .collect()
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "answers to this connection may be slower");
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            // Out of file descriptors, most likely: wait for some to come back instead of spinning.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

fn connect(
    stream: TcpStream,
    peer: SocketAddr,
    answering: Answering,
) -> http1::Connection<
    TokioIo<Impatient<TcpStream>>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = std::convert::Infallible, Future: Send> + Send,
> {
    let Answering { router, draining, deadlines } = answering;
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answered = match framing::refusal(&request) {
            Some(refusal) => Either::Left(ready(Ok(refusal))),
            None => Either::Right(router.clone().oneshot(request)),
        };
        let draining = Arc::clone(&draining);
        async move { answered.await.map(|response| say_farewell(response, &draining)) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(deadlines.head).max_buf_size(64 * 1024);
    http.serve_connection(TokioIo::new(Impatient::new(stream, deadlines.answer)), service)
}

fn say_farewell(mut response: Response<Body>, draining: &AtomicBool) -> Response<Body> {
    if draining.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
