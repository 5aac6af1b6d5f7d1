//! Signatures of `ssh-keygen -Y sign` (OpenSSH, PROTOCOL.sshsig).
//!
//! `ssh-key` reads them, `ring` does the arithmetic: both are here anyway or
//! small, and neither ever holds a private key.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, SshSig};

use birth_core::policy::statement::NAMESPACE;

/// Whether an armoured signature is one over the statement, in our namespace;
/// gives its key. Whose key that is, is not asked here.
///
/// # Errors
/// Why not, in words.
pub fn fits(armored: &str, statement: &str) -> Result<KeyData, String> {
    let armored = format!("{}\n", armored.trim());
    let signature = SshSig::from_pem(&armored)
        .map_err(|error| format!("it is no signature of `ssh-keygen -Y sign`: {error}"))?;
    if signature.namespace() != NAMESPACE {
        return Err(format!(
            "it was made in the namespace {}, not in {NAMESPACE}",
            signature.namespace()
        ));
    }
    let signed = SshSig::signed_data(NAMESPACE, signature.hash_alg(), statement.as_bytes())
        .map_err(|error| error.to_string())?;
    let key = signature.public_key().clone();
    match verify(&key, &signature, &signed) {
        Some(true) => Ok(key),
        Some(false) => Err(
            "it does not fit the statement: it is over another one, or the entry was changed since"
                .to_owned(),
        ),
        None => Err(format!(
            "its key is of the kind {}: use ssh-ed25519, ecdsa-sha2-nistp256 or -nistp384, or RSA of at least 2048 bits",
            key.algorithm()
        )),
    }
}

/// How people tell keys apart.
pub(super) fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// None where the key's kind is not one that is taken.
fn verify(key: &KeyData, signature: &SshSig, signed: &[u8]) -> Option<bool> {
    let bytes = signature.signature_bytes();
    match (key, signature.algorithm()) {
        (KeyData::Ed25519(key), Algorithm::Ed25519) => {
            let key = UnparsedPublicKey::new(&ED25519, &key.0);
            Some(key.verify(signed, bytes).is_ok())
        }
        (KeyData::Ecdsa(key), Algorithm::Ecdsa { curve }) if key.curve() == curve => {
            verify_ecdsa(key, bytes, signed)
        }
        (KeyData::Rsa(key), Algorithm::Rsa { hash: Some(hash) }) => {
            let parameters = match hash {
                HashAlg::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
                HashAlg::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
                _ => return None,
            };
            let (n, e) = (key.n.as_positive_bytes()?, key.e.as_positive_bytes()?);
            // Fewer bits are a kind of key that is not taken, not a wrong signature.
            if n.len() < 256 {
                return None;
            }
            let key = RsaPublicKeyComponents { n, e };
            Some(key.verify(parameters, signed, bytes).is_ok())
        }
        _ => None,
    }
}

fn verify_ecdsa(key: &EcdsaPublicKey, bytes: &[u8], signed: &[u8]) -> Option<bool> {
    let (parameters, width) = match key.curve() {
        EcdsaCurve::NistP256 => (&ECDSA_P256_SHA256_FIXED, 32),
        EcdsaCurve::NistP384 => (&ECDSA_P384_SHA384_FIXED, 48),
        EcdsaCurve::NistP521 => return None,
    };
    let Some(fixed) = fixed_width(bytes, width) else {
        return Some(false);
    };
    let key = UnparsedPublicKey::new(parameters, key.as_sec1_bytes());
    Some(key.verify(signed, &fixed).is_ok())
}

/// The two numbers of a signature, each as an `mpint` (RFC 5656, section 3.1.2),
/// as what `ring` takes: side by side, in full width.
fn fixed_width(mut bytes: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (number, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        out.resize(out.len() + width.checked_sub(number.len())?, 0);
        out.extend_from_slice(number);
        bytes = rest;
    }
    bytes.is_empty().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_put_in_full_width() {
        let mpint = [0, 0, 0, 2, 0, 0x80, 0, 0, 0, 1, 7];
        assert_eq!(fixed_width(&mpint, 3), Some(vec![0, 0, 0x80, 0, 0, 7]));
        assert_eq!(fixed_width(&mpint[..10], 3), None);
        assert_eq!(fixed_width(&[&mpint[..], &[0]].concat(), 3), None);
        let long = [0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 1, 7];
        assert_eq!(fixed_width(&long, 3), None);
        assert_eq!(fixed_width(&[0xff, 0xff, 0xff, 0xff, 1], 3), None);
    }

    #[test]
    fn what_is_no_signature_is_said() {
        for armored in [
            "",
            "hello",
            "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----",
        ] {
            let why = fits(armored, "statement").err();
            assert!(
                why.is_some_and(|why| why.contains("no signature of")),
                "{armored}"
            );
        }
    }
}
