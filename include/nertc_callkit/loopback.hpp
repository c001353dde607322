// loopback.h for C++: a hub in this process, with a fault script.
#ifndef NERTC_CALLKIT_LOOPBACK_HPP
#define NERTC_CALLKIT_LOOPBACK_HPP

#include "nertc_callkit.hpp"

namespace callkit {

/// One line of a hub's fault script.
struct Fault {
  FaultAction action;
  FaultOn on;
  std::string account{}, device_id{};
  std::uint32_t skip_count = 0, hit_count = 0, delay_ms = 0;
  Code code = Code::ok;
};

/// An in-process exchange. Its backends keep it alive.
class Hub {
 public:
  /// Throws Error.
  explicit Hub(HubFlag flags = HubFlag::none) { check(nertc_callkit_hub_create(std::uint32_t(flags), &hub_)); }
  Hub(Hub &&other) noexcept : hub_(std::exchange(other.hub_, nullptr)) {}
  Hub &operator=(Hub &&other) noexcept {
    std::swap(hub_, other.hub_);
    return *this;
  }
  ~Hub() { nertc_callkit_hub_release(hub_); }
  nertc_callkit_hub *c_handle() const { return hub_; }
  [[nodiscard]] Status add_fault(const Fault &fault) const {
    if (!detail::no_nul(fault.account, fault.device_id)) return Status::invalid_argument;
    auto raw = detail::init<nertc_callkit_fault>();
    raw.action = std::int32_t(fault.action);
    raw.on = std::int32_t(fault.on);
    raw.skip_count = fault.skip_count;
    raw.hit_count = fault.hit_count;
    raw.delay_ms = fault.delay_ms;
    raw.code = std::int32_t(fault.code);
    raw.account = detail::optional(fault.account);
    raw.device_id = detail::optional(fault.device_id);
    return Status(nertc_callkit_hub_add_fault(hub_, &raw));
  }

 private:
  nertc_callkit_hub *hub_ = nullptr;
};

/// NULL: the hub of the process. These throw Error.
inline void loopback_signaling(Backends &backends, const Hub *hub = nullptr) {
  check(nertc_callkit_loopback_signaling(hub ? hub->c_handle() : nullptr, backends.replace_signaling()));
}
inline void loopback_media(Backends &backends, const Hub *hub = nullptr) {
  check(nertc_callkit_loopback_rtc(hub ? hub->c_handle() : nullptr, backends.replace_rtc()));
}
/// For apps that bring their own media.
inline void no_media(Backends &backends) { check(nertc_callkit_null_rtc(backends.replace_rtc())); }

}  // namespace callkit

#endif
