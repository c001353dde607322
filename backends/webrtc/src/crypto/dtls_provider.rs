//! What DTLS computes with: AES-128-GCM with SHA-256, and ECDSA over P-256, which every WebRTC peer must have
//! (RFC 8827, 6.5). dimpl's own provider brings P-384, ChaCha20, CCM and a reader of every certificate.

use std::fmt;

use aes::Aes128;
use aes_gcm::{AeadInPlace, Aes128Gcm, KeyInit, Nonce as GcmNonce, Tag};
use dimpl::crypto::{
    Aad, Buf, Cipher, Dtls12CipherSuite, Dtls13CipherSuite, HashAlgorithm, HashContext, HashProvider,
    HmacProvider, KeyProvider, NamedGroup, Nonce, SignatureAlgorithm, SignatureVerifier, SigningKey,
    SupportedDtls12CipherSuite, SupportedDtls13CipherSuite, TmpBuf, check_verify_scheme,
};
use dimpl::{CryptoError, CryptoOperation};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::ecdsa::{self, Signature, VerifyingKey};
use sha2::{Digest, Sha256, Sha384};

use super::certificate;
use super::srtp::{Keyed, encrypt_block};

/// Bytes of a tag of AES-GCM.
const TAG: usize = 16;

/// Hashes, HMAC, keys and signatures.
#[derive(Debug)]
pub(super) struct Provider;

/// AES-128-GCM with SHA-256, in DTLS 1.2 with ECDSA.
#[derive(Debug)]
pub(super) struct Aes128GcmSha256;

impl SupportedDtls12CipherSuite for Aes128GcmSha256 {
    fn suite(&self) -> Dtls12CipherSuite {
        Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    /// Of MAC, cipher and the nonce's fixed part.
    fn key_lengths(&self) -> (usize, usize, usize) {
        (0, 16, 4)
    }

    fn explicit_nonce_len(&self) -> usize {
        8
    }

    fn tag_len(&self) -> usize {
        TAG
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        cipher(key)
    }
}

impl SupportedDtls13CipherSuite for Aes128GcmSha256 {
    fn suite(&self) -> Dtls13CipherSuite {
        Dtls13CipherSuite::AES_128_GCM_SHA256
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn key_len(&self) -> usize {
        16
    }

    fn iv_len(&self) -> usize {
        12
    }

    fn tag_len(&self) -> usize {
        TAG
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        cipher(key)
    }

    fn encrypt_sn(&self, key: &[u8], sample: &[u8; 16]) -> [u8; 16] {
        let mut mask = [0; 16];
        encrypt_block::<Aes128>(key, sample, &mut mask);
        mask
    }
}

fn cipher(key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
    let wrong = |_| CryptoError::InvalidAesGcmKeySize { actual: key.len().min(0xffff) as u16 };
    Ok(Box::new(Keyed(Aes128Gcm::new_from_slice(key).map_err(wrong)?)))
}

impl Cipher for Keyed<Aes128Gcm> {
    fn encrypt(&mut self, text: &mut Buf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let tag = self.0.encrypt_in_place_detached(GcmNonce::from_slice(&nonce), &aad, text);
        text.extend_from_slice(&tag.map_err(|_| CryptoError::OperationFailed(CryptoOperation::Encrypt))?);
        Ok(())
    }

    fn decrypt(&mut self, sealed: &mut TmpBuf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let too_short =
            CryptoError::CiphertextTooShort { minimum: TAG as u8, actual: sealed.len().min(255) as u8 };
        let length = sealed.len().checked_sub(TAG).ok_or(too_short)?;
        let (text, tag) = sealed.as_mut().split_at_mut(length);
        let nonce = GcmNonce::from_slice(&nonce);
        let opened = self.0.decrypt_in_place_detached(nonce, &aad, text, Tag::from_slice(tag));
        opened.map_err(|_| CryptoError::OperationFailed(CryptoOperation::Decrypt))?;
        sealed.truncate(length);
        Ok(())
    }
}

/// The transcript of a handshake.
#[derive(Debug)]
struct Transcript(Sha256);

impl HashContext for Transcript {
    fn update(&mut self, data: &[u8]) {
        Digest::update(&mut self.0, data);
    }

    fn clone_and_finalize(&self, out: &mut Buf) {
        out.clear();
        out.extend_from_slice(&self.0.clone().finalize());
    }
}

impl HashProvider for Provider {
    fn create_hash(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        // The only suite's; dimpl's interface has no way to refuse.
        assert_eq!(algorithm, HashAlgorithm::SHA256, "no suite that is offered has another hash");
        Box::new(Transcript(Sha256::new()))
    }
}

impl HmacProvider for Provider {
    fn hmac(
        &self,
        hash: HashAlgorithm,
        key: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<usize, CryptoError> {
        if hash != HashAlgorithm::SHA256 {
            return Err(CryptoError::UnsupportedHmacHash(hash));
        }
        let failed = CryptoError::OperationFailed(CryptoOperation::ComputeHmac);
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).map_err(|_| failed.clone())?;
        mac.update(data);
        let mac = mac.finalize().into_bytes();
        out.get_mut(..mac.len()).ok_or(failed)?.copy_from_slice(&mac);
        Ok(mac.len())
    }
}

/// The hash of what is signed. A peer of DTLS 1.2 may choose SHA-384 with a key of P-256, too.
fn hashed(data: &[u8], hash: HashAlgorithm) -> Option<Vec<u8>> {
    if hash == HashAlgorithm::SHA256 {
        Some(Sha256::digest(data).to_vec())
    } else if hash == HashAlgorithm::SHA384 {
        Some(Sha384::digest(data).to_vec())
    } else {
        None
    }
}

/// Our own key.
struct Signer(ecdsa::SigningKey);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl KeyProvider for Provider {
    fn load_private_key(&self, der: &[u8]) -> Result<Box<dyn SigningKey>, CryptoError> {
        let key = certificate::decode_key(der).ok_or(CryptoError::InvalidPrivateKey)?;
        Ok(Box::new(Signer(key)))
    }
}

impl SigningKey for Signer {
    fn sign(&mut self, data: &[u8], hash: HashAlgorithm, out: &mut Buf) -> Result<(), CryptoError> {
        let group = NamedGroup::Secp256r1;
        let hashed = hashed(data, hash).ok_or(CryptoError::SigningKeyUnsupportedHash { group, hash })?;
        let signature: Result<Signature, _> = self.0.sign_prehash(&hashed);
        let signature = signature.map_err(|_| CryptoError::OperationFailed(CryptoOperation::Sign))?;
        out.clear();
        out.extend_from_slice(signature.to_der().as_bytes());
        Ok(())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn supported_hash_algorithms(&self) -> &[HashAlgorithm] {
        &[HashAlgorithm::SHA256, HashAlgorithm::SHA384]
    }
}

impl SignatureVerifier for Provider {
    fn verify_signature(
        &self,
        certificate: &[u8],
        data: &[u8],
        signature: &[u8],
        hash: HashAlgorithm,
        algorithm: SignatureAlgorithm,
    ) -> Result<(), CryptoError> {
        let group = NamedGroup::Secp256r1;
        check_verify_scheme(algorithm, hash, group)?;
        let refused = CryptoError::SignatureVerificationFailed { signature: algorithm, hash, group };
        let hashed = hashed(data, hash).ok_or(refused.clone())?;
        let point = certificate::public_key(certificate)?;
        let key = VerifyingKey::from_sec1_bytes(point).map_err(|_| CryptoError::InvalidPublicKey(group))?;
        let signature = Signature::from_der(signature).map_err(|_| CryptoError::InvalidSignatureFormat)?;
        key.verify_prehash(&hashed, &signature).map_err(|_| refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::generator::Generator;
    use nertc_callkit_ids::IdGenerator;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231, test case 2.
    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let mut out = [0; 32];
        let data = b"what do ya want for nothing?";
        assert_eq!(Provider.hmac(HashAlgorithm::SHA256, b"Jefe", data, &mut out), Ok(32));
        assert_eq!(hex(&out), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(Provider.hmac(HashAlgorithm::SHA256, b"Jefe", data, &mut [0; 31]).is_err());
        assert!(Provider.hmac(HashAlgorithm::SHA384, b"Jefe", data, &mut [0; 48]).is_err());
    }

    #[test]
    fn a_transcript_goes_on_behind_its_hash() {
        let (mut transcript, mut out) = (Provider.create_hash(HashAlgorithm::SHA256), Buf::new());
        transcript.update(b"one");
        transcript.clone_and_finalize(&mut out);
        assert_eq!(out[..], Sha256::digest(b"one")[..]);
        transcript.update(b"two");
        transcript.clone_and_finalize(&mut out);
        assert_eq!(out[..], Sha256::digest(b"onetwo")[..]);
    }

    #[test]
    fn a_record_that_was_changed_does_not_open() {
        let mut key = cipher(&[1; 16]).expect("a key");
        let (nonce, aad) = (Nonce([2; 12]), Aad([3; 13].into()));
        let mut sealed = Buf::new();
        sealed.extend_from_slice(b"hello");
        key.encrypt(&mut sealed, aad.clone(), nonce).expect("sealed");
        assert_eq!(sealed.len(), 5 + TAG);
        for place in 0..sealed.len() {
            let mut changed = sealed.to_vec();
            changed[place] ^= 1;
            assert!(key.decrypt(&mut TmpBuf::new(&mut changed), aad.clone(), nonce).is_err(), "byte {place}");
        }
        for length in 0..TAG {
            let mut short = sealed[..length].to_vec();
            assert!(key.decrypt(&mut TmpBuf::new(&mut short), aad.clone(), nonce).is_err());
        }
        let mut bytes = sealed.to_vec();
        let mut opened = TmpBuf::new(&mut bytes);
        key.decrypt(&mut opened, aad, nonce).expect("opened");
        assert_eq!(opened.as_ref(), b"hello");
        assert!(cipher(&[1; 15]).is_err());
    }

    #[test]
    fn only_the_key_of_the_certificate_signs_for_it() {
        let made = |seed| certificate::generate(&mut Generator::new(IdGenerator::test_seed(seed)));
        let (own, other) = (made(1), made(2));
        let mut signer = Provider.load_private_key(&own.private_key).expect("our own");
        for hash in [HashAlgorithm::SHA256, HashAlgorithm::SHA384] {
            let mut signature = Buf::new();
            signer.sign(b"what is signed", hash, &mut signature).expect("signed");
            let verify = |certificate: &[u8], data: &[u8], signature: &[u8], algorithm| {
                Provider.verify_signature(certificate, data, signature, hash, algorithm)
            };
            let ecdsa = SignatureAlgorithm::ECDSA;
            verify(&own.certificate, b"what is signed", &signature, ecdsa).expect("its own");
            assert!(verify(&own.certificate, b"what is not", &signature, ecdsa).is_err());
            assert!(verify(&other.certificate, b"what is signed", &signature, ecdsa).is_err());
            assert!(verify(&own.certificate, b"what is signed", &signature[1..], ecdsa).is_err());
            assert!(
                verify(&own.certificate, b"what is signed", &signature, SignatureAlgorithm::RSA).is_err()
            );
        }
        assert!(Provider.load_private_key(&own.private_key[..40]).is_err());
    }
}
