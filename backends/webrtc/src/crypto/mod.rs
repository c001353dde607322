//! Cryptography of a peer by RustCrypto crates, without C or assembler of its own: what str0m asks its
//! provider for, and DTLS by dimpl. All randomness comes from a [`Generator`] that the caller lends.

mod certificate;
mod dtls;
mod dtls_provider;
mod generator;
mod hash;
mod srtp;

use std::sync::{Arc, LazyLock};

use str0m::config::CryptoProvider;

pub use certificate::generate as generate_certificate;
pub use generator::Generator;

/// The provider for `str0m::RtcConfig::set_crypto_provider`. Each call of the `Rtc` must be made inside of
/// [`Generator::lend`].
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        Arc::new(CryptoProvider {
            srtp_provider: &srtp::Srtp,
            sha1_hmac_provider: &hash::Hashes,
            sha256_provider: &hash::Hashes,
            dtls_provider: &dtls::Dtls,
        })
    });
    PROVIDER.clone()
}
