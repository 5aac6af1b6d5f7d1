//! A server that answers as a test tells it, one connection at a time, and
//! remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use birth_core::digest::Digest;
use birth_tests::cli::{Home, Ran};

use super::{pull, shipped};

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const CONFIG: &str = "application/vnd.wasm.config.v0+json";

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Method and path with query.
    pub(super) line: String,
    /// By lower-case names.
    pub(super) headers: BTreeMap<String, String>,
}

/// What is sent, step by step; then the connection ends.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
}

/// An answer of one step.
pub(super) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<Step> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut bytes = format!("{head}connection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    vec![Step::Send(bytes)]
}

/// 200 with a body.
pub(super) fn ok(media_type: &str, body: &[u8]) -> Vec<Step> {
    answer("200 OK", &[("content-type", media_type)], body)
}

/// A manifest in the wasm OCI layout, of a component with this digest and size.
pub(super) fn manifest(digest: &str, size: u64) -> String {
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": CONFIG, "digest": format!("sha256:{}", Digest::of(b"{}")), "size": 2 },
        "layers": [{ "mediaType": "application/wasm", "digest": format!("sha256:{digest}"), "size": size }],
    })
    .to_string()
}

/// The server, which ends with it.
#[derive(Debug)]
pub(super) struct Faulty {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Faulty {
    /// `handler` also gets the server's own host and port.
    pub(super) fn start(handler: impl Fn(&str, &Asked) -> Vec<Step> + Send + 'static) -> Self {
        Self::reading(Duration::ZERO, handler)
    }

    /// One that pauses between the pieces of a body that it reads.
    pub(super) fn reading(
        pause: Duration,
        handler: impl Fn(&str, &Asked) -> Vec<Step> + Send + 'static,
    ) -> Self {
        let listener = listen();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (asked, stop, address) = (Arc::clone(&asked), Arc::clone(&stop), address.clone());
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let handler = |asked: &Asked| handler(&address, asked);
                    // Whoever hangs up is the one under test.
                    let _ = serve(stream.unwrap(), &handler, &asked, &stop, pause);
                }
            }
        });
        Self {
            address,
            asked,
            stop,
            thread: Some(thread),
        }
    }

    /// Host and port.
    pub(super) fn name(&self) -> &str {
        &self.address
    }

    pub(super) fn reference(&self, what: &str) -> String {
        format!("oci://{}/{what}", self.address)
    }

    /// Every request so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(&self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// On any port of loopback. Takes little before it is read: what the system
/// takes looks to the client as if the server had.
fn listen() -> TcpListener {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 << 10).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(16).unwrap().into_std().unwrap();
        listener.set_nonblocking(false).unwrap();
        listener
    })
}

fn serve(
    stream: TcpStream,
    handler: &dyn Fn(&Asked) -> Vec<Step>,
    asked: &Mutex<Vec<Asked>>,
    stop: &AtomicBool,
    pause: Duration,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").and_then(|l| l.parse().ok());
    let mut left: usize = length.unwrap_or(0);
    let mut piece = vec![0; 256 << 10];
    while left > 0 {
        wait(pause, stop);
        let size = left.min(piece.len());
        reader.read_exact(&mut piece[..size])?;
        left -= size;
    }
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let request = Asked { line, headers };
    asked.lock().unwrap().push(request.clone());
    let mut stream = stream;
    for step in handler(&request) {
        match step {
            Step::Send(bytes) => stream.write_all(&bytes)?,
            Step::Wait(duration) => wait(duration, stop),
        }
    }
    Ok(())
}

/// In small pieces, so that a test does not wait for its server.
fn wait(duration: Duration, stop: &AtomicBool) {
    let until = Instant::now() + duration;
    while Instant::now() < until && !stop.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The component that is asked for.
pub(super) fn component() -> Vec<u8> {
    std::fs::read(shipped("conflict")).unwrap()
}

/// The right manifest of the component.
pub(super) fn right() -> String {
    let bytes = component();
    manifest(&Digest::of(&bytes).to_string(), bytes.len() as u64)
}

/// A registry with this manifest for every name, and this answer for a blob.
pub(super) fn serving(manifest: Vec<Step>, blob: Vec<Step>) -> Faulty {
    Faulty::start(move |_, asked| match asked.line.contains("/manifests/") {
        true => manifest.clone(),
        false => blob.clone(),
    })
}

/// Pulls the tag that every such registry has.
pub(super) fn pull_from(faulty: &Faulty, home: &Home, options: &[&str]) -> Ran {
    let options = [&["--insecure-http"], options].concat();
    pull(home, &faulty.reference("a:1"), &options)
}
