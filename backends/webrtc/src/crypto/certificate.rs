//! The certificate of one peer: self-signed, ECDSA with P-256. Its fingerprint travels in the SDP.
//!
//! Number, key and signature are all that differs, so it is written here: a crate that knows every name of
//! X.509 brings a database of 0.14 MB.

use dimpl::CryptoError;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use str0m::config::DtlsCert;

use super::generator::Generator;

/// Tags of DER.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// `[0]` of X.509: the version.
const EXPLICIT_0: u8 = 0xa0;
/// `[0]` with the number of version 3 in it.
const VERSION: &[u8] = b"\xa0\x03\x02\x01\x02";
/// ecdsa-with-SHA256.
const ECDSA_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// CN=WebRTC.
const NAME: &[u8] = b"\x30\x11\x31\x0f\x30\x0d\x06\x03\x55\x04\x03\x0c\x06WebRTC";
/// Always the same: peers compare fingerprints, and a certificate must not tell our clock.
const VALIDITY: &[u8] = b"\x30\x1e\x17\x0d200101000000Z\x17\x0d491231000000Z";
/// id-ecPublicKey with prime256v1.
const P256: &[u8] = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

/// A value of DER, at most 65,535 bytes long.
fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let [high, low] = (value.len() as u16).to_be_bytes();
    let head: &[u8] = match value.len() {
        0..0x80 => &[tag, low],
        0x80..0x100 => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    [head, &value].concat()
}

/// The key in PKCS #8: a number, the curve, and a key of SEC 1 in it.
fn encode_key(key: &SigningKey) -> Vec<u8> {
    let number = encode(OCTET_STRING, &[&key.to_bytes()]);
    let inner = encode(SEQUENCE, &[b"\x02\x01\x01", &number]);
    encode(SEQUENCE, &[b"\x02\x01\x00", P256, &encode(OCTET_STRING, &[&inner])])
}

/// The key that [`generate`] wrote, and nothing else.
pub(super) fn decode_key(der: &[u8]) -> Option<SigningKey> {
    let number = der.last_chunk::<32>()?;
    let key = SigningKey::from_slice(number).ok()?;
    (encode_key(&key) == der).then_some(key)
}

/// The content of the value with this tag that `input` starts with; `input` continues behind it. Lengths have
/// the one form of DER, at most 65,535.
fn take<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (length, rest) = match **input {
        [first, low @ 0..=0x7f, ref rest @ ..] if first == tag => (low.into(), rest),
        [first, 0x81, low @ 0x80..=0xff, ref rest @ ..] if first == tag => (low.into(), rest),
        [first, 0x82, high @ 1..=0xff, low, ref rest @ ..] if first == tag => {
            (u16::from_be_bytes([high, low]).into(), rest)
        }
        _ => return None,
    };
    let (value, behind) = rest.split_at_checked(length)?;
    *input = behind;
    Some(value)
}

/// The point of a peer's certificate. What else is in it decides nothing: a peer is known by the fingerprint.
///
/// # Errors
/// It is no certificate, or its key is none of P-256.
pub(super) fn public_key(mut der: &[u8]) -> Result<&[u8], CryptoError> {
    let key = key_info(&mut der).filter(|_| der.is_empty()).ok_or(CryptoError::CertificateParseFailed)?;
    let mut bits = key.strip_prefix(P256).ok_or(CryptoError::UnsupportedPublicKeyAlgorithm)?;
    let point = take(&mut bits, BIT_STRING).filter(|_| bits.is_empty());
    point.and_then(|point| point.strip_prefix(&[0])).ok_or(CryptoError::InvalidSubjectPublicKey)
}

/// The subject's key, with its algorithm.
fn key_info<'a>(der: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut certificate = take(der, SEQUENCE)?;
    let mut signed = take(&mut certificate, SEQUENCE)?;
    // Version 1 says none.
    if signed.first() == Some(&EXPLICIT_0) {
        take(&mut signed, EXPLICIT_0)?;
    }
    take(&mut signed, INTEGER)?;
    for _algorithm_issuer_validity_subject in 0..4 {
        take(&mut signed, SEQUENCE)?;
    }
    take(&mut signed, SEQUENCE)
}

/// Makes a key and its certificate.
pub fn generate(generator: &mut Generator) -> DtlsCert {
    let key = SigningKey::random(generator);
    let point = key.verifying_key().to_encoded_point(false);
    // Positive: some readers refuse a negative number. Unique: Firefox refuses two of one issuer.
    let mut serial: [u8; 16] = generator.bytes();
    serial[0] = serial[0] & 0x7f | 0x40;
    let serial = encode(INTEGER, &[&serial]);
    let public = encode(SEQUENCE, &[P256, &encode(BIT_STRING, &[&[0], point.as_bytes()])]);
    let signed = encode(SEQUENCE, &[VERSION, &serial, ECDSA_SHA256, NAME, VALIDITY, NAME, &public]);
    let signature: DerSignature = key.sign(&signed);
    let signature = encode(BIT_STRING, &[&[0], signature.as_bytes()]);
    let certificate = encode(SEQUENCE, &[&signed, ECDSA_SHA256, &signature]);
    DtlsCert { certificate, private_key: encode_key(&key) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nertc_callkit_ids::IdGenerator;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;
    use p256::pkcs8::{DecodePrivateKey, DecodePublicKey};
    use x509_cert::certificate::Certificate;
    use x509_cert::der::{Decode, Encode};

    fn certificate(seed: u64) -> DtlsCert {
        generate(&mut Generator::new(IdGenerator::test_seed(seed)))
    }

    #[test]
    fn it_is_signed_with_its_own_key() {
        let DtlsCert { certificate: der, private_key } = certificate(1);
        assert!(der.len() < 400, "{} bytes", der.len());
        let read = Certificate::from_der(&der).expect("X.509");
        let key = read.tbs_certificate.subject_public_key_info.to_der().expect("a key");
        let key = VerifyingKey::from_public_key_der(&key).expect("P-256");
        let signature = DerSignature::from_bytes(read.signature.raw_bytes()).expect("a signature");
        key.verify(&read.tbs_certificate.to_der().expect("DER"), &signature).expect("its own key");
        let private = SigningKey::from_pkcs8_der(&private_key).expect("PKCS #8");
        assert_eq!(*private.verifying_key(), key);
    }

    #[test]
    fn a_key_is_read_in_the_form_it_was_written_in() {
        let DtlsCert { private_key, .. } = certificate(1);
        let read = decode_key(&private_key).expect("our own");
        assert_eq!(encode_key(&read), private_key);
        for place in 0..private_key.len() - 32 {
            let mut other = private_key.clone();
            other[place] ^= 1;
            assert!(decode_key(&other).is_none(), "byte {place}");
        }
        assert!(decode_key(&private_key[1..]).is_none());
        assert!(decode_key(&[]).is_none());
    }

    #[test]
    fn the_point_is_the_one_that_x509_cert_finds() {
        let der = certificate(1).certificate;
        let read = Certificate::from_der(&der).expect("X.509");
        let point = read.tbs_certificate.subject_public_key_info.subject_public_key;
        assert_eq!(public_key(&der), Ok(point.raw_bytes()));
    }

    #[test]
    fn what_is_no_certificate_of_p_256_is_refused() {
        let der = certificate(1).certificate;
        for length in 0..der.len() {
            assert!(public_key(&der[..length]).is_err(), "{length} bytes");
        }
        assert_eq!(public_key(&[&der[..], &[0]].concat()), Err(CryptoError::CertificateParseFailed));
        let place = der.windows(P256.len()).position(|part| part == P256).expect("its algorithm");
        let mut other = der.clone();
        other[place + P256.len() - 1] = 8;
        assert_eq!(public_key(&other), Err(CryptoError::UnsupportedPublicKeyAlgorithm));
        let mut unused_bits = der.clone();
        unused_bits[place + P256.len() + 2] = 1;
        assert_eq!(public_key(&unused_bits), Err(CryptoError::InvalidSubjectPublicKey));
    }

    #[test]
    fn a_length_has_one_form() {
        for (long, short) in
            [(&[0x30, 0x81, 1, 7][..], &[0x30, 1, 7][..]), (&[0x30, 0x82, 0, 1, 7], &[0x30, 1, 7])]
        {
            assert_eq!(take(&mut &*long, SEQUENCE), None);
            assert_eq!(take(&mut &*short, SEQUENCE), Some(&[7][..]));
        }
        for length in [127, 128, 255, 256, 1000] {
            let value = vec![7; length];
            assert_eq!(take(&mut &*encode(SEQUENCE, &[&value]), SEQUENCE), Some(&value[..]));
        }
    }

    #[test]
    fn the_generator_decides_it() {
        assert_eq!(certificate(1).certificate, certificate(1).certificate);
        assert_ne!(certificate(1).certificate, certificate(2).certificate);
        assert_ne!(certificate(1).private_key, certificate(2).private_key);
    }
}
