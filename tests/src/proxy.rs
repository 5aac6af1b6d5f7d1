//! A proxy between the host and a server that breaks the connection at an
//! exact point. It understands just enough of the protocol to know where one
//! message ends and what the text of a statement is (PostgreSQL manual,
//! "Frontend/Backend Protocol").

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use tempfile::TempDir;

/// Longest wait for the host to come to the point of the cut.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the connection breaks; it breaks once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// At the first connection, before the server is asked.
    Connect,
    /// At the first statement that contains this text.
    Statement(&'static str),
    /// At the COMMIT of a transaction that may write.
    Commit,
}

/// How it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server never gets the message, and sees its client gone.
    Unsent,
    /// The server never gets the message and does not notice that its client
    /// is gone until [`Proxy::release`].
    Lingering,
    /// The server gets the message and answers; the answer is lost.
    AnswerLost,
    /// As `AnswerLost`, but the client sees its connection break only at
    /// [`Proxy::release`].
    AnswerHeld,
    /// The message is answered, then the connection breaks.
    Answered,
}

/// What becomes of connections that are made after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// They pass.
    Pass,
    /// They are closed at once, until [`Proxy::release`].
    Refuse,
}

/// A socket directory for a URL, in front of a server.
#[derive(Debug)]
pub struct Proxy {
    directory: TempDir,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: PathBuf,
    point: Point,
    cut: Cut,
    later: Later,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy)]
struct State {
    /// A connection came to the point.
    reached: bool,
    /// And was dealt with.
    cut: bool,
    released: bool,
}

impl Proxy {
    /// Stands before the server whose socket is `server`.
    pub fn new(server: &Path, point: Point, cut: Cut, later: Later) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432"))
            .expect("a socket to listen on");
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            point,
            cut,
            later,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let for_clients = Arc::clone(&shared);
        // Ends with the test process: nothing but a socket hangs on it.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&for_clients);
                std::thread::spawn(move || shared.serve(client));
            }
        });
        Self { directory, shared }
    }

    /// The URL of a database behind the proxy.
    pub fn url(&self, database: &str) -> String {
        let directory = self.directory.path().display();
        format!("postgresql:///{database}?host={directory}&port=5432&user=postgres")
    }

    /// Waits until the connection was cut, or its answer is held.
    pub fn wait_until_cut(&self) {
        let state = self.shared.lock();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, |s| !s.cut)
            .expect("no thread panicked");
        assert!(!waited.1.timed_out(), "the host never came to the point");
    }

    /// Whether the connection was cut.
    pub fn was_cut(&self) -> bool {
        self.shared.lock().cut
    }

    /// Ends what is lingering, held or refused.
    pub fn release(&self) {
        self.shared.lock().released = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.release();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panicked")
    }

    /// Whether this is the moment of the cut; there is one.
    fn reach(&self) -> bool {
        let mut state = self.lock();
        !std::mem::replace(&mut state.reached, true)
    }

    fn tell_of_cut(&self) {
        self.lock().cut = true;
        self.changed.notify_all();
    }

    fn wait_for_release(&self) {
        let state = self.lock();
        drop(
            self.changed
                .wait_while(state, |s| !s.released)
                .expect("no thread panicked"),
        );
    }

    /// A connection from its beginning to its end. Errors end it: a peer that
    /// is gone is what this is for.
    fn serve(&self, client: UnixStream) {
        let state = *self.lock();
        if state.reached && !state.released && self.later == Later::Refuse {
            return;
        }
        if self.point == Point::Connect && self.reach() {
            self.tell_of_cut();
            return;
        }
        let Ok(server) = UnixStream::connect(&self.server) else {
            return;
        };
        let _ = self.pass(&client, &server);
        for side in [&client, &server] {
            let _ = side.shutdown(Shutdown::Both);
        }
    }

    fn pass(&self, client: &UnixStream, mut server: &UnixStream) -> io::Result<()> {
        // The first message has no type. On a Unix-domain socket nobody asks
        // for encryption.
        server.write_all(&with_length(&body(client)?))?;
        let relay = Relay::start(server, client)?;
        let mut writing = false;
        // How often the server was asked for a ReadyForQuery; the start of the
        // session is answered by the first.
        let mut asked = 1;
        loop {
            let (kind, body) = message(client)?;
            let mut whole = vec![kind];
            whole.extend(with_length(&body));
            if let Some(text) = statement(kind, &body) {
                if text.starts_with("BEGIN") {
                    writing = text.contains("READ COMMITTED");
                }
                if self.is_point(text, writing) && self.reach() {
                    if kind == PARSE {
                        whole.extend(rest_of_statement(client)?);
                    }
                    return self.cut(client, server, &relay, &whole, asked);
                }
            }
            if matches!(kind, QUERY | SYNC) {
                asked += 1;
            }
            server.write_all(&whole)?;
        }
    }

    fn is_point(&self, text: &str, writing: bool) -> bool {
        match self.point {
            Point::Connect => false,
            Point::Statement(part) => text.contains(part),
            Point::Commit => writing && text == "COMMIT",
        }
    }

    /// Breaks the connection; the caller closes what is left of it. What was
    /// `asked` before is answered as ever.
    fn cut(
        &self,
        client: &UnixStream,
        mut server: &UnixStream,
        relay: &Relay,
        message: &[u8],
        asked: usize,
    ) -> io::Result<()> {
        match self.cut {
            Cut::Unsent => {}
            Cut::Lingering => {
                relay.set(Mode::Swallow, 0);
                client.shutdown(Shutdown::Both)?;
            }
            Cut::AnswerLost | Cut::AnswerHeld => {
                relay.set(Mode::Swallow, asked);
                server.write_all(message)?;
                relay.wait_for_answer();
            }
            Cut::Answered => {
                relay.set(Mode::LastAnswer, asked);
                server.write_all(message)?;
                relay.wait_for_answer();
            }
        }
        self.tell_of_cut();
        if matches!(self.cut, Cut::Lingering | Cut::AnswerHeld) {
            self.wait_for_release();
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    Swallow,
    LastAnswer,
}

/// Hands the server's messages to the client.
#[derive(Debug)]
struct Relay {
    /// What it does from how many answers on.
    mode: Arc<Mutex<(Mode, usize)>>,
    answered: Receiver<()>,
}

impl Relay {
    fn start(server: &UnixStream, client: &UnixStream) -> io::Result<Self> {
        let (server, client) = (server.try_clone()?, client.try_clone()?);
        let mode = Arc::new(Mutex::new((Mode::Pass, 0)));
        let (tell, answered) = channel();
        let of_thread = Arc::clone(&mode);
        std::thread::spawn(move || {
            let _ = relay(&server, &client, &of_thread, &tell);
            // A client whose connection was cut is closed by the cut.
            if of_thread.lock().expect("no thread panicked").0 == Mode::Pass {
                let _ = client.shutdown(Shutdown::Both);
            }
        });
        Ok(Self { mode, answered })
    }

    fn set(&self, mode: Mode, after: usize) {
        *self.mode.lock().expect("no thread panicked") = (mode, after);
    }

    /// Returns when the answer is complete, or the server is gone.
    fn wait_for_answer(&self) {
        let _ = self.answered.recv();
    }
}

fn relay(
    server: &UnixStream,
    mut client: &UnixStream,
    mode: &Mutex<(Mode, usize)>,
    tell: &Sender<()>,
) -> io::Result<()> {
    const READY_FOR_QUERY: u8 = b'Z';
    let mut answers = 0;
    loop {
        let (kind, body) = message(server)?;
        let (mode, after) = *mode.lock().expect("no thread panicked");
        let mode = if answers < after { Mode::Pass } else { mode };
        if mode != Mode::Swallow {
            client.write_all(&[&[kind], with_length(&body).as_slice()].concat())?;
        }
        if mode != Mode::Pass && kind == READY_FOR_QUERY {
            let _ = tell.send(());
            return Ok(());
        }
        if kind == READY_FOR_QUERY {
            answers += 1;
        }
    }
}

fn with_length(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&length.to_be_bytes(), body].concat()
}

fn body(mut from: &UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    let mut body = vec![0; length.checked_sub(4).ok_or(io::ErrorKind::InvalidData)?];
    from.read_exact(&mut body)?;
    Ok(body)
}

fn message(mut from: &UnixStream) -> io::Result<(u8, Vec<u8>)> {
    let mut kind = [0];
    from.read_exact(&mut kind)?;
    Ok((kind[0], body(from)?))
}

const QUERY: u8 = b'Q';
const PARSE: u8 = b'P';
const SYNC: u8 = b'S';

/// What follows a Parse message, up to what has it executed and answered.
fn rest_of_statement(client: &UnixStream) -> io::Result<Vec<u8>> {
    let mut rest = Vec::new();
    loop {
        let (kind, body) = message(client)?;
        rest.push(kind);
        rest.extend(with_length(&body));
        if kind == SYNC {
            return Ok(rest);
        }
    }
}

/// The text of a Query or Parse message.
fn statement(kind: u8, body: &[u8]) -> Option<&str> {
    let mut parts = body.split(|byte| *byte == 0);
    let text = match kind {
        QUERY => parts.next(),
        PARSE => parts.nth(1),
        _ => None,
    };
    std::str::from_utf8(text?).ok()
}
