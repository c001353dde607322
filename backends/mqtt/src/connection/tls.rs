//! TLS by rustls; without the feature there is none, and endpoints that require it are refused.

#[cfg(feature = "tls")]
pub(super) use with::Secured;
#[cfg(feature = "tls")]
pub use with::Tls;
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
    use rustls::{ClientConfig, ClientConnection, Error, RootCertStore};

    use nertc_callkit_reactor::Socket;

    use crate::connection::settings::{ClientCert, Roots};

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

    /// TLS over a connection.
    pub(in crate::connection) struct Secured(ClientConnection);

    /// A socket as rustls reads and writes it.
    struct Bytes<'a>(&'a dyn Socket);

    impl Read for Bytes<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Bytes<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn broken(error: Error) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, error)
    }

    impl Secured {
        pub(in crate::connection) fn new(host: &str, tls: &Tls) -> io::Result<Secured> {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| {
                io::Error::new(ErrorKind::InvalidInput, "no name that a certificate can have")
            })?;
            ClientConnection::new(tls.0.clone(), name).map(Secured).map_err(broken)
        }

        /// Continues the handshake. True: it is complete.
        pub(in crate::connection) fn handshake(&mut self, socket: &dyn Socket) -> io::Result<bool> {
            loop {
                self.flush(socket)?;
                if !self.0.is_handshaking() {
                    return Ok(true);
                }
                match self.0.read_tls(&mut Bytes(socket)) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(_) => self.process(socket)?,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }

        fn process(&mut self, socket: &dyn Socket) -> io::Result<()> {
            let processed = self.0.process_new_packets();
            if processed.is_err() || self.0.is_handshaking() {
                // The alert that reports the error to the broker, or a message of the handshake.
                let flushed = self.flush(socket);
                processed.map_err(broken)?;
                flushed?;
            }
            Ok(())
        }

        pub(in crate::connection) fn read(
            &mut self,
            socket: &dyn Socket,
            buffer: &mut [u8],
        ) -> io::Result<usize> {
            loop {
                match self.0.reader().read(buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    other => return other,
                }
                match self.0.read_tls(&mut Bytes(socket)) {
                    Ok(0) => return Ok(0),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                }
                self.process(socket)?;
            }
        }

        /// Adds the records of these bytes, and TLS's own messages, to `out`.
        pub(in crate::connection) fn seal(
            &mut self,
            bytes: &mut Vec<u8>,
            out: &mut Vec<u8>,
        ) -> io::Result<()> {
            loop {
                while self.0.wants_write() {
                    self.0.write_tls(out)?;
                }
                if bytes.is_empty() {
                    return Ok(());
                }
                match self.0.writer().write(bytes)? {
                    0 => return Err(ErrorKind::WriteZero.into()),
                    taken => drop(bytes.drain(..taken)),
                }
            }
        }

        /// There is a message of its own.
        pub(in crate::connection) fn wants_write(&self) -> bool {
            self.0.wants_write()
        }

        fn flush(&mut self, socket: &dyn Socket) -> io::Result<()> {
            while self.0.wants_write() {
                match self.0.write_tls(&mut Bytes(socket)) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }

        /// Signals the end of the data.
        pub(in crate::connection) fn close(&mut self, socket: &dyn Socket) -> io::Result<()> {
            self.0.send_close_notify();
            self.flush(socket)
        }
    }
}

#[cfg(not(feature = "tls"))]
mod without {
    use crate::connection::settings::{ClientCert, Roots};

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
