//! TLS to TURN servers, by rustls and ring.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use crate::peer::RelayTransport;

/// How servers are checked: against these roots, or the system's.
///
/// # Errors
/// A sentence: what cannot be used.
pub(crate) fn config(ca_pem: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match ca_pem {
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Some(pem) => {
            for der in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let der = der.map_err(|error| format!("the roots are no PEM: {error}"))?;
                roots.add(der).map_err(|error| format!("a root cannot be used: {error}"))?;
            }
        }
    }
    if roots.is_empty() {
        return Err("there is no root to check certificates against".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot start: {error}"))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// The way to a server of this name.
///
/// # Errors
/// A sentence: what cannot be used.
pub(crate) fn transport(host: &str, config: &Arc<ClientConfig>) -> Result<RelayTransport, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| format!("{host}: {error}"))?;
    Ok(RelayTransport::Tls { name, config: config.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_that_are_none_are_refused() {
        for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(config(Some(pem)).is_err(), "{pem:?}");
        }
    }
}
