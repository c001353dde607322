//! The certificate of one peer: self-signed, ECDSA with P-256. Its fingerprint travels in the SDP.
//!
//! Number, key and signature are all that differs, so it is written here: a crate that knows every name of
//! X.509 brings a database of 0.14 MB.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use str0m::config::DtlsCert;

use super::generator::Generator;

/// Tags of DER.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
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
    fn the_generator_decides_it() {
        assert_eq!(certificate(1).certificate, certificate(1).certificate);
        assert_ne!(certificate(1).certificate, certificate(2).certificate);
        assert_ne!(certificate(1).private_key, certificate(2).private_key);
    }
}
