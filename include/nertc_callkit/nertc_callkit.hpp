/**
 * @file nertc_callkit/nertc_callkit.hpp
 * C++17 over nertc_callkit.h, header-only: RAII, enum classes, a listener. What a function means
 * stands in the C header; here is what C++ adds. loopback.hpp, mqtt.hpp and webrtc.hpp are beside it.
 *
 * Exceptions. The constructor of Client, and what makes backends, throw Error. Every other function
 *   returns a Status. What a callback throws never reaches the library: it is caught and given to
 *   Listener::on_exception, and what on_exception itself throws ends the process.
 * Lifetime. Client owns; Handle is a copyable reference by id, closed once its client has ended.
 *   The listener and what a completion holds live until the last callback has returned. ~Client
 *   waits for it as nertc_callkit_destroy does; inside a callback it does not wait, as release.
 *   Then, with Delivery::app, the dispatch that runs the callback ends the client before it returns.
 * Texts. UTF-8. A NUL inside is Status::invalid_argument. Text of an event is lent until the
 *   callback returns.
 */
#ifndef NERTC_CALLKIT_HPP
#define NERTC_CALLKIT_HPP

#include "generated.hpp"

namespace callkit {

/// The library refused: thrown where there is no return value.
class Error : public std::runtime_error {
 public:
  explicit Error(Status status)
      : std::runtime_error(nertc_callkit_status_text(std::int32_t(status))), status_(status) {}
  Status status() const noexcept { return status_; }

 private:
  Status status_;
};

inline void check(nertc_callkit_status status) {
  if (status != NERTC_CALLKIT_STATUS_OK) throw Error(Status(status));
}

inline std::string_view text(Status it) { return nertc_callkit_status_text(std::int32_t(it)); }
inline std::string_view text(Code it) { return nertc_callkit_code_text(std::int32_t(it)); }
inline std::string_view text(EndReason it) {
  return nertc_callkit_end_reason_text(std::int32_t(it));
}
inline std::string_view text(State it) { return nertc_callkit_state_text(std::int32_t(it)); }
inline std::string_view text(Operation it) {
  return nertc_callkit_operation_text(std::uint32_t(it));
}
/// Version of the loaded library, as number and as text.
inline std::uint32_t version() { return nertc_callkit_version(); }
inline std::string_view version_text() { return nertc_callkit_version_text(); }

using Frame = nertc_callkit_frame;
using Timers = nertc_callkit_timers;
using View = nertc_callkit_view;
using PushCall = nertc_callkit_push_call;

/// A C struct with all defaults: make<Frame>(), make<Timers>(), make<View>(), make<PushCall>().
template <class Struct>
Struct make() {
  Struct raw;
  nertc_callkit_struct_init(&raw, std::uint32_t(sizeof raw));
  return raw;
}

/// Events that have an effect by being listened to, so that one has to ask for them.
enum class Optional : std::uint32_t {
  none = 0,
  /// on_data: invites and accepts offer it.
  data = 1,
  /// on_token_needed: a login without token waits for Handle::set_token.
  token_needed = 2,
  /// on_frame.
  frames = 4,
  /// on_wakeup.
  wakeup = 8,
};
CALLKIT_FLAGS(Optional)

/// Receives the events of clients. One object may serve several.
class Listener : public Events {
 public:
  /// Which of the optional events this object handles. Asked once, by Client.
  virtual Optional handles() const { return Optional::none; }
  /// Every frame of the peer, on a thread of the media backend, beside other callbacks.
  virtual void on_frame(const Handle &kit, std::string_view user_id, const Frame &frame) {
    (void)kit, (void)user_id, (void)frame;
  }
  /// Delivery::app: the queue is not empty any more. On any thread; must not wait for dispatch.
  virtual void on_wakeup() {}
  /// A callback threw: `where` is the event, or the request whose completion it was.
  virtual void on_exception(std::exception_ptr thrown, const char *where) noexcept {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception &it) {
      std::fprintf(stderr, "nertc_callkit: %s threw: %s\n", where, it.what());
    } catch (...) {
      std::fprintf(stderr, "nertc_callkit: %s threw\n", where);
    }
  }
};

namespace detail {

/// What the callbacks of a client need; deleted after the last one.
struct Core {
  std::shared_ptr<Listener> listener;

  template <class Callback>
  void run(const char *where, Callback callback) noexcept {
    try {
      callback();
    } catch (...) {
      listener->on_exception(std::current_exception(), where);
    }
  }
};

/// The dispatch that this thread runs, and the clients that were closed inside it: nobody else will
/// dispatch their last callbacks.
struct Dispatching {
  bool active = false;
  std::vector<nertc_callkit *> closed{};
  static Dispatching &here() {
    static thread_local Dispatching it;
    return it;
  }
};

}  // namespace detail

/// Called exactly once after Status::ok.
using Done = std::function<void(const Handle &kit, const Result &result)>;

struct Push {
  std::string title, content, payload;
};

struct CallOptions {
  std::string user_id;
  CallType call_type = CallType::audio;
  std::string attachment{}, extra{};
  std::optional<Push> push{};
  CallFlag flags = CallFlag::none;
};

struct EndOptions {
  std::string text{};
  EndReason reason = EndReason::normal;
  CallFlag flags = CallFlag::none;
};

struct CallPolicy {
  PolicyRule rule = PolicyRule::everybody;
  std::vector<std::string> accounts{};
  PolicyAnswer answer = PolicyAnswer::silent;
  PolicyFlag flags = PolicyFlag::none;
};

namespace detail {

class Ref {
 public:
  explicit Ref(const CallRef &ref) : raw_(init<nertc_callkit_call_ref>()) {
    raw_.flags = std::uint32_t(ref.flags);
    raw_.call_no = ref.call_no;
    raw_.channel_id = optional(ref.channel_id);
    raw_.account = optional(ref.account);
    raw_.request_id = optional(ref.request_id);
    valid_ = no_nul(ref.channel_id, ref.account, ref.request_id);
    empty_ = raw_.flags == 0 && raw_.call_no == 0 && !raw_.channel_id && !raw_.account && !raw_.request_id;
  }
  bool valid() const { return valid_; }
  /// NULL means the most recent call.
  const nertc_callkit_call_ref *get() const { return empty_ ? nullptr : &raw_; }

 private:
  nertc_callkit_call_ref raw_;
  bool valid_, empty_;
};

}  // namespace detail

/// A client by its id: copyable, never owning. All functions are thread-safe.
class Handle {
 public:
  Handle() = default;
  Handle(nertc_callkit *kit, detail::Core *core) : kit_(kit), core_(core) {}
  nertc_callkit *c_handle() const { return kit_; }
  friend bool operator==(const Handle &a, const Handle &b) { return a.kit_ == b.kit_; }
  friend bool operator!=(const Handle &a, const Handle &b) { return a.kit_ != b.kit_; }

  [[nodiscard]] Status login(const std::string &account, const std::string &token = {}, Done done = {}) const {
    if (!detail::no_nul(account, token)) return Status::invalid_argument;
    return request("login", std::move(done), [&](auto cb, void *data) {
      return nertc_callkit_login(kit_, account.c_str(), detail::optional(token), cb, data);
    });
  }
  [[nodiscard]] Status set_token(const std::string &token) const {
    if (!detail::no_nul(token)) return Status::invalid_argument;
    return Status(nertc_callkit_set_token(kit_, detail::optional(token)));
  }
  [[nodiscard]] Status logout(Done done = {}) const {
    return request("logout", std::move(done),
                   [&](auto cb, void *data) { return nertc_callkit_logout(kit_, cb, data); });
  }
  [[nodiscard]] Status call(const CallOptions &options, Done done = {}) const;
  [[nodiscard]] Status accept(const CallRef &call = {}, Done done = {}) const {
    detail::Ref ref(call);
    if (!ref.valid()) return Status::invalid_argument;
    return request("accept", std::move(done),
                   [&](auto cb, void *data) { return nertc_callkit_accept(kit_, ref.get(), cb, data); });
  }
  [[nodiscard]] Status cancel(const CallRef &call = {}, const EndOptions &options = {}, Done done = {}) const {
    return end("cancel", nertc_callkit_cancel, call, options, std::move(done));
  }
  [[nodiscard]] Status reject(const CallRef &call = {}, const EndOptions &options = {}, Done done = {}) const {
    return end("reject", nertc_callkit_reject, call, options, std::move(done));
  }
  [[nodiscard]] Status hangup(const CallRef &call = {}, const EndOptions &options = {}, Done done = {}) const {
    return end("hangup", nertc_callkit_hangup, call, options, std::move(done));
  }
  [[nodiscard]] Status leave(const CallRef &call = {}, const EndOptions &options = {}, Done done = {}) const {
    return end("leave", nertc_callkit_leave, call, options, std::move(done));
  }
  [[nodiscard]] Status send_data(const CallRef &call, const std::string &json, Done done = {}) const {
    detail::Ref ref(call);
    if (!ref.valid() || !detail::no_nul(json)) return Status::invalid_argument;
    return request("send_data", std::move(done), [&](auto cb, void *data) {
      return nertc_callkit_send_data(kit_, ref.get(), json.c_str(), cb, data);
    });
  }
  [[nodiscard]] Status switch_call_type(CallType type, CallTypeAction action, Done done = {}) const {
    return request("switch_call_type", std::move(done), [&](auto cb, void *data) {
      return nertc_callkit_switch_call_type(kit_, std::int32_t(type), std::int32_t(action), cb, data);
    });
  }
  [[nodiscard]] Status enable_local(Media media, bool on, Done done = {}) const {
    return media_request("enable_local", nertc_callkit_enable_local, media, on, std::move(done));
  }
  [[nodiscard]] Status mute_local(Media media, bool muted, Done done = {}) const {
    return media_request("mute_local", nertc_callkit_mute_local, media, muted, std::move(done));
  }
  [[nodiscard]] Status mute_remote(Media media, bool muted, Done done = {}) const {
    return media_request("mute_remote", nertc_callkit_mute_remote, media, muted, std::move(done));
  }
  /// NULL: nowhere.
  [[nodiscard]] Status set_local_view(const View *view, Done done = {}) const {
    return request("set_local_view", std::move(done),
                   [&](auto cb, void *data) { return nertc_callkit_set_local_view(kit_, view, cb, data); });
  }
  [[nodiscard]] Status set_remote_view(const View *view, Done done = {}) const {
    return request("set_remote_view", std::move(done),
                   [&](auto cb, void *data) { return nertc_callkit_set_remote_view(kit_, view, cb, data); });
  }
  [[nodiscard]] Status push_frame(const Frame &frame) const {
    return Status(nertc_callkit_push_frame(kit_, &frame));
  }
  [[nodiscard]] Status network_changed() const { return Status(nertc_callkit_network_changed(kit_)); }
  [[nodiscard]] Status set_call_timeout(std::uint32_t timeout_ms) const {
    return Status(nertc_callkit_set_call_timeout(kit_, timeout_ms));
  }
  [[nodiscard]] Status set_call_policy(const CallPolicy &policy) const;
  /// Nothing if the client has ended.
  std::optional<State> state() const {
    const std::int32_t state = nertc_callkit_get_state(kit_);
    return state < 0 ? std::nullopt : std::optional<State>(State(state));
  }
  [[nodiscard]] Status get_call_info(CallInfo &out) const {
    return Status(nertc_callkit_get_call_info(kit_, &out.raw()));
  }
  [[nodiscard]] Status trace_start(const std::string &path, TraceFlag flags = TraceFlag::none) const {
    if (!detail::no_nul(path)) return Status::invalid_argument;
    return Status(nertc_callkit_trace_start(kit_, path.c_str(), std::uint32_t(flags)));
  }
  [[nodiscard]] Status trace_stop() const { return Status(nertc_callkit_trace_stop(kit_)); }
  /// Delivery::app: how many callbacks ran, or a negative Status.
  std::int32_t dispatch(std::int32_t timeout_ms) const {
    auto &here = detail::Dispatching::here();
    if (here.active) return nertc_callkit_dispatch(kit_, timeout_ms);  // refused: inside a callback
    here.active = true;
    std::int32_t ran = nertc_callkit_dispatch(kit_, timeout_ms);
    // From here on this object may be gone. A client of Delivery::worker refuses at once.
    while (!here.closed.empty()) {
      nertc_callkit *closed = here.closed.back();
      here.closed.pop_back();
      for (std::int32_t more = 0; (more = nertc_callkit_dispatch(closed, -1)) >= 0;) ran += more;
    }
    here.active = false;
    return ran;
  }
  /// Delivery::app: what to poll.
  [[nodiscard]] Status get_event_handle(std::intptr_t &out) const {
    return Status(nertc_callkit_get_event_handle(kit_, &out));
  }

 private:
  friend class Client;
  using CEnd = nertc_callkit_status (*)(nertc_callkit *, const nertc_callkit_call_ref *,
                                        const nertc_callkit_end_options *, nertc_callkit_completion_cb, void *);
  using CMedia = nertc_callkit_status (*)(nertc_callkit *, nertc_callkit_media, std::int32_t,
                                          nertc_callkit_completion_cb, void *);

  /// A completion on its way. The library runs it before the core ends.
  struct Pending {
    Done done;
    detail::Core *core;
    const char *where;
    static void run(nertc_callkit *kit, const nertc_callkit_result *result, void *data) {
      std::unique_ptr<Pending> self(static_cast<Pending *>(data));
      self->core->run(self->where, [&] { self->done(Handle(kit, self->core), Result(*result)); });
    }
  };

  template <class Request>
  Status request(const char *where, Done done, Request c_request) const {
    if (!done) return Status(c_request(nullptr, nullptr));
    std::unique_ptr<Pending> pending(new Pending{std::move(done), core_, where});
    const Status status = Status(c_request(Pending::run, pending.get()));
    // From OK on it belongs to the completion, which may have run already.
    if (status == Status::ok) (void)pending.release();
    return status;
  }
  Status end(const char *where, CEnd c_end, const CallRef &call, const EndOptions &options, Done done) const {
    detail::Ref ref(call);
    if (!ref.valid() || !detail::no_nul(options.text)) return Status::invalid_argument;
    auto raw = detail::init<nertc_callkit_end_options>();
    raw.flags = std::uint32_t(options.flags);
    raw.reason = std::int32_t(options.reason);
    raw.text = detail::optional(options.text);
    return request(where, std::move(done),
                   [&](auto cb, void *data) { return c_end(kit_, ref.get(), &raw, cb, data); });
  }
  Status media_request(const char *where, CMedia c_request, Media media, bool on, Done done) const {
    return request(where, std::move(done), [&](auto cb, void *data) {
      return c_request(kit_, std::uint32_t(media), on ? 1 : 0, cb, data);
    });
  }

  nertc_callkit *kit_ = nullptr;
  detail::Core *core_ = nullptr;  // used in callbacks alone, which it outlives
};

inline Status Handle::call(const CallOptions &options, Done done) const {
  auto raw = detail::init<nertc_callkit_call_options>();
  auto push = detail::init<nertc_callkit_push>();
  if (!detail::no_nul(options.user_id, options.attachment, options.extra)) return Status::invalid_argument;
  if (options.push) {
    const Push &texts = *options.push;
    if (!detail::no_nul(texts.title, texts.content, texts.payload)) return Status::invalid_argument;
    push.title = detail::optional(texts.title);
    push.content = detail::optional(texts.content);
    push.payload = detail::optional(texts.payload);
    raw.push = &push;
  }
  raw.flags = std::uint32_t(options.flags);
  raw.call_type = std::int32_t(options.call_type);
  raw.user_id = options.user_id.c_str();
  raw.attachment = detail::optional(options.attachment);
  raw.extra = detail::optional(options.extra);
  return request("call", std::move(done),
                 [&](auto cb, void *data) { return nertc_callkit_call(kit_, &raw, cb, data); });
}

inline Status Handle::set_call_policy(const CallPolicy &policy) const {
  auto raw = detail::init<nertc_callkit_call_policy>();
  std::vector<const char *> accounts;
  for (const std::string &account : policy.accounts) {
    if (!detail::no_nul(account)) return Status::invalid_argument;
    accounts.push_back(account.c_str());
  }
  raw.flags = std::uint32_t(policy.flags);
  raw.rule = std::int32_t(policy.rule);
  raw.answer = std::int32_t(policy.answer);
  raw.accounts = accounts.empty() ? nullptr : accounts.data();
  raw.account_count = std::uint32_t(accounts.size());
  return Status(nertc_callkit_set_call_policy(kit_, &raw));
}

/// A signaling backend and a media backend, for Config. Releases what no client took.
class Backends {
 public:
  Backends() : raw_(detail::init<nertc_callkit_backends>()) {}
  Backends(Backends &&other) noexcept : raw_(other.take()) {}
  Backends &operator=(Backends &&other) noexcept {
    if (this != &other) {
      release();
      raw_ = other.take();
    }
    return *this;
  }
  ~Backends() { release(); }
  /// For functions that fill one half: the half that is there is released first.
  nertc_callkit_backends *replace_signaling() {
    if (raw_.signaling && raw_.signaling->release) raw_.signaling->release(raw_.signaling_ctx);
    raw_.signaling = nullptr;
    return &raw_;
  }
  nertc_callkit_backends *replace_rtc() {
    if (raw_.rtc && raw_.rtc->release) raw_.rtc->release(raw_.rtc_ctx);
    raw_.rtc = nullptr;
    return &raw_;
  }
  const nertc_callkit_backends *get() const { return &raw_; }

 private:
  friend class Client;
  nertc_callkit_backends take() noexcept { return std::exchange(raw_, detail::init<nertc_callkit_backends>()); }
  void release() noexcept {
    replace_signaling();
    replace_rtc();
  }
  nertc_callkit_backends raw_;
};

struct Config {
  Delivery delivery = Delivery::worker;
  Worker worker = Worker::shared;
  /// Taken by the client.
  Backends backends{};
  std::string app_key{}, device_id{}, data_dir{};
  std::optional<Timers> timers{};
  bool confirm_audio_to_video = false, confirm_video_to_audio = false;
};

/// One std::function per event, each optional. For small apps and tests.
class Functions : public Listener {
 public:
#define CALLKIT_ROW(name, Type)                                       \
  std::function<void(const Handle &, const Type &)> name##_function{}; \
  void name(const Handle &kit, const Type &event) override {          \
    if (name##_function) name##_function(kit, event);                 \
  }                                                                   \
  Functions &name(std::function<void(const Handle &, const Type &)> function) { \
    name##_function = std::move(function);                            \
    return *this;                                                     \
  }
  CALLKIT_EVENTS(CALLKIT_ROW)
#undef CALLKIT_ROW
  std::function<void(const Handle &, std::string_view, const Frame &)> on_frame_function{};
  std::function<void()> on_wakeup_function{};
  std::function<void(std::exception_ptr, const char *)> on_exception_function{};
  Optional handles() const override {
    return (on_data_function ? Optional::data : Optional::none) |
           (on_token_needed_function ? Optional::token_needed : Optional::none) |
           (on_frame_function ? Optional::frames : Optional::none) |
           (on_wakeup_function ? Optional::wakeup : Optional::none);
  }
  void on_frame(const Handle &kit, std::string_view user_id, const Frame &frame) override {
    if (on_frame_function) on_frame_function(kit, user_id, frame);
  }
  void on_wakeup() override {
    if (on_wakeup_function) on_wakeup_function();
  }
  void on_exception(std::exception_ptr thrown, const char *where) noexcept override {
    if (on_exception_function) return on_exception_function(std::move(thrown), where);
    Listener::on_exception(std::move(thrown), where);
  }
};

/// Owns a client. Movable; empty once moved from or closed.
class Client : public Handle {
 public:
  /// Throws Error. The listener is shared with the client until its last callback; NULL = no events.
  explicit Client(Config config, std::shared_ptr<Listener> listener = nullptr) {
    if (!listener) listener = std::make_shared<Listener>();
    std::unique_ptr<detail::Core> core(new detail::Core{std::move(listener)});
    const Optional handles = core->listener->handles();
    const nertc_callkit_listener table = listener_table(handles);
    if (!detail::no_nul(config.app_key, config.device_id, config.data_dir)) throw Error(Status::invalid_argument);
    auto raw = detail::init<nertc_callkit_config>();
    raw.delivery = std::int32_t(config.delivery);
    raw.worker = std::int32_t(config.worker);
    raw.listener = &table;
    raw.on_frame = handles & Optional::frames ? run_frame : nullptr;
    raw.on_wakeup = handles & Optional::wakeup ? run_wakeup : nullptr;
    raw.user_data = core.get();
    raw.backends = config.backends.get();
    raw.app_key = detail::optional(config.app_key);
    raw.device_id = detail::optional(config.device_id);
    raw.data_dir = detail::optional(config.data_dir);
    raw.timers = config.timers ? &*config.timers : nullptr;
    raw.confirm_audio_to_video = config.confirm_audio_to_video;
    raw.confirm_video_to_audio = config.confirm_video_to_audio;
    check(nertc_callkit_create(&raw, &kit_));
    (void)config.backends.take();
    core_ = core.release();
  }
  Client(Client &&other) noexcept : Handle(std::exchange(static_cast<Handle &>(other), Handle())) {}
  Client &operator=(Client &&other) noexcept {
    if (this != &other) {
      close();
      static_cast<Handle &>(*this) = std::exchange(static_cast<Handle &>(other), Handle());
    }
    return *this;
  }
  ~Client() { close(); }

  /// Ends the client; again: nothing happens. Waits, but not inside a callback.
  void close() noexcept {
    const Handle ending = std::exchange(static_cast<Handle &>(*this), Handle());
    if (!ending.kit_) return;
    const nertc_callkit_status status = nertc_callkit_destroy(ending.kit_);
    if (status == NERTC_CALLKIT_STATUS_OK) {
      delete ending.core_;
    } else if (status == NERTC_CALLKIT_STATUS_REENTRANT) {
      auto &here = detail::Dispatching::here();
      if (here.active) here.closed.push_back(ending.kit_);
      (void)nertc_callkit_release(ending.kit_, delete_core, ending.core_);
    }
    // CLOSED: the process before a fork had it; its core stays, as a callback may have been running.
  }

 private:
  static void delete_core(void *core) { delete static_cast<detail::Core *>(core); }

#define CALLKIT_ROW(event_name, Type)                                                                         \
  template <class CEvent>                                                                                     \
  static void run_##event_name(nertc_callkit *kit, const CEvent *event, void *data) {                         \
    auto *core = static_cast<detail::Core *>(data);                                                           \
    core->run(#event_name, [&] {                                                                              \
      static_cast<Events &>(*core->listener).event_name(Handle(kit, core), Type(*event));                     \
    });                                                                                                       \
  }
  CALLKIT_EVENTS(CALLKIT_ROW)
#undef CALLKIT_ROW
  static void run_frame(nertc_callkit *kit, const char *user_id, const nertc_callkit_frame *frame, void *data) {
    auto *core = static_cast<detail::Core *>(data);
    core->run("on_frame", [&] { core->listener->on_frame(Handle(kit, core), user_id, *frame); });
  }
  static void run_wakeup(void *data) {
    auto *core = static_cast<detail::Core *>(data);
    core->run("on_wakeup", [&] { core->listener->on_wakeup(); });
  }
  static nertc_callkit_listener listener_table(Optional handles) {
    auto table = detail::init<nertc_callkit_listener>();
#define CALLKIT_ROW(event_name, Type) table.event_name = run_##event_name;
    CALLKIT_EVENTS(CALLKIT_ROW)
#undef CALLKIT_ROW
    if (!(handles & Optional::data)) table.on_data = nullptr;
    if (!(handles & Optional::token_needed)) table.on_token_needed = nullptr;
    return table;
  }
};

/// The payload of a push notification about a call. Nothing: `call` is not valid.
inline std::optional<std::string> push_encode(const PushCall &call) {
  char buffer[NERTC_CALLKIT_PUSH_SIZE];
  std::uint32_t size = sizeof buffer;
  if (nertc_callkit_push_encode(&call, buffer, &size) != NERTC_CALLKIT_STATUS_OK) return std::nullopt;
  return std::string(buffer);
}

/// Nothing: not a payload of push_encode.
inline std::optional<PushCall> push_decode(const std::string &payload) {
  auto call = make<PushCall>();
  if (!detail::no_nul(payload)) return std::nullopt;
  if (nertc_callkit_push_decode(payload.c_str(), &call) != NERTC_CALLKIT_STATUS_OK) return std::nullopt;
  return call;
}

/// Called on any thread, possibly on several at once. What it throws is dropped.
using Log = std::function<void(LogLevel level, std::string_view line)>;

/// Sets the log of the process; an empty one ends it. Each one is kept for good: the previous one
/// may still be running.
[[nodiscard]] inline Status set_log(LogLevel level, Log log, LogFlag flags = LogFlag::none) {
  if (!log) return Status(nertc_callkit_set_log_callback(std::int32_t(level), 0, nullptr, nullptr));
  auto run = [](nertc_callkit_log_level severity, const char *line, void *data) {
    try {
      (*static_cast<Log *>(data))(LogLevel(severity), line);
    } catch (...) {
      // Where else could a log report it.
    }
  };
  static std::vector<std::unique_ptr<Log>> &kept = *new std::vector<std::unique_ptr<Log>>;
  auto function = std::make_unique<Log>(std::move(log));
  const Status status =
      Status(nertc_callkit_set_log_callback(std::int32_t(level), std::uint32_t(flags), run, function.get()));
  if (status == Status::ok) kept.push_back(std::move(function));
  return status;
}

}  // namespace callkit

#endif
