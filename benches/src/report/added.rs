//! What call policies, takeovers, tokens, push and cold start added to the libraries, in MB: cfca026 less
//! c68e243, built by today's recipe (1.336 - 1.032, 0.806 - 0.597, 2.428 - 2.060). A limit is the one set for
//! c68e243, and this. To the core, what media needs of it (prepare, discard, security) adds 0.014 more:
//! d04562f less 4b96a6f (1.227 - 1.213).

pub(super) const CORE: f64 = 0.303 + 0.014;
pub(super) const CORE_SMALL: f64 = 0.209;
pub(super) const MQTT_TLS_SMALL: f64 = 0.368;
