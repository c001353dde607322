//! What a datagram is, before any key has proven it.

use std::borrow::Cow;

/// Type, version, epoch, number and length of a record that no key protects.
const HEADER: usize = 13;
const ALERT: u8 = 21;
/// Types of such records; others begin like this only behind the handshake (RFC 9147, 4.1).
const OPEN: std::ops::RangeInclusive<u8> = 20..=26;

/// A datagram without the alerts in it that no key protects: whoever knows both addresses can send them, and
/// they would end the call. A peer that gives up before there are keys is found by the time to connect.
pub(super) fn without_open_alerts(datagram: &[u8]) -> Cow<'_, [u8]> {
    let mut kept = Cow::Borrowed(datagram);
    let mut at = 0;
    while let Some((is_alert, length)) = open_record(&datagram[at..]) {
        if is_alert && matches!(kept, Cow::Borrowed(_)) {
            kept = Cow::Owned(datagram[..at].to_vec());
        }
        if let (Cow::Owned(kept), false) = (&mut kept, is_alert) {
            kept.extend_from_slice(&datagram[at..at + length]);
        }
        at += length;
    }
    if let Cow::Owned(kept) = &mut kept {
        kept.extend_from_slice(&datagram[at..]);
    }
    kept
}

/// Whether the first record is an alert of epoch 0, and how long it is; `None` = there is no whole record
/// whose length stands in the open.
fn open_record(bytes: &[u8]) -> Option<(bool, usize)> {
    let header = bytes.get(..HEADER).filter(|header| OPEN.contains(&header[0]))?;
    let length = HEADER + usize::from(u16::from_be_bytes([header[11], header[12]]));
    let is_alert = header[0] == ALERT && header[3..5] == [0, 0];
    (length <= bytes.len()).then_some((is_alert, length))
}

/// The SSRC of an RTP packet; RTCP (RFC 5761) and other protocols have none here.
pub(super) fn rtp_ssrc(bytes: &[u8]) -> Option<u32> {
    let is_rtp = matches!(bytes, [128..192, second, ..] if !(192..224).contains(second));
    let ssrc = bytes.get(8..12).filter(|_| is_rtp)?;
    ssrc.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u8, content: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, content.len() as u8];
        record.extend(content);
        record
    }

    #[test]
    fn alerts_that_no_key_protects_are_left_out() {
        let (alert, hello) = (record(ALERT, 0, &[1, 0]), record(22, 0, b"hello"));
        let (closed, encrypted) = (record(ALERT, 1, b"sealed"), vec![0x2f, 1, 2, 3, 4, 5, 6, 7]);
        assert!(without_open_alerts(&alert).is_empty());
        let both = [&*alert, &hello, &alert, &closed, &alert, &encrypted].concat();
        assert_eq!(*without_open_alerts(&both), [&*hello, &closed, &encrypted].concat());
        for kept in [&hello, &closed, &encrypted, &vec![], &vec![128; 40], &vec![0; 20]] {
            assert!(matches!(without_open_alerts(kept), Cow::Borrowed(same) if same == kept));
        }
    }

    #[test]
    fn what_is_cut_is_left_as_it_is() {
        let alert = record(ALERT, 0, &[1, 0]);
        for end in 0..alert.len() {
            assert_eq!(*without_open_alerts(&alert[..end]), alert[..end]);
        }
    }
}
