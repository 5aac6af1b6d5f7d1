//! The connection parameters libpq knows, and what becomes of each here.
//!
//! Parameters that choose behaviour we have are used. Of the others, a
//! parameter is ignored where that costs nothing but a convenience, and refused
//! where ignoring it would leave the connection less protected than its user
//! asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::error::SettingsError;

/// What becomes of a parameter.
#[derive(Debug, Clone, Copy)]
pub(super) enum Treatment {
    /// Read by this module.
    Used,
    /// Ignored: nothing the user relies on is lost.
    Harmless,
    /// Refused unless the value is one of `accepts` (the values that ask for
    /// nothing) or empty.
    Refused {
        accepts: &'static [&'static str],
        reason: &'static str,
    },
}

use Treatment::{Harmless, Refused, Used};

/// One parameter: its keyword, its environment variable, its treatment.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) keyword: &'static str,
    pub(super) variable: Option<&'static str>,
    treatment: Treatment,
}

const fn parameter(
    keyword: &'static str,
    variable: Option<&'static str>,
    treatment: Treatment,
) -> Definition {
    Definition {
        keyword,
        variable,
        treatment,
    }
}

const NO_REVOCATION: &str = "certificate revocation lists are not supported; \
     remove the parameter and revoke on the server's side";
const NO_SCRAM_KEYS: &str =
    "SCRAM keys are not supported; give the password through PGPASSWORD or the password file";

/// Every parameter of libpq up to PostgreSQL 18.
pub(super) const DEFINITIONS: &[Definition] = &[
    parameter("service", Some("PGSERVICE"), Used),
    parameter("servicefile", Some("PGSERVICEFILE"), Used),
    parameter("host", Some("PGHOST"), Used),
    parameter("hostaddr", Some("PGHOSTADDR"), Used),
    parameter("port", Some("PGPORT"), Used),
    parameter("dbname", Some("PGDATABASE"), Used),
    parameter("user", Some("PGUSER"), Used),
    parameter("password", Some("PGPASSWORD"), Used),
    parameter("passfile", Some("PGPASSFILE"), Used),
    parameter("connect_timeout", Some("PGCONNECT_TIMEOUT"), Used),
    parameter("options", Some("PGOPTIONS"), Used),
    parameter("application_name", Some("PGAPPNAME"), Used),
    parameter("fallback_application_name", None, Used),
    parameter("target_session_attrs", Some("PGTARGETSESSIONATTRS"), Used),
    parameter("channel_binding", Some("PGCHANNELBINDING"), Used),
    parameter("keepalives", None, Used),
    parameter("keepalives_idle", None, Used),
    parameter("keepalives_interval", None, Used),
    parameter("keepalives_count", None, Used),
    parameter("tcp_user_timeout", None, Used),
    parameter("sslmode", Some("PGSSLMODE"), Used),
    parameter("sslnegotiation", Some("PGSSLNEGOTIATION"), Used),
    parameter("sslrootcert", Some("PGSSLROOTCERT"), Used),
    parameter("sslcert", Some("PGSSLCERT"), Used),
    parameter("sslkey", Some("PGSSLKEY"), Used),
    parameter("sslsni", Some("PGSSLSNI"), Used),
    parameter(
        "ssl_min_protocol_version",
        Some("PGSSLMINPROTOCOLVERSION"),
        Used,
    ),
    parameter(
        "ssl_max_protocol_version",
        Some("PGSSLMAXPROTOCOLVERSION"),
        Used,
    ),
    parameter(
        "sslcertmode",
        Some("PGSSLCERTMODE"),
        Refused {
            accepts: &["allow", "disable"],
            reason: "whether the server asked for a client certificate cannot be checked; \
                     use sslcertmode=allow",
        },
    ),
    parameter(
        "sslcrl",
        Some("PGSSLCRL"),
        Refused {
            accepts: &[],
            reason: NO_REVOCATION,
        },
    ),
    parameter(
        "sslcrldir",
        Some("PGSSLCRLDIR"),
        Refused {
            accepts: &[],
            reason: NO_REVOCATION,
        },
    ),
    parameter(
        "requirepeer",
        Some("PGREQUIREPEER"),
        Refused {
            accepts: &[],
            reason: "the owner of the server process cannot be checked; \
                     protect the socket directory by its permissions and remove the parameter",
        },
    ),
    parameter(
        "require_auth",
        Some("PGREQUIREAUTH"),
        Refused {
            accepts: &[],
            reason: "the authentication method cannot be restricted; \
                     use sslmode=verify-full with channel_binding=require instead",
        },
    ),
    parameter(
        "gssencmode",
        Some("PGGSSENCMODE"),
        Refused {
            accepts: &["disable", "prefer"],
            reason: "GSSAPI encryption is not supported; use sslmode=verify-full for encryption",
        },
    ),
    parameter(
        "min_protocol_version",
        Some("PGMINPROTOCOLVERSION"),
        Refused {
            accepts: &["3.0"],
            reason: "protocol 3.0 is the only one spoken here; remove the parameter",
        },
    ),
    parameter(
        "replication",
        None,
        Refused {
            accepts: &["false", "off", "no", "0"],
            reason: "a replication connection cannot run ordinary statements; \
                     remove the parameter",
        },
    ),
    parameter(
        "scram_client_key",
        None,
        Refused {
            accepts: &[],
            reason: NO_SCRAM_KEYS,
        },
    ),
    parameter(
        "scram_server_key",
        None,
        Refused {
            accepts: &[],
            reason: NO_SCRAM_KEYS,
        },
    ),
    // Without effect unless the key is encrypted, and an encrypted key is
    // refused by name when it is read.
    parameter("sslpassword", None, Harmless),
    parameter("sslcompression", Some("PGSSLCOMPRESSION"), Harmless),
    parameter("sslkeylogfile", None, Harmless),
    // The session always speaks UTF-8.
    parameter("client_encoding", Some("PGCLIENTENCODING"), Harmless),
    parameter("load_balance_hosts", Some("PGLOADBALANCEHOSTS"), Harmless),
    parameter("krbsrvname", Some("PGKRBSRVNAME"), Harmless),
    parameter("gsslib", Some("PGGSSLIB"), Harmless),
    parameter("gssdelegation", Some("PGGSSDELEGATION"), Harmless),
    parameter(
        "max_protocol_version",
        Some("PGMAXPROTOCOLVERSION"),
        Harmless,
    ),
    // OAuth is never offered to the server; one that demands it refuses us.
    parameter("oauth_issuer", None, Harmless),
    parameter("oauth_client_id", None, Harmless),
    parameter("oauth_client_secret", None, Harmless),
    parameter("oauth_scope", None, Harmless),
    parameter("authtype", None, Harmless),
    parameter("tty", None, Harmless),
];

/// Keywords whose values are secrets.
pub(super) fn is_secret(keyword: &str) -> bool {
    matches!(
        keyword,
        "password"
            | "sslpassword"
            | "oauth_client_secret"
            | "scram_client_key"
            | "scram_server_key"
    )
}

/// Where a value was given; part of every message about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The `--database` argument.
    Argument,
    /// A section of a connection service file.
    Service {
        /// The section.
        name: String,
        /// The file.
        file: PathBuf,
    },
    /// An environment variable.
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => formatter.write_str("the database argument"),
            Self::Service { name, file } => {
                write!(formatter, "service \"{name}\" in {}", file.display())
            }
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
        }
    }
}

/// The values given so far. The first source to give a parameter wins, so
/// sources are added in order of precedence.
///
/// It holds passwords and therefore has no `Debug` form.
#[derive(Default)]
pub(super) struct Parameters {
    values: BTreeMap<&'static str, (String, Origin)>,
}

impl Parameters {
    /// Adds one value unless an earlier source gave the parameter.
    ///
    /// Returns `false` when libpq has no such parameter.
    pub(super) fn add(&mut self, keyword: &str, value: &str, origin: &Origin) -> bool {
        // The pre-8.0 spelling, which libpq still translates.
        let (keyword, value) = match keyword {
            "requiressl" if value.starts_with('1') => ("sslmode", "require"),
            "requiressl" => ("sslmode", "prefer"),
            other => (other, value),
        };
        let Some(definition) = DEFINITIONS.iter().find(|known| known.keyword == keyword) else {
            return false;
        };
        self.values
            .entry(definition.keyword)
            .or_insert_with(|| (value.to_owned(), origin.clone()));
        true
    }

    /// The value of a parameter, absent when no source gave it or the winning
    /// source gave an empty one: to libpq an empty value means the default.
    pub(super) fn get(&self, keyword: &str) -> Option<&str> {
        self.given(keyword).filter(|value| !value.is_empty())
    }

    /// As [`Self::get`], but an empty value is a value.
    pub(super) fn given(&self, keyword: &str) -> Option<&str> {
        self.values.get(keyword).map(|(value, _)| value.as_str())
    }

    /// An error about the value of a parameter, naming where it was given.
    ///
    /// Secrets never reach this function: no rule restricts their values.
    pub(super) fn invalid(
        &self,
        keyword: &'static str,
        reason: impl Into<String>,
    ) -> SettingsError {
        let (value, origin) = match self.values.get(keyword) {
            Some((value, origin)) => (value.clone(), origin.clone()),
            None => (String::new(), Origin::Argument),
        };
        SettingsError::InvalidValue {
            keyword,
            value,
            origin,
            reason: reason.into(),
        }
    }

    /// Refuses what cannot be honoured without weakening the connection.
    pub(super) fn check_supported(&self) -> Result<(), SettingsError> {
        for definition in DEFINITIONS {
            let Some((value, origin)) = self.values.get(definition.keyword) else {
                continue;
            };
            match definition.treatment {
                Refused { accepts, reason }
                    if !value.is_empty() && !accepts.contains(&value.as_str()) =>
                {
                    return Err(SettingsError::Unsupported {
                        keyword: definition.keyword,
                        origin: origin.clone(),
                        reason,
                    });
                }
                Harmless => {
                    tracing::debug!(
                        parameter = definition.keyword,
                        "connection parameter ignored"
                    );
                }
                Refused { .. } | Used => {}
            }
        }
        Ok(())
    }
}
