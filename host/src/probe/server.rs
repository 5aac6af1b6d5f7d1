//! The listener: `/healthz`, `/readyz`, `/metrics`.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use super::Probe;

/// Connections that are served at once; whoever comes after is hung up on.
const CONNECTIONS: usize = 256;

/// Longest life of a connection.
const PATIENCE: Duration = Duration::from_secs(2);

const TEXT: &str = "text/plain; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers until it is dropped. Must run in a `LocalSet`.
pub async fn serve(listener: TcpListener, probe: Rc<Probe>) {
    let open = Rc::new(Cell::new(0_usize));
    loop {
        match listener.accept().await {
            Ok((stream, _)) if open.get() < CONNECTIONS => {
                let (probe, open) = (Rc::clone(&probe), Rc::clone(&open));
                open.set(open.get() + 1);
                tokio::task::spawn_local(async move {
                    // Who hangs up early or is too slow is of no account.
                    let _ = tokio::time::timeout(PATIENCE, connection(stream, probe)).await;
                    open.set(open.get() - 1);
                });
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!("the probe could not take a connection: {error}");
                // Out of file descriptors, for example: do not spin.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, probe: Rc<Probe>) -> Result<(), hyper::Error> {
    let service = service_fn(move |request| {
        let answer = answer(&request, &probe);
        async move { Ok::<_, Infallible>(answer) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

fn answer<B>(request: &Request<B>, probe: &Probe) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return reply(
            StatusCode::METHOD_NOT_ALLOWED,
            TEXT,
            "GET only\n".to_owned(),
        );
    }
    match request.uri().path() {
        "/healthz" if probe.lives() => reply(StatusCode::OK, TEXT, "ok\n".to_owned()),
        "/healthz" => reply(
            StatusCode::SERVICE_UNAVAILABLE,
            TEXT,
            "the worker does not turn\n".to_owned(),
        ),
        "/readyz" => match probe.why_not_ready() {
            None => reply(StatusCode::OK, TEXT, "ready\n".to_owned()),
            Some(why) => reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, why + "\n"),
        },
        "/metrics" => match probe.metrics.text() {
            Ok(text) => reply(StatusCode::OK, OPEN_METRICS, text),
            Err(error) => reply(
                StatusCode::INTERNAL_SERVER_ERROR,
                TEXT,
                format!("the metrics could not be written: {error}\n"),
            ),
        },
        _ => reply(
            StatusCode::NOT_FOUND,
            TEXT,
            "there are /healthz, /readyz and /metrics\n".to_owned(),
        ),
    }
}

fn reply(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
