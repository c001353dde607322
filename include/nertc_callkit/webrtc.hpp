// webrtc.h for C++: sound between machines. Functions of a client take its Handle first.
#ifndef NERTC_CALLKIT_WEBRTC_HPP
#define NERTC_CALLKIT_WEBRTC_HPP

#include <cstring>

#include "nertc_callkit.hpp"

namespace callkit {

struct IceServer {
  std::string url, username{}, credential{};
};

/// Signs and verifies with the app's keys. What it throws counts as "no signature", "wrong".
class Signer {
 public:
  virtual ~Signer() = default;
  virtual std::optional<std::string> sign(std::string_view transcript) = 0;
  virtual bool verify(std::string_view account, std::string_view transcript, std::string_view signature) = 0;
};

struct WebrtcOptions {
  WebrtcFlag flags = WebrtcFlag::app_audio;
  std::vector<IceServer> ice_servers{};
  std::uint32_t audio_bitrate_bps = 0, jitter_min_ms = 0, jitter_max_ms = 0, port_min = 0, port_max = 0;
  std::string ca_pem{};
  /// NULL = none. Not owned: must stay valid until the client has ended.
  Signer *signer = nullptr;
  /// Ids of list_devices; empty = the system's default. With flags that lack app_audio.
  std::string microphone{}, speaker{};
};

struct Device {
  DeviceKind kind{};
  DeviceFlag flags{};
  std::string id, name;
};

namespace detail {

class IceServers {
 public:
  explicit IceServers(const std::vector<IceServer> &servers) {
    for (const IceServer &server : servers) {
      valid_ = valid_ && no_nul(server.url, server.username, server.credential);
      auto raw = init<nertc_callkit_ice_server>();
      raw.url = server.url.c_str();
      raw.username = optional(server.username);
      raw.credential = optional(server.credential);
      raw_.push_back(raw);
    }
    for (const nertc_callkit_ice_server &raw : raw_) pointers_.push_back(&raw);
  }
  bool valid() const { return valid_; }
  const nertc_callkit_ice_server *const *get() const { return pointers_.empty() ? nullptr : pointers_.data(); }
  std::uint32_t count() const { return std::uint32_t(pointers_.size()); }

 private:
  std::vector<nertc_callkit_ice_server> raw_;
  std::vector<const nertc_callkit_ice_server *> pointers_;
  bool valid_ = true;
};

inline std::string_view bytes(const void *data, std::uint32_t size) {
  return std::string_view(static_cast<const char *>(data), size);
}

inline std::int32_t sign(const void *transcript, std::uint32_t size, void *signature, std::uint32_t *room, void *data) {
  try {
    const auto made = static_cast<Signer *>(data)->sign(bytes(transcript, size));
    if (!made || made->size() > *room) return 1;
    std::memcpy(signature, made->data(), made->size());
    *room = std::uint32_t(made->size());
    return 0;
  } catch (...) {
    return 1;  // no signature
  }
}

inline std::int32_t verify(const char *account, const void *transcript, std::uint32_t size, const void *signature,
                           std::uint32_t signature_size, void *data) {
  try {
    auto *signer = static_cast<Signer *>(data);
    return signer->verify(account, bytes(transcript, size), bytes(signature, signature_size)) ? 0 : 1;
  } catch (...) {
    return 1;  // not verified: the call ends
  }
}

}  // namespace detail

/// Throws Error; the log has the reason.
inline void webrtc_media(Backends &backends, const WebrtcOptions &options = {}) {
  auto raw = detail::init<nertc_callkit_webrtc_options>();
  const detail::IceServers servers(options.ice_servers);
  if (!servers.valid() || !detail::no_nul(options.ca_pem, options.microphone, options.speaker)) {
    throw Error(Status::invalid_argument);
  }
  raw.flags = std::uint32_t(options.flags);
  raw.ice_servers = servers.get();
  raw.ice_server_count = servers.count();
  raw.audio_bitrate_bps = options.audio_bitrate_bps;
  raw.jitter_min_ms = options.jitter_min_ms;
  raw.jitter_max_ms = options.jitter_max_ms;
  raw.port_min = options.port_min;
  raw.port_max = options.port_max;
  raw.ca_pem = detail::optional(options.ca_pem);
  raw.sign = options.signer ? detail::sign : nullptr;
  raw.verify = options.signer ? detail::verify : nullptr;
  raw.user_data = options.signer;
  raw.microphone = detail::optional(options.microphone);
  raw.speaker = detail::optional(options.speaker);
  check(nertc_callkit_webrtc_media(&raw, backends.replace_rtc()));
}

[[nodiscard]] inline Status set_ice_servers(const Handle &kit, const std::vector<IceServer> &servers) {
  const detail::IceServers raw(servers);
  if (!raw.valid()) return Status::invalid_argument;
  return Status(nertc_callkit_webrtc_set_ice_servers(kit.c_handle(), raw.get(), raw.count()));
}

namespace detail {

inline void add_device(const nertc_callkit_device *device, void *list) noexcept {
  static_cast<std::vector<Device> *>(list)->push_back(
      {DeviceKind(device->kind), DeviceFlag(device->flags), device->id, device->name});
}

}  // namespace detail

/// Waits for the system. `kit` NULL: no device is in use.
[[nodiscard]] inline Status list_devices(const Handle *kit, DeviceKind kind, std::vector<Device> &out) {
  out.clear();
  return Status(nertc_callkit_webrtc_list_devices(kit ? kit->c_handle() : nullptr, std::int32_t(kind),
                                                  detail::add_device, &out));
}

/// From now on this device, there or not; an empty id follows the system's default.
[[nodiscard]] inline Status set_device(const Handle &kit, DeviceKind kind, const std::string &id) {
  if (!detail::no_nul(id)) return Status::invalid_argument;
  return Status(nertc_callkit_webrtc_set_device(kit.c_handle(), std::int32_t(kind), detail::optional(id)));
}

[[nodiscard]] inline Status set_audio_active(const Handle &kit, bool active) {
  return Status(nertc_callkit_webrtc_set_audio_active(kit.c_handle(), active ? 1 : 0));
}

/// How many frames of `out` are sound, or a negative Status. `out` has room for frames * channels.
inline std::int32_t pull_audio(const Handle &kit, std::int16_t *out, std::uint32_t frames, std::uint32_t sample_rate,
                               std::uint32_t channels) {
  return nertc_callkit_webrtc_pull_audio(kit.c_handle(), out, frames, sample_rate, channels);
}

[[nodiscard]] inline Status get_call_stats(const Handle &kit, CallStats &out) {
  return Status(nertc_callkit_get_call_stats(kit.c_handle(), &out.raw()));
}

[[nodiscard]] inline Status get_stream_stats(const Handle &kit, Media media, bool sending, StreamStats &out) {
  return Status(nertc_callkit_get_stream_stats(kit.c_handle(), std::uint32_t(media), sending ? 1 : 0, &out.raw()));
}

[[nodiscard]] inline Status confirm_security_code(const Handle &kit, const CallRef &call,
                                                  const std::string &code, bool agree) {
  const detail::Ref ref(call);
  if (!ref.valid() || !detail::no_nul(code)) return Status::invalid_argument;
  return Status(nertc_callkit_confirm_security_code(kit.c_handle(), ref.get(), code.c_str(), agree ? 1 : 0));
}

}  // namespace callkit

#endif
