# Ports C source from the header before the split to the one after it (CHANGELOG has the table):
#
#     sed -i -f scripts/renames.sed *.c *.h      (GNU sed)
#
# Types, constants and functions are renamed wherever they stand. Fields with a common name are renamed for
# variables of the usual names only; the compiler names the rest.

# ---- headers ----
s|^#include [<"]nertc_callkit.h[>"].*|&\
#include <nertc_callkit/backend.h>\
#include <nertc_callkit/loopback.h>\
#include <nertc_callkit/mqtt.h>\
#ifndef NERTC_CALLKIT_EVENT_FD\
#define NERTC_CALLKIT_EVENT_FD\
static inline nertc_callkit_status nertc_callkit_event_fd(nertc_callkit *kit, int *out)\
{\
  intptr_t handle = -1;\
  const nertc_callkit_status status = nertc_callkit_get_event_handle(kit, \&handle);\
  if (status == NERTC_CALLKIT_STATUS_OK) *out = (int)handle;\
  return status;\
}\
#endif|

# ---- types and constants ----
s/\bnertc_callkit_plugs_init\b/nertc_callkit_backends_init/g
s/\bnertc_callkit_plugs\b/nertc_callkit_backends/g
s/\bNERTC_CALLKIT_PLUGS_INIT\b/NERTC_CALLKIT_BACKENDS_INIT/g
s/\bNERTC_CALLKIT_CODE_PLUG_FAILED\b/NERTC_CALLKIT_CODE_BACKEND_FAILED/g
s/\bNERTC_CALLKIT_OPERATION_PLUG\b/NERTC_CALLKIT_OPERATION_BACKEND/g
s/\bnertc_callkit_room\b/nertc_callkit_channel_state/g
s/\bNERTC_CALLKIT_ROOM_INIT\b/NERTC_CALLKIT_CHANNEL_STATE_INIT/g
s/\bnertc_callkit_none_rtc\b/nertc_callkit_null_rtc/g
s/\bnertc_callkit_rtc_what\b/nertc_callkit_rtc_event_type/g
s/\bNERTC_CALLKIT_RTC_PEER_HEARD\b/NERTC_CALLKIT_RTC_PEER_ACTIVE/g
s/\bnertc_callkit_missed\b/nertc_callkit_missed_reason/g
s/\bnertc_callkit_done\b/nertc_callkit_completion_cb/g
s/\bnertc_callkit_on_user\b/nertc_callkit_user_cb/g
s/\bnertc_callkit_on_media\b/nertc_callkit_media_cb/g
s/\bnertc_callkit_on_call\b/nertc_callkit_call_cb/g
s/\bnertc_callkit_on_connection\b/nertc_callkit_connection_cb/g
s/\bnertc_callkit_signaling_op\b/nertc_callkit_signaling_operation_cb/g
s/\bnertc_callkit_flag\b/nertc_callkit_call_flag/g
s/\bNERTC_CALLKIT_FLAG_/NERTC_CALLKIT_CALL_FLAG_/g
s/\bnertc_callkit_source\b/nertc_callkit_message_origin/g
s/\bNERTC_CALLKIT_SOURCE_/NERTC_CALLKIT_MESSAGE_ORIGIN_/g
s/\bnertc_callkit_switch\b/nertc_callkit_call_type_action/g
s/\bNERTC_CALLKIT_SWITCH_INVITE\b/NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST/g
s/\bNERTC_CALLKIT_SWITCH_AGREE\b/NERTC_CALLKIT_CALL_TYPE_ACTION_ACCEPT/g
s/\bNERTC_CALLKIT_SWITCH_REJECT\b/NERTC_CALLKIT_CALL_TYPE_ACTION_REJECT/g
s/\bnertc_callkit_layer\b/nertc_callkit_transport/g
s/\bNERTC_CALLKIT_LAYER_/NERTC_CALLKIT_TRANSPORT_/g
s/\bNERTC_CALLKIT_DELIVERY_HOST\b/NERTC_CALLKIT_DELIVERY_APP/g
s/\bNERTC_CALLKIT_FAULT_DIE\b/NERTC_CALLKIT_FAULT_CRASH/g
s/\bNERTC_CALLKIT_VERSION_TEXT\b/nertc_callkit_version_text()/g

# ---- fields ----
s/\bplugs\b/backends/g
s/\bplugs_init\b/backends_init/g
s/\bnone_rtc\b/null_rtc/g
s/\bcustom\b/custom_info/g
s/\bcloser_ms\b/teardown_ms/g
s/\bwithin_ms\b/timeout_ms/g
s/\(\.\|->\)why\b/\1reason/g
s/\(\.\|->\)layer\b/\1transport/g
s/\(\.\|->\)rooms\b/\1channel_states/g
s/\b\(result\(\.\|->\)\)room\b/\1channel_state/g
s/\b\(\(event\|connection\|rtc\|lost\)\(\.\|->\)\)what\b/\1type/g
s/\b\(\(event\|events\[i\]\)\(\.\|->\)\)from\b/\1from_account/g
s/\b\(\(event\|events\[i\]\|record\)\(\.\|->\)\)to\b/\1to_account/g
s/\b\(\(frame\|good\|newest\)\(\.\|->\)\)rate\b/\1sample_rate/g
s/\b\(fault\(\.\|->\)\)after\b/\1skip_count/g
s/\b\(fault\(\.\|->\)\)count\b/\1hit_count/g
s/\([ ({,]\)\.after = /\1.skip_count = /g
s/\([ ({,]\)\.count = /\1.hit_count = /g
s/\(fault([^;]*, \)DIE\b/\1CRASH/g

# ---- functions ----
s/\bnertc_callkit_\(config\|timers\|listener\|backends\|push\|call_options\|call_ref\|cancel_options\|view\|fault\|mqtt_options\)_init(/nertc_callkit_struct_init(/g
# The call that is meant is an argument of its own, as for accept; flags are in the options.
s/\bnertc_callkit_\(cancel\|end\)_options \([a-z_]*\) = NERTC_CALLKIT_\(CANCEL\|END\)_OPTIONS_INIT;/nertc_callkit_end_options \2 = NERTC_CALLKIT_END_OPTIONS_INIT;\
  const nertc_callkit_call_ref *\2_call = NULL;/
s/\b\([a-z_]*options\|cancel\|reject\)\.call = /\1_call = /
s/\([.>]\)attach_ext\b/\1text/g
s/\bnertc_callkit_\(reject_with\|cancel\)(\([^,()]*\), &\([a-z_]*\), /nertc_callkit_\1(\2, \3_call, \&\3, /g
s/\bnertc_callkit_cancel(\([^,()]*\), NULL, \([^,()]*\), \([^,()]*\))/nertc_callkit_cancel(\1, NULL, NULL, \2, \3)/g
s/\bnertc_callkit_reject(\([^,()]*\), \([^,()]*\), \([^,()]*\), \([^,()]*\))/nertc_callkit_reject(\1, \2, NULL, \3, \4)/g
s/\bnertc_callkit_reject_with(\([^,()]*\), NULL, \([^,()]*\), \([^,()]*\))/nertc_callkit_reject(\1, NULL, NULL, \2, \3)/g
s/\bnertc_callkit_reject_with\b/nertc_callkit_reject/g
s/\bnertc_callkit_\(hangup\|leave\)(\([^,()]*\), \([^,()]*\), 0, /nertc_callkit_\1(\2, \3, NULL, /g
s/\bnertc_callkit_\(hangup\|leave\)(\([^,()]*\), \([^,()]*\), \([A-Z_0-9][A-Z_0-9]*[^L,]\|[1-9]\), /nertc_callkit_\1(\2, \3, \&(nertc_callkit_end_options){sizeof(nertc_callkit_end_options), \4, 0, 0, NULL}, /g
# Macros that paste the name, as the C tests have them.
s/\(ASK([^;]*\b\(cancel\|reject\), NULL\))/\1, NULL)/
s/\(ASK([^;]*\b\(hangup\|leave\), NULL, \)0)/\1NULL)/
