//! Just enough of PostgreSQL's protocol (version 3.0, "Message Formats" in the
//! manual) to ask a question: the crate itself speaks none of it.

use std::error::Error;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use birth_cluster::Cluster;

/// The server wants SASL authentication, that is a password.
pub(crate) const SASL: u32 = 10;

/// Runs one statement; the answer is the first column of its first row, or "".
pub(crate) fn query(cluster: &Cluster, sql: &str) -> Result<String, Box<dyn Error>> {
    query_at(cluster.host(), cluster.port(), sql)
}

/// The same for a server known by its socket alone.
pub(crate) fn query_at(host: &str, port: u16, sql: &str) -> Result<String, Box<dyn Error>> {
    let mut server = UnixStream::connect(format!("{host}/.s.PGSQL.{port}"))?;
    send_startup(&mut server)?;
    until_ready(&mut server)?;
    let length = u32::try_from(4 + sql.len() + 1)?.to_be_bytes();
    server.write_all(&[b"Q", &length[..], sql.as_bytes(), b"\0"].concat())?;
    until_ready(&mut server)
}

/// Which authentication a server asks of the superuser: 0 is none.
pub(crate) fn requested_authentication(
    mut server: impl Read + Write,
) -> Result<u32, Box<dyn Error>> {
    send_startup(&mut server)?;
    match read_message(&mut server)? {
        (b'R', body) => Ok(u32::from_be_bytes(
            body.get(..4).ok_or("short message")?.try_into()?,
        )),
        (kind, body) => Err(unexpected(kind, &body)),
    }
}

fn send_startup(server: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let body = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(4 + body.len())?.to_be_bytes();
    Ok(server.write_all(&[&length[..], body].concat())?)
}

fn until_ready(server: &mut impl Read) -> Result<String, Box<dyn Error>> {
    let mut value = None;
    loop {
        match read_message(server)? {
            (b'Z', _) => return Ok(value.unwrap_or_default()),
            // DataRow: two bytes of column count, then length and bytes of each.
            (b'D', body) if value.is_none() => {
                let length = u32::from_be_bytes(body.get(2..6).ok_or("short row")?.try_into()?);
                let bytes = body
                    .get(6..6 + usize::try_from(length)?)
                    .ok_or("short column")?;
                value = Some(String::from_utf8(bytes.to_vec())?);
            }
            (b'E', body) => return Err(unexpected(b'E', &body)),
            _ => {}
        }
    }
}

fn read_message(server: &mut impl Read) -> Result<(u8, Vec<u8>), Box<dyn Error>> {
    let mut head = [0; 5];
    server.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let mut body = vec![0; usize::try_from(u32::from_be_bytes(length))?.saturating_sub(4)];
    server.read_exact(&mut body)?;
    Ok((kind, body))
}

fn unexpected(kind: u8, body: &[u8]) -> Box<dyn Error> {
    format!(
        "the server said {:?}: {}",
        char::from(kind),
        String::from_utf8_lossy(body)
    )
    .into()
}
