//! TLS by rustls; without the feature there is none, and endpoints that want it are refused.

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

    use rustls::crypto::{CryptoProvider, KeyProvider, ring};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use rustls::sign::SigningKey;
    use rustls::{ClientConfig, ClientConnection, Error, RootCertStore};

    use crate::link::{Roots, Socket};

    /// A TLS configuration. Clones share it, and the tickets with which sessions resume.
    #[derive(Clone)]
    pub struct Tls(Arc<ClientConfig>);

    impl Tls {
        /// Reads the roots.
        ///
        /// # Errors
        ///
        /// A sentence: none can be read.
        pub fn new(roots: &Roots) -> Result<Tls, String> {
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
            let provider = CryptoProvider { key_provider: &NoKeys, ..ring::default_provider() };
            let config = ClientConfig::builder_with_provider(Arc::new(provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| format!("TLS cannot start: {error}"))?
                .with_root_certificates(store)
                .with_no_client_auth();
            Ok(Tls(Arc::new(config)))
        }
    }

    /// A device shows no certificate: leaving out what reads and uses private keys saves 50 kB.
    #[derive(Debug)]
    struct NoKeys;

    impl KeyProvider for NoKeys {
        fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
            Err(Error::General("a device has no private key".into()))
        }
    }

    /// A connection with TLS over it.
    pub(in crate::link) struct Secured {
        socket: Box<dyn Socket>,
        tls: ClientConnection,
    }

    fn broken(error: Error) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, error)
    }

    impl Secured {
        pub(in crate::link) fn new(socket: Box<dyn Socket>, host: &str, tls: &Tls) -> io::Result<Secured> {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| {
                io::Error::new(ErrorKind::InvalidInput, "no name that a certificate can have")
            })?;
            let tls = ClientConnection::new(tls.0.clone(), name).map_err(broken)?;
            Ok(Secured { socket, tls })
        }

        pub(in crate::link) fn socket(&self) -> &dyn Socket {
            &*self.socket
        }

        pub(in crate::link) fn is_handshaking(&self) -> bool {
            self.tls.is_handshaking()
        }

        pub(in crate::link) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
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
                let processed = self.tls.process_new_packets();
                // An answer of the handshake, or the alert that tells the broker what is wrong.
                let flushed = self.flush();
                processed.map_err(broken)?;
                flushed?;
            }
        }

        /// Hands over what the socket takes; the rest stays in `out`.
        pub(in crate::link) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
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

        /// Says that nothing follows.
        pub(in crate::link) fn close(&mut self) -> io::Result<()> {
            self.tls.send_close_notify();
            self.flush()
        }

        pub(in crate::link) fn wants_write(&self) -> bool {
            self.tls.wants_write()
        }
    }
}

#[cfg(not(feature = "tls"))]
mod without {
    use crate::link::Roots;

    /// There is none.
    #[derive(Clone)]
    pub struct Tls(std::convert::Infallible);

    impl Tls {
        /// Refuses.
        ///
        /// # Errors
        ///
        /// Always.
        pub fn new(_: &Roots) -> Result<Tls, String> {
            Err("this library was built without TLS".into())
        }
    }
}
