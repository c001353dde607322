/* The least that an installed library must do: be the one of the header, create and destroy. */
#include <nertc_callkit.h>

#include <stdio.h>

int main(void) {
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  nertc_callkit_status status;

  if (nertc_callkit_version() != NERTC_CALLKIT_VERSION_NUMBER) {
    fprintf(stderr, "library %s is not the header's version\n", nertc_callkit_version_text());
    return 1;
  }
  status = nertc_callkit_create(&config, &kit);
  if (status == NERTC_CALLKIT_STATUS_OK) status = nertc_callkit_destroy(kit);
  if (status != NERTC_CALLKIT_STATUS_OK) {
    fprintf(stderr, "%s\n", nertc_callkit_status_text(status));
    return 1;
  }
  printf("libnertc_callkit %s\n", nertc_callkit_version_text());
  return 0;
}
