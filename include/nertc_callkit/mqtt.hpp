// mqtt.h for C++: signaling over an MQTT broker.
#ifndef NERTC_CALLKIT_MQTT_HPP
#define NERTC_CALLKIT_MQTT_HPP

#include <cstring>

#include "nertc_callkit.hpp"

namespace callkit {

/// Keeps a device's client id, which is a secret. Lives as long as the process. On the worker; must
/// not block. What it throws counts as "there is none".
class ClientIdStore {
 public:
  virtual ~ClientIdStore() = default;
  virtual std::optional<std::string> load(std::string_view account, std::string_view device_id) = 0;
  virtual void save(std::string_view account, std::string_view device_id, std::string_view client_id) = 0;
};

struct MqttOptions {
  std::vector<std::string> endpoints;
  MqttFlag flags = MqttFlag::none;
  std::uint32_t session_expiry_s = 0, keep_alive_s = 0, peer_lost_ms = 0;
  std::string ca_pem{}, topic_prefix{}, client_cert_pem{}, client_key_pem{};
  /// NULL = a file in Config::data_dir. Not owned: must stay valid until the client has ended.
  ClientIdStore *store = nullptr;
};

namespace detail {

inline std::int32_t load_client_id(const char *account, const char *device, char *buffer,
                                   std::uint32_t size, void *data) {
  try {
    const auto id = static_cast<ClientIdStore *>(data)->load(account, device);
    if (!id || id->size() >= size) return 1;
    std::memcpy(buffer, id->c_str(), id->size() + 1);
    return 0;
  } catch (...) {
    return 1;  // there is none: a new one is made
  }
}

inline void save_client_id(const char *account, const char *device, const char *client_id, void *data) {
  try {
    static_cast<ClientIdStore *>(data)->save(account, device, client_id);
  } catch (...) {
    // Not kept: the next process gets a new one.
  }
}

}  // namespace detail

/// Throws Error; the log has the reason.
inline void mqtt_signaling(Backends &backends, const MqttOptions &options) {
  auto raw = detail::init<nertc_callkit_mqtt_options>();
  if (!detail::no_nul(options.ca_pem, options.topic_prefix, options.client_cert_pem, options.client_key_pem))
    throw Error(Status::invalid_argument);
  std::vector<const char *> endpoints;
  for (const std::string &endpoint : options.endpoints) {
    if (!detail::no_nul(endpoint)) throw Error(Status::invalid_argument);
    endpoints.push_back(endpoint.c_str());
  }
  raw.flags = std::uint32_t(options.flags);
  raw.endpoints = endpoints.empty() ? nullptr : endpoints.data();
  raw.endpoint_count = std::uint32_t(endpoints.size());
  raw.session_expiry_s = options.session_expiry_s;
  raw.keep_alive_s = options.keep_alive_s;
  raw.peer_lost_ms = options.peer_lost_ms;
  raw.ca_pem = detail::optional(options.ca_pem);
  raw.topic_prefix = detail::optional(options.topic_prefix);
  raw.client_cert_pem = detail::optional(options.client_cert_pem);
  raw.client_key_pem = detail::optional(options.client_key_pem);
  raw.load_client_id = options.store ? detail::load_client_id : nullptr;
  raw.save_client_id = options.store ? detail::save_client_id : nullptr;
  raw.user_data = options.store;
  check(nertc_callkit_mqtt_signaling(&raw, backends.replace_signaling()));
}

}  // namespace callkit

#endif
