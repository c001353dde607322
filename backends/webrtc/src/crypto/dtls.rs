//! DTLS by dimpl, with keys from the generator that is lent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::crypto::{ActiveKeyExchange, Buf, CryptoProvider, NamedGroup, SecureRandom, SupportedKxGroup};
use dimpl::{CryptoError as DtlsCryptoError, CryptoOperation};
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey};
use str0m_proto::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion,
};
use str0m_proto::crypto::{CryptoError, DtlsVersion};

use super::certificate;
use super::dtls_provider::{Aes128GcmSha256, Provider};
use super::generator::Generator;

/// A lost flight is repeated after this, then after twice as long.
const FIRST_RETRY: Duration = Duration::from_millis(100);
/// Repetitions of a flight and time for a handshake: without an end, since how long a call may take to
/// connect is not decided here. And dimpl's client of DTLS 1.3 counts on when it is connected: with its
/// default, it would end every call after 40 s.
const RETRIES: usize = 24;
const HANDSHAKE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

static PROVIDER: CryptoProvider = CryptoProvider {
    kx_groups: &[&X25519, &P256],
    signature_verification: &Provider,
    key_provider: &Provider,
    secure_random: &Lent,
    hash_provider: &Provider,
    hmac_provider: &Provider,
    cipher_suites: &[&Aes128GcmSha256],
    dtls13_cipher_suites: &[&Aes128GcmSha256],
};

/// Makes certificates and DTLS connections.
#[derive(Debug)]
pub(super) struct Dtls;

impl DtlsProvider for Dtls {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        Generator::draw(certificate::generate)
    }

    fn new_dtls(
        &self,
        certificate: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let other = |what: String| CryptoError::Other(what);
        let drawn = Generator::draw(|lent| (lent.split(), lent.number()));
        let (generator, seed) = drawn.ok_or_else(|| other("no generator is lent".to_owned()))?;
        // ICE has proven the peer's address, so a cookie would cost a round trip for nothing. The seed is for
        // hello randoms and jitter, which everybody sees; keys are drawn by `P256`, `X25519` and `Lent`.
        let mut config = dimpl::Config::builder()
            .use_server_cookie(false)
            .flight_start_rto(FIRST_RETRY)
            .flight_retries(RETRIES)
            .handshake_timeout(HANDSHAKE)
            .with_crypto_provider(PROVIDER.clone())
            .dangerously_set_rng_seed(seed);
        if let Some(mtu) = mtu {
            config = config.mtu(mtu);
        }
        let config = Arc::new(config.build().map_err(|error| other(error.to_string()))?);
        let connection = match version {
            DtlsVersion::Dtls12 => dimpl::Dtls::new_12(config, certificate.clone(), now),
            DtlsVersion::Dtls13 => dimpl::Dtls::new_13(config, certificate.clone(), now),
            DtlsVersion::Auto => dimpl::Dtls::new_auto(config, certificate.clone(), now),
            newer => return Err(other(format!("unknown version {newer}"))),
        };
        Ok(Box::new(Connection { connection, generator }))
    }
}

/// A connection with the generator that its keys are drawn from.
struct Connection {
    connection: dimpl::Dtls,
    generator: Generator,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl DtlsInstance for Connection {
    fn set_active(&mut self, active: bool) {
        self.generator.lend(|| self.connection.set_active(active));
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.generator.lend(|| self.connection.handle_packet(packet))
    }

    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> DtlsOutput<'a> {
        self.connection.poll_output(buffer)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.generator.lend(|| self.connection.handle_timeout(now))
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<(), DtlsImplError> {
        self.generator.lend(|| self.connection.send_application_data(data))
    }

    fn is_active(&self) -> bool {
        self.connection.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.connection.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.connection.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.generator.lend(|| self.connection.close())
    }
}

const NO_GENERATOR: DtlsCryptoError = DtlsCryptoError::OperationFailed(CryptoOperation::FillRandom);

/// Draws from the generator that is lent.
#[derive(Debug)]
struct Lent;

impl SecureRandom for Lent {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), DtlsCryptoError> {
        Generator::draw(|lent| lent.fill(bytes)).ok_or(NO_GENERATOR)
    }
}

/// Key exchange over Curve25519.
#[derive(Debug)]
struct X25519;

/// Key exchange over P-256.
#[derive(Debug)]
struct P256;

impl SupportedKxGroup for X25519 {
    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }

    fn start_exchange(&self, buffer: Buf) -> Result<Box<dyn ActiveKeyExchange>, DtlsCryptoError> {
        let secret = Generator::draw(Generator::bytes::<32>).ok_or(NO_GENERATOR)?;
        let secret = x25519_dalek::StaticSecret::from(secret);
        let public = x25519_dalek::PublicKey::from(&secret);
        Ok(Exchange::boxed(Secret::X25519(secret), public.as_bytes(), buffer))
    }
}

impl SupportedKxGroup for P256 {
    fn name(&self) -> NamedGroup {
        NamedGroup::Secp256r1
    }

    fn start_exchange(&self, buffer: Buf) -> Result<Box<dyn ActiveKeyExchange>, DtlsCryptoError> {
        let secret = Generator::draw(SecretKey::random).ok_or(NO_GENERATOR)?;
        let public = secret.public_key().to_encoded_point(false);
        Ok(Exchange::boxed(Secret::P256(secret), public.as_bytes(), buffer))
    }
}

/// Our half of a key exchange.
struct Exchange {
    secret: Secret,
    public: Buf,
}

enum Secret {
    X25519(x25519_dalek::StaticSecret),
    P256(SecretKey),
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

impl Exchange {
    fn boxed(secret: Secret, key: &[u8], mut public: Buf) -> Box<dyn ActiveKeyExchange> {
        public.clear();
        public.extend_from_slice(key);
        Box::new(Exchange { secret, public })
    }
}

impl ActiveKeyExchange for Exchange {
    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn complete(self: Box<Self>, peer: &[u8], out: &mut Buf) -> Result<(), DtlsCryptoError> {
        let group = self.group();
        let invalid = || DtlsCryptoError::InvalidPublicKey(group);
        out.clear();
        match self.secret {
            Secret::X25519(secret) => {
                let peer: [u8; 32] = peer.try_into().map_err(|_| invalid())?;
                let shared = secret.diffie_hellman(&peer.into());
                // A peer's point of low order would make the secret public.
                shared.was_contributory().then_some(()).ok_or_else(invalid)?;
                out.extend_from_slice(shared.as_bytes());
            }
            Secret::P256(secret) => {
                let peer = PublicKey::from_sec1_bytes(peer).map_err(|_| invalid())?;
                let shared = diffie_hellman(secret.to_nonzero_scalar(), peer.as_affine());
                out.extend_from_slice(shared.raw_secret_bytes());
            }
        }
        Ok(())
    }

    fn group(&self) -> NamedGroup {
        match self.secret {
            Secret::X25519(_) => NamedGroup::X25519,
            Secret::P256(_) => NamedGroup::Secp256r1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nertc_callkit_ids::IdGenerator;

    fn lend<R>(seed: u64, body: impl FnOnce() -> R) -> R {
        Generator::new(IdGenerator::test_seed(seed)).lend(body)
    }

    #[test]
    fn both_sides_get_one_secret_and_the_generator_decides_it() {
        for group in [&X25519 as &dyn SupportedKxGroup, &P256] {
            let start = |seed| lend(seed, || group.start_exchange(Buf::new())).expect("an exchange");
            let (one, two, again) = (start(1), start(2), start(1));
            assert_eq!(one.pub_key(), again.pub_key());
            assert_ne!(one.pub_key(), two.pub_key());
            let (for_one, for_two) = (two.pub_key().to_vec(), one.pub_key().to_vec());
            let (mut ours, mut theirs) = (Buf::new(), Buf::new());
            one.complete(&for_one, &mut ours).expect("a secret");
            two.complete(&for_two, &mut theirs).expect("a secret");
            assert_eq!(*ours, *theirs);
            assert_eq!(ours.len(), 32);
        }
    }

    #[test]
    fn points_that_give_the_secret_away_are_refused() {
        for group in [&X25519 as &dyn SupportedKxGroup, &P256] {
            for peer in [&[0; 32][..], &[0; 65], &[4; 65], &[], &[1; 31]] {
                let exchange = lend(1, || group.start_exchange(Buf::new())).expect("an exchange");
                assert!(exchange.complete(peer, &mut Buf::new()).is_err(), "{:?}", group.name());
            }
        }
    }

    #[test]
    fn nothing_is_drawn_without_a_generator() {
        assert!(X25519.start_exchange(Buf::new()).is_err());
        assert!(P256.start_exchange(Buf::new()).is_err());
        assert!(Lent.fill(&mut [0; 8]).is_err());
        assert!(Dtls.generate_certificate().is_none());
        let certificate = lend(1, || Dtls.generate_certificate()).expect("a certificate");
        assert!(Dtls.new_dtls(&certificate, Instant::now(), DtlsVersion::Auto, None).is_err());
        assert!(lend(1, || Dtls.new_dtls(&certificate, Instant::now(), DtlsVersion::Auto, None)).is_ok());
    }
}
