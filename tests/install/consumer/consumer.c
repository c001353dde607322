/* The least that an installed library must do: be the one of the header, create and destroy. Also with WebRTC, which
 * brings a library of C into the static one; a build without it says so. */
#include <nertc_callkit.h>
#include <nertc_callkit/backend.h>
#include <nertc_callkit/webrtc.h>

#include <stdio.h>

int main(void) {
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_webrtc_options options = NERTC_CALLKIT_WEBRTC_OPTIONS_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit *kit = NULL;
  nertc_callkit_status status;

  if (nertc_callkit_version() != NERTC_CALLKIT_VERSION_NUMBER) {
    fprintf(stderr, "library %s is not the header's version\n", nertc_callkit_version_text());
    return 1;
  }
  options.flags = NERTC_CALLKIT_WEBRTC_APP_AUDIO;
  status = nertc_callkit_webrtc_media(&options, &backends);
  if (status == NERTC_CALLKIT_STATUS_OK) backends.rtc->release(backends.rtc_ctx);
  else if (status != NERTC_CALLKIT_STATUS_UNSUPPORTED) return 1;
  status = nertc_callkit_create(&config, &kit);
  if (status == NERTC_CALLKIT_STATUS_OK) status = nertc_callkit_destroy(kit);
  if (status != NERTC_CALLKIT_STATUS_OK) {
    fprintf(stderr, "%s\n", nertc_callkit_status_text(status));
    return 1;
  }
  printf("libnertc_callkit %s\n", nertc_callkit_version_text());
  return 0;
}
