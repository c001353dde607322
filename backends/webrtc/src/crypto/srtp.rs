//! Ciphers of SRTP.

use std::fmt;

use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockEncrypt, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use aes::{Aes128, Aes256};
use aes_gcm::{AeadInPlace, Aes128Gcm, Aes256Gcm, Nonce, Tag};
use str0m_proto::crypto::{
    AeadAes128Gcm, AeadAes128GcmCipher, AeadAes256Gcm, AeadAes256GcmCipher, Aes128CmSha1_80Cipher,
    CryptoError, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

/// The three profiles that DTLS negotiates.
#[derive(Debug)]
pub(super) struct Srtp;

/// A cipher with its key, of which a log shows nothing.
pub(super) struct Keyed<C>(pub(super) C);

impl<C> fmt::Debug for Keyed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").finish_non_exhaustive()
    }
}

fn refused(what: &str) -> CryptoError {
    CryptoError::Other(what.to_owned())
}

impl SrtpProvider for Srtp {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &Srtp
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Srtp
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Srtp
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        encrypt_block::<Aes128>(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        encrypt_block::<Aes256>(key, input, output);
    }
}

/// One block for the derivation of keys. `output` has room for two, of which the first is read.
pub(super) fn encrypt_block<C: KeyInit + BlockEncrypt>(key: &[u8], input: &[u8], output: &mut [u8]) {
    let mut block = GenericArray::clone_from_slice(input);
    C::new(GenericArray::from_slice(key)).encrypt_block(&mut block);
    output[..block.len()].copy_from_slice(&block);
}

impl SupportedAes128CmSha1_80 for Srtp {
    fn create_cipher(&self, key: [u8; 16], _encrypt: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(Keyed(Aes128::new(&key.into())))
    }
}

impl SupportedAeadAes128Gcm for Srtp {
    fn create_cipher(&self, key: [u8; 16], _encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(Keyed(Aes128Gcm::new(&key.into())))
    }
}

impl SupportedAeadAes256Gcm for Srtp {
    fn create_cipher(&self, key: [u8; 32], _encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(Keyed(Aes256Gcm::new(&key.into())))
    }
}

impl Aes128CmSha1_80Cipher for Keyed<Aes128> {
    fn encrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        let output = output.get_mut(..input.len()).ok_or_else(|| refused("no room"))?;
        let core = ctr::CtrCore::<Aes128, ctr::flavors::Ctr128BE>::inner_iv_init(self.0.clone(), iv.into());
        let mut stream = StreamCipherCoreWrapper::from_core(core);
        stream.apply_keystream_b2b(input, output).map_err(|_| refused("too long"))
    }

    fn decrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.encrypt(iv, input, output)
    }
}

/// AES-GCM encrypts in place: `output` gets the text and the tag behind it.
fn seal<C: AeadInPlace<NonceSize = aes_gcm::aead::consts::U12, TagSize = aes_gcm::aead::consts::U16>>(
    cipher: &C,
    iv: &[u8; 12],
    aad: &[u8],
    input: &[u8],
    output: &mut [u8],
) -> Result<(), CryptoError> {
    let room = output.get_mut(..input.len() + AeadAes128Gcm::TAG_LEN).ok_or_else(|| refused("no room"))?;
    let (text, room_for_tag) = room.split_at_mut(input.len());
    text.copy_from_slice(input);
    let tag = cipher.encrypt_in_place_detached(Nonce::from_slice(iv), aad, text);
    room_for_tag.copy_from_slice(&tag.map_err(|_| refused("too long"))?);
    Ok(())
}

/// The length of the text, if the tag is right.
fn open<C: AeadInPlace<NonceSize = aes_gcm::aead::consts::U12, TagSize = aes_gcm::aead::consts::U16>>(
    cipher: &C,
    iv: &[u8; 12],
    aads: &[&[u8]],
    input: &[u8],
    output: &mut [u8],
) -> Result<usize, CryptoError> {
    let length = input.len().checked_sub(AeadAes128Gcm::TAG_LEN).ok_or_else(|| refused("too short"))?;
    let (sealed, tag) = input.split_at(length);
    let text = output.get_mut(..length).ok_or_else(|| refused("no room"))?;
    text.copy_from_slice(sealed);
    let joined;
    let aad = match aads {
        [aad] => aad,
        _ => {
            joined = aads.concat();
            &*joined
        }
    };
    let opened = cipher.decrypt_in_place_detached(Nonce::from_slice(iv), aad, text, Tag::from_slice(tag));
    opened.map(|()| length).map_err(|_| refused("wrong tag"))
}

/// The trait of a key length is implemented like that of the other.
macro_rules! gcm {
    ($cipher:ty, $gcm:ident, $numbers:ident) => {
        impl $gcm for Keyed<$cipher> {
            fn encrypt(
                &mut self,
                iv: &[u8; $numbers::IV_LEN],
                aad: &[u8],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<(), CryptoError> {
                seal(&self.0, iv, aad, input, output)
            }

            fn decrypt(
                &mut self,
                iv: &[u8; $numbers::IV_LEN],
                aads: &[&[u8]],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<usize, CryptoError> {
                open(&self.0, iv, aads, input, output)
            }
        }
    };
}
gcm!(Aes128Gcm, AeadAes128GcmCipher, AeadAes128Gcm);
gcm!(Aes256Gcm, AeadAes256GcmCipher, AeadAes256Gcm);

#[cfg(test)]
mod tests {
    use super::*;

    /// Block of AES-128 and AES-256 from FIPS 197, appendix C.
    #[test]
    fn blocks_are_those_of_fips_197() {
        let key: [u8; 32] = std::array::from_fn(|at| at as u8);
        let input: [u8; 16] = std::array::from_fn(|at| at as u8 * 0x11);
        let mut output = [0; 32];
        Srtp.srtp_aes_128_ecb_round(&key[..16], &input, &mut output);
        assert_eq!(output[..4], [0x69, 0xc4, 0xe0, 0xd8]);
        Srtp.srtp_aes_256_ecb_round(&key, &input, &mut output);
        assert_eq!(output[..4], [0x8e, 0xa2, 0xb7, 0xca]);
    }

    /// Key stream of AES-CM from RFC 3711, B.2.
    #[test]
    fn key_stream_is_that_of_rfc_3711() {
        let key = 0x2B7E_1516_28AE_D2A6_ABF7_1588_09CF_4F3C_u128.to_be_bytes();
        let iv = 0xF0F1_F2F3_F4F5_F6F7_F8F9_FAFB_FCFD_0000_u128.to_be_bytes();
        let mut cipher = Srtp.aes_128_cm_sha1_80().create_cipher(key, true);
        let mut output = [0; 16];
        cipher.encrypt(&iv, &[0; 16], &mut output).expect("encrypted");
        assert_eq!(output, 0xE03E_AD09_35C9_5E80_E166_B16D_D92B_4EB4_u128.to_be_bytes());
        assert!(cipher.encrypt(&iv, &[0; 17], &mut output).is_err());
    }

    #[test]
    fn gcm_opens_only_what_it_sealed() {
        let mut cipher = Srtp.aead_aes_256_gcm().create_cipher([7; 32], true);
        let (iv, mut sealed, mut opened) = ([1; 12], [0; 21], [0; 21]);
        cipher.encrypt(&iv, b"a header of RTP", b"sound", &mut sealed).expect("sealed");
        let length = cipher.decrypt(&iv, &[b"a header ", b"of RTP"], &sealed, &mut opened).expect("opened");
        assert_eq!(&opened[..length], b"sound");
        assert!(cipher.decrypt(&iv, &[b"a header of RTCP"], &sealed, &mut opened).is_err());
        sealed[0] ^= 1;
        assert!(cipher.decrypt(&iv, &[b"a header of RTP"], &sealed, &mut opened).is_err());
        assert!(cipher.decrypt(&iv, &[b"a header of RTP"], &sealed[..15], &mut opened).is_err());
        assert!(cipher.encrypt(&iv, b"", b"sound", &mut [0; 20]).is_err());
    }
}
