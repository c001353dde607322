//! The certificate of one peer: self-signed, ECDSA with P-256. Its fingerprint travels in the SDP.

use std::str::FromStr;
use std::time::Duration;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey};
use str0m::config::DtlsCert;
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::der::asn1::{BitString, UtcTime};
use x509_cert::der::{Decode, Encode};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::generator::Generator;

/// ecdsa-with-SHA256.
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// 2020-01-01 and 2049-12-31: peers compare fingerprints, and a certificate must not tell our clock.
const NOT_BEFORE: Duration = Duration::from_secs(1_577_836_800);
const NOT_AFTER: Duration = Duration::from_secs(2_524_521_600);

/// A certificate that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateError;

impl From<x509_cert::der::Error> for CertificateError {
    fn from(_: x509_cert::der::Error) -> CertificateError {
        CertificateError
    }
}

/// Makes a key and its certificate.
///
/// # Errors
/// It could not be encoded.
pub fn generate(generator: &mut Generator) -> Result<DtlsCert, CertificateError> {
    let key = SigningKey::random(generator);
    let public = key.verifying_key().to_public_key_der().map_err(|_| CertificateError)?;
    let name = Name::from_str("CN=WebRTC")?;
    let algorithm = AlgorithmIdentifierOwned { oid: ECDSA_SHA256, parameters: None };
    // Positive: some readers refuse a negative number. Unique: Firefox refuses two of one issuer.
    let mut serial: [u8; 16] = generator.bytes();
    serial[0] = serial[0] & 0x7f | 0x40;
    let signed = TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&serial)?,
        signature: algorithm.clone(),
        issuer: name.clone(),
        validity: Validity {
            not_before: Time::UtcTime(UtcTime::from_unix_duration(NOT_BEFORE)?),
            not_after: Time::UtcTime(UtcTime::from_unix_duration(NOT_AFTER)?),
        },
        subject: name,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(public.as_bytes())?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: None,
    };
    let signature: DerSignature = key.sign(&signed.to_der()?);
    let certificate = Certificate {
        tbs_certificate: signed,
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(signature.as_bytes())?,
    };
    let private_key = key.to_pkcs8_der().map_err(|_| CertificateError)?;
    Ok(DtlsCert { certificate: certificate.to_der()?, private_key: private_key.as_bytes().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nertc_callkit_ids::IdGenerator;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;
    use p256::pkcs8::DecodePublicKey;

    fn certificate(seed: u64) -> DtlsCert {
        generate(&mut Generator::new(IdGenerator::test_seed(seed))).expect("a certificate")
    }

    #[test]
    fn it_is_signed_with_its_own_key() {
        let der = certificate(1).certificate;
        assert!(der.len() < 400, "{} bytes", der.len());
        let read = Certificate::from_der(&der).expect("X.509");
        let key = read.tbs_certificate.subject_public_key_info.to_der().expect("a key");
        let key = VerifyingKey::from_public_key_der(&key).expect("P-256");
        let signature = DerSignature::from_bytes(read.signature.raw_bytes()).expect("a signature");
        key.verify(&read.tbs_certificate.to_der().expect("DER"), &signature).expect("its own key");
    }

    #[test]
    fn the_generator_decides_it() {
        assert_eq!(certificate(1).certificate, certificate(1).certificate);
        assert_ne!(certificate(1).certificate, certificate(2).certificate);
        assert_ne!(certificate(1).private_key, certificate(2).private_key);
    }
}
