/* All headers in one, preprocessed, for cffi. Written by `make header`. */
#define NERTC_CALLKIT_VERSION_MAJOR 0
#define NERTC_CALLKIT_VERSION_MINOR 1
#define NERTC_CALLKIT_VERSION_PATCH 0
#define NERTC_CALLKIT_VERSION_NUMBER 0x000100
uint32_t nertc_callkit_version(void);
const char *nertc_callkit_version_text(void);
typedef int32_t nertc_callkit_status;
enum {
  NERTC_CALLKIT_STATUS_OK = 0,
  NERTC_CALLKIT_STATUS_INVALID_ARGUMENT = -1,
  NERTC_CALLKIT_STATUS_CLOSED = -2,
  NERTC_CALLKIT_STATUS_QUEUE_FULL = -3,
  NERTC_CALLKIT_STATUS_REENTRANT = -4,
  NERTC_CALLKIT_STATUS_UNSUPPORTED = -5,
  NERTC_CALLKIT_STATUS_INTERNAL = -6,
};
const char *nertc_callkit_status_text(nertc_callkit_status status);
typedef int32_t nertc_callkit_code;
enum {
  NERTC_CALLKIT_CODE_OK = 0,
  NERTC_CALLKIT_CODE_BAD_TOKEN = 302,
  NERTC_CALLKIT_CODE_TIMEOUT = 408,
  NERTC_CALLKIT_CODE_PEER_OFFLINE = 10201,
  NERTC_CALLKIT_CODE_PEER_PUSH_OFFLINE = 10202,
  NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS = 10404,
  NERTC_CALLKIT_CODE_CHANNEL_EXISTS = 10405,
  NERTC_CALLKIT_CODE_NOT_MEMBER = 10406,
  NERTC_CALLKIT_CODE_ALREADY_MEMBER = 10407,
  NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS = 10408,
  NERTC_CALLKIT_CODE_INVITE_REJECTED = 10409,
  NERTC_CALLKIT_CODE_INVITE_ACCEPTED = 10410,
  NERTC_CALLKIT_CODE_UID_CONFLICT = 10417,
  NERTC_CALLKIT_CODE_MEMBER_LIMIT = 10419,
  NERTC_CALLKIT_CODE_OTHER_DEVICE = 10420,
  NERTC_CALLKIT_CODE_NOT_LOGGED_IN = 20001,
  NERTC_CALLKIT_CODE_CALL_IN_CALLING = 20002,
  NERTC_CALLKIT_CODE_CALL_IN_CALLED = 20003,
  NERTC_CALLKIT_CODE_CALL_IN_CALL = 20004,
  NERTC_CALLKIT_CODE_HANGUP_IN_IDLE = 20005,
  NERTC_CALLKIT_CODE_LEAVE_IN_IDLE = 20009,
  NERTC_CALLKIT_CODE_LEAVE_IN_CALLING = 20010,
  NERTC_CALLKIT_CODE_LEAVE_IN_CALLED = 20011,
  NERTC_CALLKIT_CODE_CANCEL_IN_IDLE = 20013,
  NERTC_CALLKIT_CODE_CANCEL_IN_CALLED = 20015,
  NERTC_CALLKIT_CODE_CANCEL_IN_CALL = 20016,
  NERTC_CALLKIT_CODE_ACCEPT_IN_IDLE = 20017,
  NERTC_CALLKIT_CODE_ACCEPT_IN_CALLING = 20018,
  NERTC_CALLKIT_CODE_ACCEPT_IN_CALL = 20020,
  NERTC_CALLKIT_CODE_REJECT_IN_IDLE = 20021,
  NERTC_CALLKIT_CODE_REJECT_IN_CALLING = 20022,
  NERTC_CALLKIT_CODE_REJECT_IN_CALL = 20024,
  NERTC_CALLKIT_CODE_SWITCH_IN_IDLE = 20025,
  NERTC_CALLKIT_CODE_SWITCH_IN_CALLING = 20026,
  NERTC_CALLKIT_CODE_SWITCH_IN_CALLED = 20027,
  NERTC_CALLKIT_CODE_CALL_MISMATCH = 90001,
  NERTC_CALLKIT_CODE_ALREADY_LOGGED_IN = 90002,
  NERTC_CALLKIT_CODE_SHUTTING_DOWN = 90003,
  NERTC_CALLKIT_CODE_SUPERSEDED = 90004,
  NERTC_CALLKIT_CODE_LIMIT = 90005,
  NERTC_CALLKIT_CODE_RTC_TIMEOUT = 90006,
  NERTC_CALLKIT_CODE_UNSUPPORTED = 90007,
  NERTC_CALLKIT_CODE_BACKEND_FAILED = 90008,
  NERTC_CALLKIT_CODE_INVALID_ARGUMENT = 90009,
  NERTC_CALLKIT_CODE_NOT_IN_CALL = 90010,
  NERTC_CALLKIT_CODE_MEDIA_MISMATCH = 90011,
  NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE = 90012,
  NERTC_CALLKIT_CODE_DEVICE_NOT_FOUND = 90013,
  NERTC_CALLKIT_CODE_DEVICE_DENIED = 90014,
  NERTC_CALLKIT_CODE_DEVICE_BUSY = 90015,
};
const char *nertc_callkit_code_text(nertc_callkit_code code);
typedef int32_t nertc_callkit_end_reason;
enum {
  NERTC_CALLKIT_END_NORMAL = 0,
  NERTC_CALLKIT_END_TIMEOUT = 2,
  NERTC_CALLKIT_END_BUSY = 3,
  NERTC_CALLKIT_END_RTC_JOIN_FAILED = 5,
  NERTC_CALLKIT_END_CALL_FAILED = 7,
  NERTC_CALLKIT_END_KICKED = 8,
  NERTC_CALLKIT_END_RTC_DISCONNECTED = 10,
  NERTC_CALLKIT_END_CANCELLED = 11,
  NERTC_CALLKIT_END_PEER_CANCELLED = 12,
  NERTC_CALLKIT_END_REJECTED = 13,
  NERTC_CALLKIT_END_PEER_REJECTED = 14,
  NERTC_CALLKIT_END_HUNG_UP = 15,
  NERTC_CALLKIT_END_PEER_HUNG_UP = 16,
  NERTC_CALLKIT_END_OTHER_REJECTED = 17,
  NERTC_CALLKIT_END_OTHER_ACCEPTED = 18,
  NERTC_CALLKIT_END_PEER_DISCONNECTED = 19,
  NERTC_CALLKIT_END_PEER_LEFT = 20,
  NERTC_CALLKIT_END_ACCEPT_FAILED = 21,
  NERTC_CALLKIT_END_MEDIA_MISMATCH = 101,
  NERTC_CALLKIT_END_MEDIA_NOT_SECURE = 102,
};
const char *nertc_callkit_end_reason_text(nertc_callkit_end_reason reason);
typedef int32_t nertc_callkit_state;
enum {
  NERTC_CALLKIT_STATE_IDLE = 0,
  NERTC_CALLKIT_STATE_CALLING = 1,
  NERTC_CALLKIT_STATE_CALLED = 2,
  NERTC_CALLKIT_STATE_IN_CALL = 3,
};
const char *nertc_callkit_state_text(nertc_callkit_state state);
typedef uint32_t nertc_callkit_operation;
enum {
  NERTC_CALLKIT_OPERATION_NONE = 0,
  NERTC_CALLKIT_OPERATION_LOGIN = 1,
  NERTC_CALLKIT_OPERATION_LOGOUT = 2,
  NERTC_CALLKIT_OPERATION_CALL = 3,
  NERTC_CALLKIT_OPERATION_CANCEL = 4,
  NERTC_CALLKIT_OPERATION_ACCEPT = 5,
  NERTC_CALLKIT_OPERATION_REJECT = 6,
  NERTC_CALLKIT_OPERATION_HANGUP = 7,
  NERTC_CALLKIT_OPERATION_LEAVE = 8,
  NERTC_CALLKIT_OPERATION_SWITCH = 9,
  NERTC_CALLKIT_OPERATION_ENABLE_LOCAL = 10,
  NERTC_CALLKIT_OPERATION_MUTE_LOCAL = 11,
  NERTC_CALLKIT_OPERATION_MUTE_REMOTE = 12,
  NERTC_CALLKIT_OPERATION_LOCAL_VIEW = 13,
  NERTC_CALLKIT_OPERATION_REMOTE_VIEW = 14,
  NERTC_CALLKIT_OPERATION_RTC = 15,
  NERTC_CALLKIT_OPERATION_RECORD = 16,
  NERTC_CALLKIT_OPERATION_CLOSE = 17,
  NERTC_CALLKIT_OPERATION_BACKEND = 18,
  NERTC_CALLKIT_OPERATION_SEND_DATA = 19,
  NERTC_CALLKIT_OPERATION_NEGOTIATION = 20,
};
const char *nertc_callkit_operation_text(nertc_callkit_operation operation);
void nertc_callkit_struct_init(void *object, uint32_t struct_size);
#define NERTC_CALLKIT_ABI 1
typedef struct nertc_callkit nertc_callkit;
typedef int32_t nertc_callkit_delivery;
enum {
  NERTC_CALLKIT_DELIVERY_WORKER = 0,
  NERTC_CALLKIT_DELIVERY_APP = 1,
};
typedef int32_t nertc_callkit_worker;
enum {
  NERTC_CALLKIT_WORKER_SHARED = 0,
  NERTC_CALLKIT_WORKER_OWN = 1,
};
typedef int32_t nertc_callkit_call_type;
enum {
  NERTC_CALLKIT_CALL_TYPE_AUDIO = 1,
  NERTC_CALLKIT_CALL_TYPE_VIDEO = 2,
  NERTC_CALLKIT_CALL_TYPE_OTHER = 3,
};
typedef uint32_t nertc_callkit_invited_flag;
enum {
  NERTC_CALLKIT_INVITED_OFFLINE = 1,
  NERTC_CALLKIT_INVITED_ANSWERED = 2,
};
typedef uint64_t nertc_callkit_call_no;
typedef uint32_t nertc_callkit_call_ref_flag;
enum {
  NERTC_CALLKIT_CALL_REF_WAIT = 1,
};
typedef struct nertc_callkit_call_ref {
  uint32_t struct_size;
  nertc_callkit_call_ref_flag flags;
  nertc_callkit_call_no call_no;
  const char *channel_id;
  const char *account;
  const char *request_id;
} nertc_callkit_call_ref;
typedef struct nertc_callkit_invited_event {
  uint32_t struct_size;
  nertc_callkit_call_type call_type;
  nertc_callkit_call_no call_no;
  const nertc_callkit_call_ref *call;
  const char *invitor;
  const char *const *user_ids;
  uint32_t user_id_count;
  int32_t is_from_group;
  const char *group_id;
  const char *attachment;
  const char *channel_id;
  const char *request_id;
  const char *call_id;
  uint64_t invited_at_ms;
  uint32_t ring_left_ms;
  nertc_callkit_invited_flag flags;
} nertc_callkit_invited_event;
typedef struct nertc_callkit_user_event {
  uint32_t struct_size;
  uint32_t flags;
  nertc_callkit_call_no call_no;
  const char *user_id;
  uint64_t uid;
  nertc_callkit_code code;
  int32_t raw_code;
  const char *message;
} nertc_callkit_user_event;
typedef void (*nertc_callkit_user_cb)(nertc_callkit *kit, const nertc_callkit_user_event *event,
    void *user_data);
typedef int32_t nertc_callkit_transport;
enum {
  NERTC_CALLKIT_TRANSPORT_SIGNALING = 1,
  NERTC_CALLKIT_TRANSPORT_MEDIA = 2,
};
typedef int32_t nertc_callkit_quality;
enum {
  NERTC_CALLKIT_QUALITY_UNKNOWN = 0,
  NERTC_CALLKIT_QUALITY_GOOD = 1,
  NERTC_CALLKIT_QUALITY_POOR = 2,
  NERTC_CALLKIT_QUALITY_BAD = 3,
  NERTC_CALLKIT_QUALITY_DOWN = 4,
};
typedef struct nertc_callkit_connection_event {
  uint32_t struct_size;
  nertc_callkit_code code;
  int32_t raw_code;
  nertc_callkit_transport transport;
  nertc_callkit_call_no call_no;
  const char *user_id;
  const char *message;
  nertc_callkit_quality quality;
  uint32_t flags;
} nertc_callkit_connection_event;
typedef void (*nertc_callkit_connection_cb)(nertc_callkit *kit,
    const nertc_callkit_connection_event *event, void *user_data);
typedef struct nertc_callkit_media_event {
  uint32_t struct_size;
  int32_t on;
  nertc_callkit_call_no call_no;
  const char *user_id;
  uint64_t uid;
} nertc_callkit_media_event;
typedef void (*nertc_callkit_media_cb)(nertc_callkit *kit,
    const nertc_callkit_media_event *event, void *user_data);
typedef struct nertc_callkit_end_event {
  uint32_t struct_size;
  nertc_callkit_end_reason reason;
  nertc_callkit_call_no call_no;
  const char *user_id;
  const char *extra;
  uint64_t ring_ms;
  uint64_t talk_ms;
  const char *const *accounts;
  const uint32_t *durations_s;
  uint32_t account_count;
  uint32_t flags;
} nertc_callkit_end_event;
typedef int32_t nertc_callkit_call_type_action;
enum {
  NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST = 1,
  NERTC_CALLKIT_CALL_TYPE_ACTION_ACCEPT = 2,
  NERTC_CALLKIT_CALL_TYPE_ACTION_REJECT = 3,
};
typedef struct nertc_callkit_call_event {
  uint32_t struct_size;
  nertc_callkit_call_type call_type;
  nertc_callkit_call_no call_no;
  const char *user_id;
  const char *device_id;
  nertc_callkit_call_type_action state;
  uint32_t flags;
} nertc_callkit_call_event;
typedef void (*nertc_callkit_call_cb)(nertc_callkit *kit, const nertc_callkit_call_event *event,
    void *user_data);
typedef int32_t nertc_callkit_record_status;
enum {
  NERTC_CALLKIT_RECORD_COMPLETE = 1,
  NERTC_CALLKIT_RECORD_CANCELLED = 2,
  NERTC_CALLKIT_RECORD_REJECTED = 3,
  NERTC_CALLKIT_RECORD_TIMEOUT = 4,
  NERTC_CALLKIT_RECORD_BUSY = 5,
};
typedef struct nertc_callkit_record_event {
  uint32_t struct_size;
  nertc_callkit_record_status record_status;
  nertc_callkit_call_no call_no;
  const char *user_id;
  const char *peer;
  const char *msg_id;
  nertc_callkit_call_type call_type;
  uint32_t flags;
} nertc_callkit_record_event;
typedef struct nertc_callkit_error_event {
  uint32_t struct_size;
  nertc_callkit_code code;
  int32_t raw_code;
  nertc_callkit_operation operation;
  nertc_callkit_call_no call_no;
  const char *message;
} nertc_callkit_error_event;
typedef int32_t nertc_callkit_missed_reason;
enum {
  NERTC_CALLKIT_MISSED_CANCELLED = 1,
  NERTC_CALLKIT_MISSED_EXPIRED = 2,
  NERTC_CALLKIT_MISSED_BUSY = 3,
  NERTC_CALLKIT_MISSED_ANSWERED_ELSEWHERE = 4,
  NERTC_CALLKIT_MISSED_REPLACED = 5,
  NERTC_CALLKIT_MISSED_GROUP = 6,
  NERTC_CALLKIT_MISSED_BLOCKED = 7,
  NERTC_CALLKIT_MISSED_RATE_LIMITED = 8,
  NERTC_CALLKIT_MISSED_MEDIA_MISMATCH = 9,
};
typedef struct nertc_callkit_missed_event {
  uint32_t struct_size;
  nertc_callkit_missed_reason reason;
  nertc_callkit_call_type call_type;
  uint32_t flags;
  const char *user_id;
  const char *attachment;
  uint64_t invited_at_ms;
  const char *channel_id;
  const char *request_id;
  uint32_t count;
  uint32_t reserved;
} nertc_callkit_missed_event;
typedef struct nertc_callkit_data_event {
  uint32_t struct_size;
  uint32_t flags;
  nertc_callkit_call_no call_no;
  const char *user_id;
  const char *json;
} nertc_callkit_data_event;
typedef int32_t nertc_callkit_security;
enum {
  NERTC_CALLKIT_SECURITY_NONE = 0,
  NERTC_CALLKIT_SECURITY_NO_CODE = 1,
  NERTC_CALLKIT_SECURITY_UNVERIFIED = 2,
  NERTC_CALLKIT_SECURITY_VERIFIED = 3,
  NERTC_CALLKIT_SECURITY_MISMATCH = 4,
};
typedef struct nertc_callkit_security_event {
  uint32_t struct_size;
  nertc_callkit_security security;
  nertc_callkit_call_no call_no;
  const char *user_id;
  const char *code;
  const char *local_fingerprint;
  const char *remote_fingerprint;
} nertc_callkit_security_event;
typedef struct nertc_callkit_listener {
  uint32_t struct_size;
  uint32_t flags;
  void (*on_invited)(nertc_callkit *kit,
      const nertc_callkit_invited_event *event, void *user_data);
  nertc_callkit_user_cb on_user_busy;
  nertc_callkit_user_cb on_user_cancel;
  nertc_callkit_user_cb on_user_accept;
  nertc_callkit_user_cb on_user_enter;
  nertc_callkit_user_cb on_user_reject;
  nertc_callkit_user_cb on_user_leave;
  nertc_callkit_user_cb on_user_disconnect;
  nertc_callkit_connection_cb on_disconnect;
  nertc_callkit_media_cb on_audio_available;
  nertc_callkit_media_cb on_camera_available;
  void (*on_call_end)(nertc_callkit *kit,
      const nertc_callkit_end_event *event, void *user_data);
  nertc_callkit_call_cb on_calling_timeout;
  nertc_callkit_call_cb on_call_type_change;
  nertc_callkit_call_cb on_other_client_accept;
  nertc_callkit_call_cb on_other_client_reject;
  nertc_callkit_media_cb on_video_muted;
  nertc_callkit_media_cb on_audio_muted;
  void (*on_message_sent)(nertc_callkit *kit,
      const nertc_callkit_record_event *event, void *user_data);
  void (*on_error)(nertc_callkit *kit,
      const nertc_callkit_error_event *event, void *user_data);
  nertc_callkit_call_cb on_call_connected;
  nertc_callkit_connection_cb on_kicked;
  nertc_callkit_connection_cb on_reconnecting;
  nertc_callkit_connection_cb on_reconnected;
  nertc_callkit_connection_cb on_network_quality;
  nertc_callkit_call_cb on_call_type_request;
  void (*on_missed_call)(nertc_callkit *kit,
      const nertc_callkit_missed_event *event, void *user_data);
  nertc_callkit_user_cb on_user_ringing;
  nertc_callkit_connection_cb on_token_needed;
  void (*on_record_received)(nertc_callkit *kit,
      const nertc_callkit_record_event *event, void *user_data);
  void (*on_data)(nertc_callkit *kit,
      const nertc_callkit_data_event *event, void *user_data);
  void (*on_media_secured)(nertc_callkit *kit,
      const nertc_callkit_security_event *event, void *user_data);
} nertc_callkit_listener;
typedef uint32_t nertc_callkit_media;
enum {
  NERTC_CALLKIT_MEDIA_AUDIO = 1,
  NERTC_CALLKIT_MEDIA_VIDEO = 2,
};
typedef struct nertc_callkit_frame {
  uint32_t struct_size;
  nertc_callkit_media media;
  uint64_t uid;
  uint64_t time_us;
  const void *planes[4];
  uint32_t strides[4];
  uint32_t width;
  uint32_t height;
  uint32_t rotation;
  uint32_t sample_rate;
  uint32_t channels;
  uint32_t samples;
} nertc_callkit_frame;
typedef struct nertc_callkit_signaling nertc_callkit_signaling;
typedef struct nertc_callkit_rtc nertc_callkit_rtc;
typedef struct nertc_callkit_backends {
  uint32_t struct_size;
  uint32_t flags;
  const nertc_callkit_signaling *signaling;
  void *signaling_ctx;
  const nertc_callkit_rtc *rtc;
  void *rtc_ctx;
} nertc_callkit_backends;
typedef struct nertc_callkit_timers {
  uint32_t struct_size;
  uint32_t ring_ms;
  uint32_t ring_grace_ms;
  uint32_t login_ms;
  uint32_t request_ms;
  uint32_t operation_ms;
  uint32_t rtc_leave_ms;
  uint32_t rtc_connect_ms;
  uint32_t handshake_ms;
  uint32_t switch_ms;
  uint32_t glare_ms;
  uint32_t peer_leave_ms;
  uint32_t peer_reconnecting_ms;
  uint32_t peer_lost_ms;
  uint32_t teardown_ms;
  uint32_t destroy_wait_ms;
  uint32_t tombstone_ms;
  uint32_t invite_age_ms;
  uint32_t token_ms;
  uint32_t reserved;
} nertc_callkit_timers;
typedef struct nertc_callkit_config {
  uint32_t struct_size;
  uint32_t flags;
  nertc_callkit_delivery delivery;
  nertc_callkit_worker worker;
  const nertc_callkit_listener *listener;
  void (*on_frame)(nertc_callkit *kit, const char *user_id,
      const nertc_callkit_frame *frame, void *user_data);
  void (*on_wakeup)(void *user_data);
  void *user_data;
  const nertc_callkit_backends *backends;
  const char *app_key;
  const char *device_id;
  const char *data_dir;
  const nertc_callkit_timers *timers;
  int32_t confirm_audio_to_video;
  int32_t confirm_video_to_audio;
} nertc_callkit_config;
nertc_callkit_status nertc_callkit_create(const nertc_callkit_config *config, nertc_callkit **out);
nertc_callkit_status nertc_callkit_destroy(nertc_callkit *kit);
nertc_callkit_status nertc_callkit_release(nertc_callkit *kit, void (*released)(void *user_data), void *user_data);
typedef struct nertc_callkit_result {
  uint32_t struct_size;
  nertc_callkit_code code;
  int32_t raw_code;
  nertc_callkit_operation operation;
  nertc_callkit_call_no call_no;
  uint64_t uid;
  const char *message;
  const char *channel_id;
  const char *request_id;
  const char *call_id;
} nertc_callkit_result;
typedef void (*nertc_callkit_completion_cb)(nertc_callkit *kit,
    const nertc_callkit_result *result, void *user_data);
nertc_callkit_status nertc_callkit_login(nertc_callkit *kit, const char *account, const char *token, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_set_token(nertc_callkit *kit, const char *token);
nertc_callkit_status nertc_callkit_logout(nertc_callkit *kit, nertc_callkit_completion_cb done, void *user_data);
int32_t nertc_callkit_get_state(nertc_callkit *kit);
typedef uint32_t nertc_callkit_call_info_flag;
enum {
  NERTC_CALLKIT_CALL_INFO_CONNECTED = 1,
  NERTC_CALLKIT_CALL_INFO_INVITER = 2,
};
typedef struct nertc_callkit_call_info {
  uint32_t struct_size;
  nertc_callkit_state state;
  nertc_callkit_call_type call_type;
  nertc_callkit_call_info_flag flags;
  nertc_callkit_call_no call_no;
  uint64_t own_uid;
  uint64_t peer_uid;
  char account[65];
  char peer[65];
  char channel_id[65];
  char request_id[65];
  char call_id[65];
  char rtc_channel[128];
  char reserved[3];
} nertc_callkit_call_info;
nertc_callkit_status nertc_callkit_get_call_info(nertc_callkit *kit, nertc_callkit_call_info *out);
int32_t nertc_callkit_dispatch(nertc_callkit *kit, int32_t timeout_ms);
nertc_callkit_status nertc_callkit_get_event_handle(nertc_callkit *kit, intptr_t *out);
nertc_callkit_status nertc_callkit_network_changed(nertc_callkit *kit);
nertc_callkit_status nertc_callkit_set_call_timeout(nertc_callkit *kit, uint32_t timeout_ms);
typedef int32_t nertc_callkit_policy_rule;
enum {
  NERTC_CALLKIT_POLICY_EVERYBODY = 0,
  NERTC_CALLKIT_POLICY_ONLY_LISTED = 1,
  NERTC_CALLKIT_POLICY_ALL_BUT_LISTED = 2,
  NERTC_CALLKIT_POLICY_NOBODY = 3,
};
typedef int32_t nertc_callkit_policy_answer;
enum {
  NERTC_CALLKIT_POLICY_SILENT = 0,
  NERTC_CALLKIT_POLICY_BUSY = 1,
};
typedef uint32_t nertc_callkit_policy_flag;
enum {
  NERTC_CALLKIT_POLICY_NO_MISSED = 1,
};
typedef struct nertc_callkit_call_policy {
  uint32_t struct_size;
  nertc_callkit_policy_flag flags;
  nertc_callkit_policy_rule rule;
  nertc_callkit_policy_answer answer;
  const char *const *accounts;
  uint32_t account_count;
  uint32_t reserved;
} nertc_callkit_call_policy;
nertc_callkit_status nertc_callkit_set_call_policy(nertc_callkit *kit, const nertc_callkit_call_policy *policy);
typedef uint32_t nertc_callkit_call_flag;
enum {
  NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE = 1,
  NERTC_CALLKIT_CALL_FLAG_NO_RECORD = 2,
};
typedef struct nertc_callkit_push {
  uint32_t struct_size;
  uint32_t flags;
  const char *title;
  const char *content;
  const char *payload;
} nertc_callkit_push;
typedef struct nertc_callkit_call_options {
  uint32_t struct_size;
  nertc_callkit_call_flag flags;
  nertc_callkit_call_type call_type;
  uint32_t reserved;
  const char *user_id;
  const char *attachment;
  const char *extra;
  const nertc_callkit_push *push;
} nertc_callkit_call_options;
nertc_callkit_status nertc_callkit_call(nertc_callkit *kit, const nertc_callkit_call_options *options, nertc_callkit_completion_cb done, void *user_data);
typedef struct nertc_callkit_end_options {
  uint32_t struct_size;
  nertc_callkit_call_flag flags;
  nertc_callkit_end_reason reason;
  uint32_t reserved;
  const char *text;
} nertc_callkit_end_options;
nertc_callkit_status nertc_callkit_cancel(nertc_callkit *kit, const nertc_callkit_call_ref *call, const nertc_callkit_end_options *options, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_accept(nertc_callkit *kit, const nertc_callkit_call_ref *call, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_reject(nertc_callkit *kit, const nertc_callkit_call_ref *call, const nertc_callkit_end_options *options, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_hangup(nertc_callkit *kit, const nertc_callkit_call_ref *call, const nertc_callkit_end_options *options, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_leave(nertc_callkit *kit, const nertc_callkit_call_ref *call, const nertc_callkit_end_options *options, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_send_data(nertc_callkit *kit, const nertc_callkit_call_ref *call, const char *json, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_switch_call_type(nertc_callkit *kit, nertc_callkit_call_type call_type, nertc_callkit_call_type_action state, nertc_callkit_completion_cb done, void *user_data);
#define NERTC_CALLKIT_PUSH_SIZE 768
typedef struct nertc_callkit_push_call {
  uint32_t struct_size;
  nertc_callkit_call_type call_type;
  uint64_t sent_ms;
  uint32_t ring_left_ms;
  uint32_t flags;
  char to_account[65];
  char from_account[65];
  char from_device[65];
  char channel_id[65];
  char request_id[65];
  char reserved[3];
} nertc_callkit_push_call;
nertc_callkit_status nertc_callkit_push_encode(const nertc_callkit_push_call *call, char *buffer, uint32_t *size);
nertc_callkit_status nertc_callkit_push_decode(const char *text, nertc_callkit_push_call *out);
nertc_callkit_status nertc_callkit_enable_local(nertc_callkit *kit, nertc_callkit_media media, int32_t on, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_mute_local(nertc_callkit *kit, nertc_callkit_media media, int32_t muted, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_mute_remote(nertc_callkit *kit, nertc_callkit_media media, int32_t muted, nertc_callkit_completion_cb done, void *user_data);
typedef struct nertc_callkit_view {
  uint32_t struct_size;
  int32_t scaling;
  int32_t mirror;
  uint32_t flags;
  void *window;
} nertc_callkit_view;
nertc_callkit_status nertc_callkit_set_local_view(nertc_callkit *kit, const nertc_callkit_view *view, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_set_remote_view(nertc_callkit *kit, const nertc_callkit_view *view, nertc_callkit_completion_cb done, void *user_data);
nertc_callkit_status nertc_callkit_push_frame(nertc_callkit *kit, const nertc_callkit_frame *frame);
typedef int32_t nertc_callkit_log_level;
enum {
  NERTC_CALLKIT_LOG_OFF = 0,
  NERTC_CALLKIT_LOG_ERROR = 1,
  NERTC_CALLKIT_LOG_WARN = 2,
  NERTC_CALLKIT_LOG_INFO = 3,
  NERTC_CALLKIT_LOG_DEBUG = 4,
};
typedef uint32_t nertc_callkit_log_flag;
enum {
  NERTC_CALLKIT_LOG_PERSONAL = 1,
};
nertc_callkit_status nertc_callkit_set_log_callback(nertc_callkit_log_level level, nertc_callkit_log_flag flags, void (*log)(nertc_callkit_log_level level, const char *text, void *user_data), void *user_data);
typedef uint32_t nertc_callkit_trace_flag;
enum {
  NERTC_CALLKIT_TRACE_PERSONAL = 1,
};
nertc_callkit_status nertc_callkit_trace_start(nertc_callkit *kit, const char *path, nertc_callkit_trace_flag flags);
nertc_callkit_status nertc_callkit_trace_stop(nertc_callkit *kit);
typedef int32_t nertc_callkit_signal;
enum {
  NERTC_CALLKIT_SIGNAL_CLOSE = 1,
  NERTC_CALLKIT_SIGNAL_JOIN = 2,
  NERTC_CALLKIT_SIGNAL_INVITE = 3,
  NERTC_CALLKIT_SIGNAL_CANCEL = 4,
  NERTC_CALLKIT_SIGNAL_REJECT = 5,
  NERTC_CALLKIT_SIGNAL_ACCEPT = 6,
  NERTC_CALLKIT_SIGNAL_LEAVE = 7,
  NERTC_CALLKIT_SIGNAL_CONTROL = 8,
  NERTC_CALLKIT_SIGNAL_RINGING = 101,
  NERTC_CALLKIT_SIGNAL_PEER_LOST = 102,
};
typedef int32_t nertc_callkit_message_origin;
enum {
  NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE = 0,
  NERTC_CALLKIT_MESSAGE_ORIGIN_OTHER_DEVICE = 1,
  NERTC_CALLKIT_MESSAGE_ORIGIN_OFFLINE = 2,
};
typedef int32_t nertc_callkit_connection;
enum {
  NERTC_CALLKIT_CONNECTION_LOST = 1,
  NERTC_CALLKIT_CONNECTION_RESTORED = 2,
  NERTC_CALLKIT_CONNECTION_KICKED = 3,
  NERTC_CALLKIT_CONNECTION_TOKEN_NEEDED = 4,
};
typedef int32_t nertc_callkit_invite_state;
enum {
  NERTC_CALLKIT_INVITE_RINGING = 1,
  NERTC_CALLKIT_INVITE_HELD = 2,
  NERTC_CALLKIT_INVITE_DROPPED = 3,
};
typedef int32_t nertc_callkit_rtc_event_type;
enum {
  NERTC_CALLKIT_RTC_PEER_JOIN = 1,
  NERTC_CALLKIT_RTC_PEER_LEAVE = 2,
  NERTC_CALLKIT_RTC_PEER_MEDIA = 3,
  NERTC_CALLKIT_RTC_PEER_MUTE = 4,
  NERTC_CALLKIT_RTC_PEER_SILENT = 5,
  NERTC_CALLKIT_RTC_PEER_ACTIVE = 6,
  NERTC_CALLKIT_RTC_RECONNECTING = 7,
  NERTC_CALLKIT_RTC_RECONNECTED = 8,
  NERTC_CALLKIT_RTC_DISCONNECTED = 9,
  NERTC_CALLKIT_RTC_QUALITY = 10,
  NERTC_CALLKIT_RTC_ERROR = 11,
  NERTC_CALLKIT_RTC_SECURED = 12,
};
typedef uint32_t nertc_callkit_signaling_cap;
enum {
  NERTC_CALLKIT_SIGNALING_CAP_OFFLINE = 1,
  NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE = 2,
  NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD = 4,
  NERTC_CALLKIT_SIGNALING_CAP_SINGLETON = 8,
  NERTC_CALLKIT_SIGNALING_CAP_ADOPTS_LOGIN = 16,
};
typedef uint32_t nertc_callkit_rtc_cap;
enum {
  NERTC_CALLKIT_RTC_CAP_NO_MEDIA = 1,
  NERTC_CALLKIT_RTC_CAP_SINGLETON = 2,
  NERTC_CALLKIT_RTC_CAP_SIGNALS = 4,
};
typedef uint32_t nertc_callkit_rtc_join_flag;
enum {
  NERTC_CALLKIT_RTC_JOIN_INVITER = 1,
};
typedef uintptr_t nertc_callkit_req;
typedef struct nertc_callkit_channel {
  uint32_t struct_size;
  nertc_callkit_call_type call_type;
  uint32_t flags;
  uint32_t reserved;
  const char *channel_id;
  const char *creator;
  uint64_t create_ms;
  uint64_t expire_ms;
} nertc_callkit_channel;
typedef struct nertc_callkit_member {
  uint32_t struct_size;
  uint32_t flags;
  const char *account;
  const char *device_id;
  uint64_t uid;
} nertc_callkit_member;
typedef struct nertc_callkit_channel_state {
  uint32_t struct_size;
  uint32_t member_count;
  const nertc_callkit_channel *channel;
  const nertc_callkit_member *const *members;
} nertc_callkit_channel_state;
typedef struct nertc_callkit_signaling_result {
  uint32_t struct_size;
  nertc_callkit_code code;
  int32_t raw_code;
  uint32_t flags;
  const char *message;
  const nertc_callkit_channel_state *channel_state;
  const char *rtc_token;
  uint64_t server_ms;
} nertc_callkit_signaling_result;
typedef struct nertc_callkit_signaling_event {
  uint32_t struct_size;
  nertc_callkit_signal signal;
  uint32_t flags;
  uint32_t reserved;
  const nertc_callkit_channel *channel;
  const char *from_account;
  const char *from_device;
  const char *to_account;
  const char *request_id;
  const char *custom_info;
  uint64_t time_ms;
  uint64_t uid;
} nertc_callkit_signaling_event;
typedef struct nertc_callkit_signaling_connection {
  uint32_t struct_size;
  nertc_callkit_connection type;
  nertc_callkit_code code;
  int32_t raw_code;
  const char *message;
} nertc_callkit_signaling_connection;
typedef struct nertc_callkit_record {
  uint32_t struct_size;
  nertc_callkit_call_type call_type;
  nertc_callkit_record_status record_status;
  uint32_t account_count;
  const char *client_msg_id;
  const char *to_account;
  const char *channel_id;
  const char *text;
  const char *const *accounts;
  const uint32_t *durations_s;
} nertc_callkit_record;
typedef struct nertc_callkit_signaling_sink {
  uint32_t struct_size;
  uint32_t abi;
  void *ctx;
  void (*complete)(void *ctx,
      nertc_callkit_req req, const nertc_callkit_signaling_result *result);
  int32_t (*events)(void *ctx,
      nertc_callkit_message_origin origin,
      const nertc_callkit_signaling_event *
      const *events,
      uint32_t count);
  int32_t (*channel_states)(void *ctx,
      const nertc_callkit_channel_state *
      const *channel_states,
      uint32_t count);
  int32_t (*connection)(void *ctx,
      const nertc_callkit_signaling_connection *event);
  void (*log)(void *ctx,
      nertc_callkit_log_level level, const char *text);
  int32_t (*record)(void *ctx,
      const char *from_account, const nertc_callkit_record *record);
} nertc_callkit_signaling_sink;
typedef struct nertc_callkit_login_args {
  uint32_t struct_size;
  uint32_t flags;
  const char *app_key;
  const char *account;
  const char *token;
  const char *device_id;
  const char *data_dir;
  uint32_t timeout_ms;
  uint32_t reserved;
} nertc_callkit_login_args;
typedef struct nertc_callkit_signaling_args {
  uint32_t struct_size;
  nertc_callkit_call_flag flags;
  nertc_callkit_call_type call_type;
  uint32_t expires_ms;
  const char *channel_id;
  const char *account;
  const char *request_id;
  const char *custom_info;
  const nertc_callkit_push *push;
} nertc_callkit_signaling_args;
typedef int32_t (*nertc_callkit_signaling_operation_cb)(void *ctx,
    nertc_callkit_req req, const nertc_callkit_signaling_args *args);
struct nertc_callkit_signaling {
  uint32_t struct_size;
  uint32_t abi;
  nertc_callkit_signaling_cap caps;
  uint32_t reserved;
  const char *name;
  int32_t (*open)(void *ctx,
      const nertc_callkit_signaling_sink *sink);
  void (*close_backend)(void *ctx);
  void (*release)(void *ctx);
  int32_t (*login)(void *ctx,
      nertc_callkit_req req, const nertc_callkit_login_args *args);
  int32_t (*logout)(void *ctx,
      nertc_callkit_req req);
  nertc_callkit_signaling_operation_cb create;
  nertc_callkit_signaling_operation_cb join;
  nertc_callkit_signaling_operation_cb invite;
  nertc_callkit_signaling_operation_cb cancel_invite;
  nertc_callkit_signaling_operation_cb accept;
  nertc_callkit_signaling_operation_cb reject;
  nertc_callkit_signaling_operation_cb leave;
  nertc_callkit_signaling_operation_cb close;
  nertc_callkit_signaling_operation_cb control;
  int32_t (*send_record)(void *ctx,
      nertc_callkit_req req, const nertc_callkit_record *record);
  void (*network_changed)(void *ctx);
  void (*invite_state)(void *ctx,
      const nertc_callkit_signaling_args *args, nertc_callkit_invite_state state);
  void (*abort_login)(void *ctx,
      nertc_callkit_req req);
  int32_t (*set_token)(void *ctx,
      const char *token);
  void (*call_policy)(void *ctx,
      const nertc_callkit_call_policy *policy);
};
typedef struct nertc_callkit_rtc_event {
  uint32_t struct_size;
  nertc_callkit_rtc_event_type type;
  int32_t code;
  int32_t raw_code;
  nertc_callkit_media media;
  uint32_t flags;
  uint64_t uid;
  const char *text;
  const char *local_fingerprint;
  const char *remote_fingerprint;
  uint64_t join;
} nertc_callkit_rtc_event;
typedef struct nertc_callkit_rtc_sink {
  uint32_t struct_size;
  uint32_t abi;
  void *ctx;
  void (*complete)(void *ctx,
      nertc_callkit_req req, nertc_callkit_code code, int32_t raw_code,
      const char *message);
  int32_t (*event)(void *ctx,
      const nertc_callkit_rtc_event *event);
  void (*frame)(void *ctx,
      const nertc_callkit_frame *frame);
  void (*log)(void *ctx,
      nertc_callkit_log_level level, const char *text);
  int32_t (*send)(void *ctx,
      nertc_callkit_req join, const char *json);
} nertc_callkit_rtc_sink;
typedef struct nertc_callkit_rtc_join {
  uint32_t struct_size;
  uint32_t flags;
  nertc_callkit_call_type call_type;
  uint32_t reserved;
  uint64_t uid;
  const char *channel_name;
  const char *token;
  const char *peer;
  const char *call_id;
  nertc_callkit_call_no call_no;
  const char *account;
  const char *device_id;
} nertc_callkit_rtc_join;
typedef struct nertc_callkit_rtc_prepare {
  uint32_t struct_size;
  nertc_callkit_rtc_join_flag flags;
  nertc_callkit_call_type call_type;
  uint32_t reserved;
  nertc_callkit_call_no call_no;
  const char *peer;
  const char *call_id;
} nertc_callkit_rtc_prepare;
struct nertc_callkit_rtc {
  uint32_t struct_size;
  uint32_t abi;
  nertc_callkit_rtc_cap caps;
  uint32_t reserved;
  const char *name;
  int32_t (*open)(void *ctx,
      const nertc_callkit_rtc_sink *sink);
  void (*close_backend)(void *ctx);
  void (*release)(void *ctx);
  int32_t (*join)(void *ctx, nertc_callkit_req req,
      const nertc_callkit_rtc_join *args);
  int32_t (*leave)(void *ctx,
      nertc_callkit_req req);
  int32_t (*enable_local)(void *ctx,
      nertc_callkit_req req, nertc_callkit_media media, int32_t on);
  int32_t (*mute_local)(void *ctx,
      nertc_callkit_req req, nertc_callkit_media media, int32_t muted);
  int32_t (*subscribe)(void *ctx,
      nertc_callkit_req req, uint64_t uid, nertc_callkit_media media, int32_t on);
  int32_t (*set_view)(void *ctx,
      nertc_callkit_req req, uint64_t uid, const nertc_callkit_view *view);
  int32_t (*push_frame)(void *ctx,
      const nertc_callkit_frame *frame);
  void (*network_changed)(void *ctx);
  void (*receive)(void *ctx,
      nertc_callkit_req join, const char *json);
  const char *protocol;
  void (*prepare)(void *ctx,
      const nertc_callkit_rtc_prepare *args);
  void (*discard)(void *ctx,
      nertc_callkit_call_no call_no);
};
typedef uint32_t nertc_callkit_hub_flag;
enum {
  NERTC_CALLKIT_HUB_SINGLE_DEVICE = 1,
  NERTC_CALLKIT_HUB_SERVER_RECORD = 2,
};
typedef struct nertc_callkit_hub nertc_callkit_hub;
nertc_callkit_status nertc_callkit_hub_create(nertc_callkit_hub_flag flags, nertc_callkit_hub **out);
nertc_callkit_status nertc_callkit_hub_release(nertc_callkit_hub *hub);
typedef int32_t nertc_callkit_fault_action;
enum {
  NERTC_CALLKIT_FAULT_DROP = 1,
  NERTC_CALLKIT_FAULT_DUPLICATE = 2,
  NERTC_CALLKIT_FAULT_DELAY = 3,
  NERTC_CALLKIT_FAULT_REORDER = 4,
  NERTC_CALLKIT_FAULT_REFUSE = 5,
  NERTC_CALLKIT_FAULT_NO_ANSWER = 6,
  NERTC_CALLKIT_FAULT_CRASH = 7,
  NERTC_CALLKIT_FAULT_KICK = 8,
  NERTC_CALLKIT_FAULT_EXPIRE_TOKEN = 9,
};
typedef int32_t nertc_callkit_fault_on;
enum {
  NERTC_CALLKIT_FAULT_ON_NOW = 0,
  NERTC_CALLKIT_FAULT_ON_LOGIN = 1,
  NERTC_CALLKIT_FAULT_ON_LOGOUT = 2,
  NERTC_CALLKIT_FAULT_ON_CREATE = 3,
  NERTC_CALLKIT_FAULT_ON_JOIN = 4,
  NERTC_CALLKIT_FAULT_ON_INVITE = 5,
  NERTC_CALLKIT_FAULT_ON_CANCEL = 6,
  NERTC_CALLKIT_FAULT_ON_ACCEPT = 7,
  NERTC_CALLKIT_FAULT_ON_REJECT = 8,
  NERTC_CALLKIT_FAULT_ON_LEAVE = 9,
  NERTC_CALLKIT_FAULT_ON_CLOSE = 10,
  NERTC_CALLKIT_FAULT_ON_CONTROL = 11,
  NERTC_CALLKIT_FAULT_ON_RECORD = 12,
  NERTC_CALLKIT_FAULT_ON_RTC_JOIN = 13,
  NERTC_CALLKIT_FAULT_ON_RTC_LEAVE = 14,
  NERTC_CALLKIT_FAULT_ON_EVENT_CLOSE = 101,
  NERTC_CALLKIT_FAULT_ON_EVENT_JOIN = 102,
  NERTC_CALLKIT_FAULT_ON_EVENT_INVITE = 103,
  NERTC_CALLKIT_FAULT_ON_EVENT_CANCEL = 104,
  NERTC_CALLKIT_FAULT_ON_EVENT_REJECT = 105,
  NERTC_CALLKIT_FAULT_ON_EVENT_ACCEPT = 106,
  NERTC_CALLKIT_FAULT_ON_EVENT_LEAVE = 107,
  NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL = 108,
  NERTC_CALLKIT_FAULT_ON_EVENT_RTC = 109,
  NERTC_CALLKIT_FAULT_ON_EVENT_RINGING = 110,
};
typedef struct nertc_callkit_fault {
  uint32_t struct_size;
  uint32_t flags;
  nertc_callkit_fault_action action;
  nertc_callkit_fault_on on;
  uint32_t skip_count;
  uint32_t hit_count;
  uint32_t delay_ms;
  nertc_callkit_code code;
  const char *account;
  const char *device_id;
} nertc_callkit_fault;
nertc_callkit_status nertc_callkit_hub_add_fault(nertc_callkit_hub *hub, const nertc_callkit_fault *fault);
nertc_callkit_status nertc_callkit_loopback_signaling(nertc_callkit_hub *hub, nertc_callkit_backends *out);
nertc_callkit_status nertc_callkit_loopback_rtc(nertc_callkit_hub *hub, nertc_callkit_backends *out);
nertc_callkit_status nertc_callkit_null_rtc(nertc_callkit_backends *out);
typedef uint32_t nertc_callkit_mqtt_flag;
enum {
  NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT = 1,
  NERTC_CALLKIT_MQTT_SINGLE_DEVICE = 2,
  NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL = 4,
  NERTC_CALLKIT_MQTT_PRESENCE = 8,
  NERTC_CALLKIT_MQTT_MEDIA_DECIDES = 16,
};
typedef struct nertc_callkit_mqtt_options {
  uint32_t struct_size;
  nertc_callkit_mqtt_flag flags;
  const char *const *endpoints;
  uint32_t endpoint_count;
  uint32_t session_expiry_s;
  uint32_t keep_alive_s;
  uint32_t peer_lost_ms;
  const char *ca_pem;
  const char *topic_prefix;
  int32_t (*load_client_id)(const char *account, const char *device_id,
      char *buffer, uint32_t size, void *user_data);
  void (*save_client_id)(const char *account, const char *device_id,
      const char *client_id, void *user_data);
  void *user_data;
  const char *client_cert_pem;
  const char *client_key_pem;
} nertc_callkit_mqtt_options;
nertc_callkit_status nertc_callkit_mqtt_signaling(const nertc_callkit_mqtt_options *options, nertc_callkit_backends *out);
typedef uint32_t nertc_callkit_webrtc_flag;
enum {
  NERTC_CALLKIT_WEBRTC_RELAY_ONLY = 1,
  NERTC_CALLKIT_WEBRTC_LOOPBACK = 2,
  NERTC_CALLKIT_WEBRTC_NO_IPV6 = 4,
  NERTC_CALLKIT_WEBRTC_APP_AUDIO = 8,
  NERTC_CALLKIT_WEBRTC_MANUAL_AUDIO = 16,
  NERTC_CALLKIT_WEBRTC_NO_PROCESSING = 32,
  NERTC_CALLKIT_WEBRTC_REQUIRE_CODE = 128,
};
typedef struct nertc_callkit_ice_server {
  uint32_t struct_size;
  uint32_t flags;
  const char *url;
  const char *username;
  const char *credential;
} nertc_callkit_ice_server;
typedef struct nertc_callkit_webrtc_options {
  uint32_t struct_size;
  nertc_callkit_webrtc_flag flags;
  const nertc_callkit_ice_server *const *ice_servers;
  uint32_t ice_server_count;
  uint32_t audio_bitrate_bps;
  uint32_t jitter_min_ms;
  uint32_t jitter_max_ms;
  uint32_t port_min;
  uint32_t port_max;
  const char *ca_pem;
  int32_t (*sign)(const void *transcript, uint32_t size, void *signature,
      uint32_t *signature_size, void *user_data);
  int32_t (*verify)(const char *account, const void *transcript,
      uint32_t size, const void *signature, uint32_t signature_size,
      void *user_data);
  void *user_data;
  const char *microphone;
  const char *speaker;
} nertc_callkit_webrtc_options;
nertc_callkit_status nertc_callkit_webrtc_media(const nertc_callkit_webrtc_options *options, nertc_callkit_backends *out);
nertc_callkit_status nertc_callkit_webrtc_set_ice_servers(nertc_callkit *kit, const nertc_callkit_ice_server *const *servers, uint32_t count);
int32_t nertc_callkit_webrtc_pull_audio(nertc_callkit *kit, int16_t *out, uint32_t frames, uint32_t sample_rate, uint32_t channels);
typedef int32_t nertc_callkit_candidate;
enum {
  NERTC_CALLKIT_CANDIDATE_UNKNOWN = 0,
  NERTC_CALLKIT_CANDIDATE_HOST = 1,
  NERTC_CALLKIT_CANDIDATE_SERVER_REFLEXIVE = 2,
  NERTC_CALLKIT_CANDIDATE_PEER_REFLEXIVE = 3,
  NERTC_CALLKIT_CANDIDATE_RELAY = 4,
};
typedef int32_t nertc_callkit_relay_transport;
enum {
  NERTC_CALLKIT_RELAY_TRANSPORT_NONE = 0,
  NERTC_CALLKIT_RELAY_TRANSPORT_UDP = 1,
  NERTC_CALLKIT_RELAY_TRANSPORT_TCP = 2,
  NERTC_CALLKIT_RELAY_TRANSPORT_TLS = 3,
};
typedef struct nertc_callkit_call_stats {
  uint32_t struct_size;
  uint32_t flags;
  nertc_callkit_call_no call_no;
  uint64_t time_us;
  uint64_t bytes_sent;
  uint64_t bytes_received;
  uint32_t rtt_us;
  uint32_t available_send_bps;
  nertc_callkit_candidate local_candidate;
  nertc_callkit_candidate remote_candidate;
  nertc_callkit_relay_transport relay_transport;
  uint32_t setup_ms;
  uint32_t restarts;
  nertc_callkit_security security;
  int32_t dtls_version;
  uint32_t reserved;
} nertc_callkit_call_stats;
nertc_callkit_status nertc_callkit_get_call_stats(nertc_callkit *kit, nertc_callkit_call_stats *out);
typedef struct nertc_callkit_stream_stats {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t packets;
  uint64_t bytes;
  uint64_t packets_lost;
  uint32_t loss_permille;
  uint32_t jitter_us;
  uint32_t bitrate_bps;
  uint32_t jitter_buffer_ms;
  uint64_t samples;
  uint64_t concealed_samples;
  uint32_t level;
  uint32_t reserved;
} nertc_callkit_stream_stats;
nertc_callkit_status nertc_callkit_get_stream_stats(nertc_callkit *kit, uint32_t media, int32_t sending, nertc_callkit_stream_stats *out);
nertc_callkit_status nertc_callkit_confirm_security_code(nertc_callkit *kit, const nertc_callkit_call_ref *call, const char *code, int32_t agree);
typedef int32_t nertc_callkit_device_kind;
enum {
  NERTC_CALLKIT_DEVICE_MICROPHONE = 1,
  NERTC_CALLKIT_DEVICE_SPEAKER = 2,
};
typedef uint32_t nertc_callkit_device_flag;
enum {
  NERTC_CALLKIT_DEVICE_DEFAULT = 1,
  NERTC_CALLKIT_DEVICE_IN_USE = 2,
};
typedef struct nertc_callkit_device {
  uint32_t struct_size;
  nertc_callkit_device_flag flags;
  nertc_callkit_device_kind kind;
  uint32_t reserved;
  const char *id;
  const char *name;
} nertc_callkit_device;
typedef void (*nertc_callkit_device_cb)(const nertc_callkit_device *device,
    void *user_data);
nertc_callkit_status nertc_callkit_webrtc_list_devices(nertc_callkit *kit, nertc_callkit_device_kind kind, nertc_callkit_device_cb each, void *user_data);
nertc_callkit_status nertc_callkit_webrtc_set_device(nertc_callkit *kit, nertc_callkit_device_kind kind, const char *id);
nertc_callkit_status nertc_callkit_webrtc_set_audio_active(nertc_callkit *kit, int32_t active);
