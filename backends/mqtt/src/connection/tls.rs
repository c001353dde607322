//! TLS by rustls; without the feature there is none, and endpoints that require it are refused.

#[cfg(feature = "tls")]
pub use with::Tls;
#[cfg(feature = "tls")]
pub(super) use with::{Secured, cause};
#[cfg(not(feature = "tls"))]
pub use without::Tls;

#[cfg(feature = "tls")]
mod with {
    use std::io::{self, ErrorKind, Read, Write};
    use std::sync::Arc;

    use rustls::crypto::ring;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls::{
        AlertDescription, CertificateError as Untrusted, ClientConfig, ClientConnection, Error, RootCertStore,
    };

    use crate::connection::cause::Cause;
    use crate::connection::{ClientCert, Roots, Socket};

    /// A TLS configuration. Clones share it, and the tickets with which sessions resume.
    #[derive(Clone)]
    pub struct Tls(Arc<ClientConfig>);

    impl Tls {
        /// Reads the roots, and the certificate that a device shows.
        ///
        /// # Errors
        ///
        /// A sentence: what cannot be read.
        pub fn new(roots: &Roots, client_cert: Option<&ClientCert>) -> Result<Tls, String> {
            let mut store = RootCertStore::empty();
            match roots {
                Roots::Platform => {
                    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                }
                Roots::Pem(text) => {
                    for der in CertificateDer::pem_slice_iter(text) {
                        let der = der.map_err(|error| format!("the roots are no PEM: {error}"))?;
                        store.add(der).map_err(|error| format!("a root cannot be used: {error}"))?;
                    }
                }
            }
            if store.is_empty() {
                return Err("there is no root to check certificates against".into());
            }
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|error| format!("TLS cannot start: {error}"))?
                .with_root_certificates(store);
            let config = match client_cert {
                None => config.with_no_client_auth(),
                Some(cert) => {
                    let resolver = SingleCertAndKey::from(certified(cert)?);
                    config.with_client_cert_resolver(Arc::new(resolver))
                }
            };
            Ok(Tls(Arc::new(config)))
        }
    }

    /// A certificate with its key. Which certificates the broker accepts is its own policy: old ones,
    /// without extensions, cannot be validated here.
    fn certified(cert: &ClientCert) -> Result<CertifiedKey, String> {
        let chain = CertificateDer::pem_slice_iter(&cert.chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| format!("the certificate is no PEM: {error}"))?;
        let key = PrivateKeyDer::from_pem_slice(&cert.key)
            .map_err(|_| "the key is no PEM, or has a password".to_owned())?;
        let key = ring::default_provider().key_provider.load_private_key(key);
        let certified = CertifiedKey::new(chain, key.map_err(|_| "the key cannot be used".to_owned())?);
        match certified.keys_match() {
            Err(Error::InconsistentKeys(_)) => Err("the key is another certificate's".into()),
            Ok(()) | Err(_) => Ok(certified),
        }
    }

    /// A connection with TLS over it.
    pub(in crate::connection) struct Secured {
        socket: Box<dyn Socket>,
        tls: ClientConnection,
    }

    fn broken(error: Error) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, error)
    }

    /// What a failure of TLS means; None: it is another one.
    #[expect(clippy::wildcard_enum_match_arm, reason = "foreign enums, of which few have words of their own")]
    pub(in crate::connection) fn cause(error: &io::Error) -> Option<Cause> {
        let error = error.get_ref()?.downcast_ref::<Error>()?;
        let text = format!("{error}");
        Some(match error {
            Error::InvalidCertificate(why) => {
                let raw_code = i32::from(u8::from(AlertDescription::from(why.clone())));
                let (what, advice) = match why {
                    Untrusted::Expired | Untrusted::ExpiredContext { .. } => {
                        ("has expired", "renew it at the broker, or set this device's clock")
                    }
                    Untrusted::NotValidYet | Untrusted::NotValidYetContext { .. } => {
                        ("is not valid yet", "set this device's clock")
                    }
                    Untrusted::UnknownIssuer => {
                        ("is from an authority that is not trusted here", "give that authority as ca_pem")
                    }
                    Untrusted::NotValidForName | Untrusted::NotValidForNameContext { .. } => {
                        ("is for another name", "use a name that the certificate has")
                    }
                    _ => ("is not trusted", "the broker needs another certificate"),
                };
                Cause::new(format!("the broker's certificate {what} ({text})"), advice, raw_code).finally()
            }
            Error::AlertReceived(alert) => {
                let advice = match alert {
                    AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure => {
                        "the broker may want a client certificate: client_cert_pem and client_key_pem"
                    }
                    _ => "see the broker's log",
                };
                let raw_code = i32::from(u8::from(*alert));
                Cause::new(format!("the broker refuses TLS ({text})"), advice, raw_code)
            }
            Error::InvalidMessage(_)
            | Error::InappropriateMessage { .. }
            | Error::PeerSentOversizedRecord => {
                let advice = "use mqtt://, or the broker's port for mqtts://";
                Cause::new("what listens on that port does not speak TLS", advice, 0).finally()
            }
            _ => Cause::new(format!("TLS failed ({text})"), "", 0),
        })
    }

    impl Secured {
        pub(in crate::connection) fn new(
            socket: Box<dyn Socket>,
            host: &str,
            tls: &Tls,
        ) -> io::Result<Secured> {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| {
                io::Error::new(ErrorKind::InvalidInput, "no name that a certificate can have")
            })?;
            let tls = ClientConnection::new(tls.0.clone(), name).map_err(broken)?;
            Ok(Secured { socket, tls })
        }

        pub(in crate::connection) fn socket(&self) -> &dyn Socket {
            &*self.socket
        }

        /// Continues the handshake. True: it is complete.
        pub(in crate::connection) fn handshake(&mut self) -> io::Result<bool> {
            loop {
                self.flush()?;
                if !self.tls.is_handshaking() {
                    return Ok(true);
                }
                match self.tls.read_tls(&mut self.socket) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(_) => self.process()?,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }

        fn process(&mut self) -> io::Result<()> {
            let processed = self.tls.process_new_packets();
            // A message of the handshake, or the alert that reports the error to the broker.
            let flushed = self.flush();
            processed.map_err(broken)?;
            flushed
        }

        pub(in crate::connection) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            loop {
                match self.tls.reader().read(buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    other => return other,
                }
                match self.tls.read_tls(&mut self.socket) {
                    Ok(0) => return Ok(0),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                }
                self.process()?;
            }
        }

        /// Writes what the socket accepts; the rest stays in `out`.
        pub(in crate::connection) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
            loop {
                self.flush()?;
                if out.is_empty() || self.tls.wants_write() {
                    return Ok(());
                }
                let taken = self.tls.writer().write(out)?;
                if taken == 0 {
                    return Ok(());
                }
                out.drain(..taken);
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            while self.tls.wants_write() {
                match self.tls.write_tls(&mut self.socket) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }

        /// Signals the end of the data.
        pub(in crate::connection) fn close(&mut self) -> io::Result<()> {
            self.tls.send_close_notify();
            self.flush()
        }

        pub(in crate::connection) fn wants_write(&self) -> bool {
            self.tls.wants_write()
        }
    }
}

#[cfg(not(feature = "tls"))]
mod without {
    use crate::connection::{ClientCert, Roots};

    /// There is none.
    #[derive(Clone)]
    pub struct Tls(std::convert::Infallible);

    impl Tls {
        /// Refuses.
        ///
        /// # Errors
        ///
        /// Always.
        pub fn new(_: &Roots, _: Option<&ClientCert>) -> Result<Tls, String> {
            Err("this library was built without TLS".into())
        }
    }
}
