//! What a connection requires of its driver.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use nertc_callkit_reactor::{Registration, Socket};
use parking_lot::Mutex;

use super::settings::{ClientCert, Roots, Settings};
use super::tls::Tls;

/// What a connection requires of the thread that drives it: the reactor's registrations implement it; tests
/// have their own.
pub trait Port: Send + Sync {
    /// Starts connecting. Readiness of the socket is reported from now on, each time it changes, until the
    /// socket is dropped.
    ///
    /// # Errors
    ///
    /// The system's.
    fn connect(&self, address: SocketAddr) -> io::Result<Arc<dyn Socket>>;

    /// Resolves `host` on another thread; the result goes to `Connection::resolved` with this ticket.
    fn resolve(&self, ticket: u64, host: &str, port: u16);

    /// The TLS configuration for these settings; one for all connections that use the same.
    ///
    /// # Errors
    ///
    /// A sentence: no root can be read, or built without TLS.
    fn tls(&self, settings: &Settings) -> Result<Tls, String>;
}

/// TLS configurations of this process: reading the system's roots takes a while.
#[derive(Default)]
struct TlsCache(Mutex<Vec<(Roots, Option<ClientCert>, Tls)>>);

impl Port for Registration {
    fn connect(&self, address: SocketAddr) -> io::Result<Arc<dyn Socket>> {
        Ok(Arc::new(Registration::connect(self, address)?))
    }

    fn resolve(&self, ticket: u64, host: &str, port: u16) {
        Registration::resolve(self, ticket, host, port);
    }

    fn tls(&self, settings: &Settings) -> Result<Tls, String> {
        let key = (&settings.roots, &settings.client_cert);
        let cache = self.shared::<TlsCache>();
        let mut cached = cache.0.lock();
        if let Some((.., tls)) = cached.iter().find(|(roots, cert, _)| (roots, cert) == key) {
            return Ok(tls.clone());
        }
        let tls = Tls::new(&settings.roots, settings.client_cert.as_ref())?;
        cached.push((settings.roots.clone(), settings.client_cert.clone(), tls.clone()));
        Ok(tls)
    }
}
