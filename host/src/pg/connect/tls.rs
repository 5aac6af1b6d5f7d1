//! TLS by libpq's rules: what is trusted, what is verified, what we present.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature,
    verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use x509_cert::der::{Decode, Encode};

use super::error::SettingsError;
use super::settings::SslMode;

/// Where trusted roots come from.
#[derive(Debug, Clone)]
pub(super) enum Roots {
    /// The operating system's store.
    System,
    /// A file that was named and must be there.
    File(PathBuf),
    /// `~/.postgresql/root.crt`, used where it exists.
    Default(Option<PathBuf>),
}

/// What TLS needs to know. Files are read when a connection uses TLS.
#[derive(Debug, Clone)]
pub(super) struct TlsSettings {
    pub(super) mode: SslMode,
    /// TLS from the first byte, without asking the server first.
    pub(super) direct: bool,
    pub(super) roots: Roots,
    pub(super) default_revocation_list: Option<PathBuf>,
    /// A client certificate that was named and must be there.
    pub(super) certificate: Option<PathBuf>,
    /// `~/.postgresql/postgresql.crt`, used where it exists.
    pub(super) default_certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) server_name_indication: bool,
    pub(super) versions: Vec<&'static rustls::SupportedProtocolVersion>,
}

impl TlsSettings {
    /// Reads the files and makes the client's TLS configuration.
    pub(super) fn client_config(&self) -> Result<ClientConfig, SettingsError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier {
            trust: self.trust()?,
            algorithms: provider.signature_verification_algorithms,
        };
        let builder = self
            .builder(provider)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.client_certificate()? {
            None => builder.with_no_client_auth(),
            Some((path, chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| SettingsError::unreadable("client certificate", &path, error))?,
        };
        config.enable_sni = self.server_name_indication;
        if self.direct {
            // A server demands this name of a client that did not ask first.
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(config)
    }

    fn builder(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, SettingsError> {
        ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .map_err(|error| SettingsError::TlsSetup(error.to_string()))
    }

    /// As in libpq, roots that exist are used in every mode that uses TLS, and
    /// only the two verifying modes insist on them.
    fn trust(&self) -> Result<Trust, SettingsError> {
        let certificates = match &self.roots {
            Roots::System => Some(system_certificates()?),
            // libpq connects unverified under `require` when a named file is
            // missing; a file that was named is meant, so it must be there.
            Roots::File(path) => Some(read_certificates("root certificate file", path)?),
            Roots::Default(Some(path)) if exists(path) => {
                Some(read_certificates("root certificate file", path)?)
            }
            Roots::Default(_) => None,
        };
        let verifies = matches!(self.mode, SslMode::VerifyCa | SslMode::VerifyFull);
        let Some(certificates) = certificates else {
            if verifies {
                return Err(SettingsError::NoRoots { sslmode: self.mode });
            }
            return Ok(Trust::Any);
        };
        if let Some(path) = self
            .default_revocation_list
            .as_ref()
            .filter(|path| exists(path))
        {
            return Err(SettingsError::unreadable(
                "revocation list",
                path,
                "revocation lists are not supported, and ignoring one would trust what it revokes; \
                 move the file away and revoke on the server's side",
            ));
        }
        let mut store = RootCertStore::empty();
        // Roots in a form that cannot be read are skipped, as in libpq: a
        // system's store may hold some. Trusting fewer roots is safe.
        let (usable, _) = store.add_parsable_certificates(certificates.iter().cloned());
        if usable == 0 {
            return Err(SettingsError::NoRoots { sslmode: self.mode });
        }
        Ok(Trust::Roots {
            store,
            certificates,
            name: self.mode == SslMode::VerifyFull,
        })
    }

    /// The client's certificate chain and key, where there are any.
    fn client_certificate(&self) -> Result<Option<ClientCertificate>, SettingsError> {
        let default = self
            .default_certificate
            .as_ref()
            .filter(|path| exists(path));
        let Some(path) = self.certificate.as_ref().or(default) else {
            return Ok(None);
        };
        let chain = read_certificates("client certificate", path)?;
        let Some(key) = &self.key else {
            return Err(SettingsError::unreadable(
                "client certificate",
                path,
                "it has no key; name one with sslkey (PGSSLKEY)",
            ));
        };
        Ok(Some((path.clone(), chain, read_key(key)?)))
    }
}

type ClientCertificate = (
    PathBuf,
    Vec<CertificateDer<'static>>,
    PrivateKeyDer<'static>,
);

fn exists(path: &Path) -> bool {
    // A file that cannot be looked at counts as there: reading it will say why.
    !matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

fn system_certificates() -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err(SettingsError::NoSystemRoots {
            reason: match reasons.is_empty() {
                true => "none are installed".to_owned(),
                false => reasons.join("; "),
            },
        });
    }
    Ok(found.certs)
}

fn read_certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let bytes = fs::read(path).map_err(|error| SettingsError::unreadable(what, path, error))?;
    let certificates = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| SettingsError::unreadable(what, path, error))?;
    if certificates.is_empty() {
        return Err(SettingsError::unreadable(
            what,
            path,
            "it holds no certificate in PEM form",
        ));
    }
    Ok(certificates)
}

/// Reads a private key that only its owner can read, or one of root's that
/// a group can read: libpq's rule.
fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, SettingsError> {
    const WHAT: &str = "client key";
    let fail = |reason: &str| SettingsError::unreadable(WHAT, path, reason);
    let metadata =
        fs::metadata(path).map_err(|error| SettingsError::unreadable(WHAT, path, error))?;
    if !metadata.is_file() {
        return Err(fail("it is not a plain file"));
    }
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.mode() & forbidden != 0 {
        return Err(fail(
            "others than its owner have access; run chmod 0600 on it (0640 where root owns it)",
        ));
    }
    let bytes = fs::read(path).map_err(|error| SettingsError::unreadable(WHAT, path, error))?;
    if String::from_utf8_lossy(&bytes).contains("ENCRYPTED") {
        return Err(fail(
            "it is encrypted, which is not supported; decrypt it with `openssl pkey` and \
             protect it by its permissions",
        ));
    }
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| fail("it holds no private key in PEM form"))
}

/// Which server certificates are accepted.
#[derive(Debug)]
enum Trust {
    /// All: the connection is encrypted, and nobody knows to whom.
    Any,
    /// Those issued by a root, and, with `name`, for the host's name.
    Roots {
        store: RootCertStore,
        /// The same roots, whole.
        certificates: Vec<CertificateDer<'static>>,
        name: bool,
    },
}

/// Verifies server certificates as far as [`Trust`] asks for it. That the
/// server holds the certificate's key is verified always.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Trust::Roots {
            store,
            certificates,
            name,
        } = &self.trust
        else {
            return Ok(ServerCertVerified::assertion());
        };
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let chain = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            store,
            intermediates,
            now,
            self.algorithms.all,
        );
        match chain {
            // A self-signed server certificate is its own root, and marked as
            // an authority by the usual command. Its period of validity was
            // checked before this mark.
            Err(error) if is_authority(&error) && certificates.contains(end_entity) => {}
            other => other?,
        }
        if *name {
            verify_server_name(&parsed, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match public_key_of_version_1(certificate) {
            Some(key) => {
                verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
            }
            None => verify_tls13_signature(message, certificate, signature, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether the only fault found is that the certificate is an authority's. The
/// verifier's own error type is not public; its name is all there is to see, and
/// should that change, such certificates are refused again.
fn is_authority(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::Other(other))
            if other.to_string() == "CaUsedAsEndEntity"
    )
}

/// The public key of a certificate of X.509 version 1. The commands in the
/// PostgreSQL manual make such server certificates, and the parser for current
/// ones refuses them; where no chain is verified their key is all that counts.
fn public_key_of_version_1(
    certificate: &CertificateDer<'_>,
) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    if certificate.tbs_certificate.version != x509_cert::Version::V1 {
        return None;
    }
    let key = certificate
        .tbs_certificate
        .subject_public_key_info
        .to_der()
        .ok()?;
    Some(SubjectPublicKeyInfoDer::from(key))
}
