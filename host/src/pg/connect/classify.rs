//! What a failed attempt means, read from the driver's error.

use std::error::Error as _;
use std::io;

use tokio_postgres::error::{DbError, SqlState};

use super::error::{Failure, TlsReason};
use super::settings::SslMode;

/// Turns the driver's error into ours.
pub(super) fn classify(error: &tokio_postgres::Error, sslmode: SslMode) -> Failure {
    if let Some(server) = error.as_db_error() {
        return classify_server(server);
    }
    if let Some(tls) = find_tls_error(error) {
        return Failure::Tls {
            sslmode,
            reason: tls_reason(tls),
        };
    }
    let cause = error.source();
    let text = cause.map_or_else(String::new, ToString::to_string);
    let io_error = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    // The driver keeps the kinds of its errors to itself; their fixed texts
    // tell them apart.
    match (error.to_string().as_str(), io_error) {
        ("error connecting to server", Some(cause)) => Failure::Unreachable(copy(cause)),
        ("error performing TLS handshake", _) => Failure::Tls {
            sslmode,
            reason: match text.as_str() {
                "server does not support TLS" => TlsReason::NotOffered,
                _ => TlsReason::RefusedByServer(text),
            },
        },
        ("invalid configuration", _) if text == "password missing" => Failure::PasswordMissing,
        ("authentication error", _) => Failure::Authentication(text),
        _ => Failure::Broken(detail(error)),
    }
}

fn classify_server(error: &DbError) -> Failure {
    let message = error.message().to_owned();
    match *error.code() {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            Failure::Authentication(message)
        }
        SqlState::INVALID_CATALOG_NAME => Failure::DatabaseMissing(message),
        SqlState::TOO_MANY_CONNECTIONS => Failure::TooManyConnections(message),
        SqlState::CANNOT_CONNECT_NOW => Failure::NotReady(message),
        ref other => Failure::Refused {
            sqlstate: other.code().to_owned(),
            message,
        },
    }
}

/// The TLS library's error, however deep the I/O layers wrapped it.
fn find_tls_error(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // `io::Error::source` skips the error it wraps.
        cause = match current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    None
}

fn tls_reason(error: &rustls::Error) -> TlsReason {
    use rustls::CertificateError as Certificate;
    use rustls::Error::{AlertReceived, InvalidCertificate};
    match error {
        InvalidCertificate(Certificate::UnknownIssuer | Certificate::BadSignature) => {
            TlsReason::UnknownIssuer
        }
        InvalidCertificate(
            Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. },
        ) => TlsReason::Expired,
        InvalidCertificate(
            name @ (Certificate::NotValidForName | Certificate::NotValidForNameContext { .. }),
        ) => TlsReason::WrongName(name.to_string()),
        // These two have no public form but their names.
        InvalidCertificate(Certificate::Other(other)) => match other.to_string().as_str() {
            "UnsupportedCertVersion" => TlsReason::OldVersion,
            "CaUsedAsEndEntity" => TlsReason::AuthorityCertificate,
            name => TlsReason::Other(format!("the server's certificate is refused: {name}")),
        },
        AlertReceived(alert) => TlsReason::RefusedByServer(format!("{alert:?}")),
        other => TlsReason::Other(other.to_string()),
    }
}

/// An I/O error cannot be cloned; kind and text are what is shown of it.
fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

/// The error with its causes on one line.
pub(super) fn detail(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
