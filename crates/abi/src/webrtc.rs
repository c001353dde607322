//! Media over WebRTC: what the app passes in, and what it may ask.

use core::ffi::{c_char, c_void};

use crate::values::nertc_callkit_call_no;

/// Flags of nertc_callkit_webrtc_options.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_webrtc_flag {
    /// Only addresses of TURN servers are used, and the peer learns no other. A join fails if there
    /// is none.
    NERTC_CALLKIT_WEBRTC_RELAY_ONLY = 1,
    /// Loopback addresses are used, too: for tests on one machine.
    NERTC_CALLKIT_WEBRTC_LOOPBACK = 2,
    /// IPv6 is not used.
    NERTC_CALLKIT_WEBRTC_NO_IPV6 = 4,
    /// No microphone and no speaker is opened: the app brings sound with nertc_callkit_push_frame and
    /// takes it with on_frame or nertc_callkit_webrtc_pull_audio.
    NERTC_CALLKIT_WEBRTC_APP_AUDIO = 8,
    /// Microphone and speaker are open only while the app allows it with
    /// nertc_callkit_webrtc_set_audio_active: CallKit's audio session, Android's audio focus.
    NERTC_CALLKIT_WEBRTC_MANUAL_AUDIO = 16,
    /// No echo cancellation, noise suppression and gain control, because the system has its own.
    NERTC_CALLKIT_WEBRTC_NO_PROCESSING = 32,
    /// A peer whose client has no security code ends the call.
    NERTC_CALLKIT_WEBRTC_REQUIRE_CODE = 128,
}

/// A STUN or TURN server. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_ice_server {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// `stun:host`, `stun:host:port`, `turn:host`, `turn:host:port?transport=tcp` (or udp, the
    /// default), `turns:host`; an IPv6 address in []. Up to 512 bytes. Not NULL.
    pub url: *const c_char,
    /// Of turn: and turns:, up to 512 bytes; NULL = none.
    pub username: *const c_char,
    /// Of turn: and turns:, a secret that is neither logged nor traced, up to 512 bytes; NULL = none.
    pub credential: *const c_char,
}

/// How the WebRTC backend sends and receives. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_webrtc_options {
    /// sizeof this struct.
    pub struct_size: u32,
    /// nertc_callkit_webrtc_flag bits.
    pub flags: u32,
    /// STUN and TURN servers. NULL = none. Where the token of a media room is a JSON object with a
    /// list `ice_servers`, that list is used instead.
    pub ice_servers: *const *const nertc_callkit_ice_server,
    /// How many: 0 to 8.
    pub ice_server_count: u32,
    /// Bit rate of the sound that is sent (32000): 6000 to 128000.
    pub audio_bitrate_bps: u32,
    /// Least delay of the jitter buffer in milliseconds (20): 20 to 200.
    pub jitter_min_ms: u32,
    /// Greatest delay of the jitter buffer in milliseconds (200): jitter_min_ms to 200.
    pub jitter_max_ms: u32,
    /// First local UDP port, 1024 to 65535; 0 in both = any.
    pub port_min: u32,
    /// Last local UDP port, port_min to 65535; 0 in both = any.
    pub port_max: u32,
    /// Certificates of the authorities to trust for turns:, as PEM text, up to 1 MiB. NULL = those
    /// of the system.
    pub ca_pem: *const c_char,
    /// Signs a transcript of `size` bytes, in which both fingerprints and both accounts are, with the
    /// app's key for this account: writes the signature into `signature`, whose room is
    /// `*signature_size`, writes its size there and returns 0; anything else = no signature. On the
    /// worker, where the events of this client wait for it: 10 ms at most. With RELAY_ONLY perhaps on
    /// the media thread, where the sound of all waits: what comes before our relay is read there.
    /// Both hooks or none.
    pub sign: Option<
        unsafe extern "C" fn(
            transcript: *const c_void,
            size: u32,
            signature: *mut c_void,
            signature_size: *mut u32,
            user_data: *mut c_void,
        ) -> i32,
    >,
    /// Verifies the signature of an account, the peer: 0 = it is right, anything else ends the call.
    /// Where `sign` is called, likewise.
    pub verify: Option<
        unsafe extern "C" fn(
            account: *const c_char,
            transcript: *const c_void,
            size: u32,
            signature: *const c_void,
            signature_size: u32,
            user_data: *mut c_void,
        ) -> i32,
    >,
    /// Passed to the hooks, which count as callbacks and may be called until the client has ended.
    pub user_data: *mut c_void,
    /// Id of the microphone, as nertc_callkit_webrtc_list_devices lends it, up to 256 bytes; NULL =
    /// the system's default. Not with APP_AUDIO.
    pub microphone: *const c_char,
    /// Likewise, of the speaker.
    pub speaker: *const c_char,
}

/// What a device is for.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_device_kind {
    /// From the user.
    NERTC_CALLKIT_DEVICE_MICROPHONE = 1,
    /// To the user.
    NERTC_CALLKIT_DEVICE_SPEAKER = 2,
}

/// Flags of nertc_callkit_device.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_device_flag {
    /// The system uses it for programs that choose none.
    NERTC_CALLKIT_DEVICE_DEFAULT = 1,
    /// The client has it open.
    NERTC_CALLKIT_DEVICE_IN_USE = 2,
}

/// A microphone or a speaker. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_device {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// nertc_callkit_device_flag bits.
    pub flags: u32,
    /// A nertc_callkit_device_kind.
    pub kind: i32,
    /// Reserved; is 0.
    pub reserved: u32,
    /// The system's name of it, which it keeps while it is unplugged. Not NULL.
    pub id: *const c_char,
    /// For the user. Not NULL.
    pub name: *const c_char,
}

/// Lends one device to nertc_callkit_webrtc_list_devices' caller.
pub type nertc_callkit_device_cb =
    Option<unsafe extern "C" fn(device: *const nertc_callkit_device, user_data: *mut c_void)>;

/// What an address is that media goes through.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_candidate {
    /// Not connected.
    NERTC_CALLKIT_CANDIDATE_UNKNOWN = 0,
    /// Of an interface.
    NERTC_CALLKIT_CANDIDATE_HOST = 1,
    /// What a STUN server saw: that of a NAT.
    NERTC_CALLKIT_CANDIDATE_SERVER_REFLEXIVE = 2,
    /// What the other side saw, and no server before it.
    NERTC_CALLKIT_CANDIDATE_PEER_REFLEXIVE = 3,
    /// Of a TURN server.
    NERTC_CALLKIT_CANDIDATE_RELAY = 4,
}

/// How an own TURN server is reached.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_relay_transport {
    /// No own relay is in use.
    NERTC_CALLKIT_RELAY_TRANSPORT_NONE = 0,
    /// Over UDP.
    NERTC_CALLKIT_RELAY_TRANSPORT_UDP = 1,
    /// Over TCP.
    NERTC_CALLKIT_RELAY_TRANSPORT_TCP = 2,
    /// Over TLS.
    NERTC_CALLKIT_RELAY_TRANSPORT_TLS = 3,
}

/// The transport of a call, as nertc_callkit_get_call_stats returns it; counters since the media
/// room was joined, at most a second old. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_call_stats {
    /// In: sizeof this struct. Out: how much was written.
    pub struct_size: u32,
    /// Reserved; is 0.
    pub flags: u32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// When this was answered, on the monotonic clock, in microseconds.
    pub time_us: u64,
    /// Bytes of UDP payload, of all kinds, to the peer.
    pub bytes_sent: u64,
    /// Likewise, from the peer.
    pub bytes_received: u64,
    /// Round trip of the pair of addresses in use; 0 = not known.
    pub rtt_us: u32,
    /// What the path to the peer has room for; 0 = not known, as always with this version: sound
    /// alone is too little to estimate it from.
    pub available_send_bps: u32,
    /// A nertc_callkit_candidate: the own address in use.
    pub local_candidate: i32,
    /// A nertc_callkit_candidate: the peer's.
    pub remote_candidate: i32,
    /// A nertc_callkit_relay_transport.
    pub relay_transport: i32,
    /// From the join to connected; 0 = not connected.
    pub setup_ms: u32,
    /// Restarts of ICE.
    pub restarts: u32,
    /// A nertc_callkit_security.
    pub security: i32,
    /// 12 or 13 for DTLS 1.2 or 1.3; 0 = not connected.
    pub dtls_version: i32,
    /// Reserved; is 0.
    pub reserved: u32,
}

/// One medium in one direction, as nertc_callkit_get_stream_stats returns it; counters since the
/// media room was joined, at most a second old. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_stream_stats {
    /// In: sizeof this struct. Out: how much was written.
    pub struct_size: u32,
    /// Reserved; is 0.
    pub flags: u32,
    /// RTP packets.
    pub packets: u64,
    /// Their bytes, with headers.
    pub bytes: u64,
    /// Packets that did not arrive; of what is sent, as the peer reports.
    pub packets_lost: u64,
    /// Their share in the last 2 s.
    pub loss_permille: u32,
    /// Variation of the packets' delay.
    pub jitter_us: u32,
    /// Of the last 2 s, with headers.
    pub bitrate_bps: u32,
    /// Received sound: how long the jitter buffer delays it.
    pub jitter_buffer_ms: u32,
    /// Received sound: samples at 48 kHz that were played.
    pub samples: u64,
    /// Received sound: how many of these were made up for what was missing.
    pub concealed_samples: u64,
    /// Peak of the last 100 ms: 0 to 32767.
    pub level: u32,
    /// Reserved; is 0.
    pub reserved: u32,
}
