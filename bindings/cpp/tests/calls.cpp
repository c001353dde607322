/* Whole calls with nertc_callkit.hpp, and what an app may do wrong: calls mqtt://localhost:PORT, a broker with
   the accounts check-a and check-b. */
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <nertc_callkit/loopback.hpp>
#include <nertc_callkit/mqtt.hpp>
#include <nertc_callkit/webrtc.hpp>

using namespace callkit;

static const char *test_name = "";

static void check_at(bool good, const char *what, int line)
{
  if (good) return;
  std::fprintf(stderr, "calls.cpp:%d: %s: not true: %s\n", line, test_name, what);
  std::exit(1);
}
#define CHECK(condition) check_at(condition, #condition, __LINE__)
#define OK(status) check_at((status) == Status::ok, #status, __LINE__)

/* What happened, on any thread; a wait for it ends with an error after half a minute. */
class Journal {
 public:
  void add(const std::string &entry)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    entries_.push_back(entry);
    changed_.notify_all();
  }
  int count(const std::string &entry)
  {
    std::lock_guard<std::mutex> lock(mutex_);
    return count_locked(entry);
  }
  void wait(const std::string &entry, int times = 1)
  {
    std::unique_lock<std::mutex> lock(mutex_);
    auto enough = [&] { return count_locked(entry) >= times; };
    if (changed_.wait_for(lock, std::chrono::seconds(30), enough)) return;
    for (const std::string &it : entries_) std::fprintf(stderr, "  %s\n", it.c_str());
    std::fprintf(stderr, "%s: not within 30 s: %s\n", test_name, entry.c_str());
    std::exit(1);
  }

 private:
  int count_locked(const std::string &entry)
  {
    int found = 0;
    for (const std::string &it : entries_) found += it == entry;
    return found;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> entries_;
};

/* Accepts, and writes down. */
class Recorder : public Listener {
 public:
  Recorder(Journal &journal, std::string name) : journal_(journal), name_(std::move(name)) {}
  Optional handles() const override { return Optional::frames | Optional::data; }
  void on_invited(const Handle &kit, const InvitedEvent &event) override
  {
    note("invited by " + std::string(event.invitor()) + " " + std::string(event.attachment()));
    OK(kit.accept(event.call()));
  }
  void on_call_connected(const Handle &, const CallEvent &) override { note("connected"); }
  void on_call_end(const Handle &, const EndEvent &event) override
  {
    note("end: " + std::string(text(event.reason())));
  }
  void on_data(const Handle &, const DataEvent &event) override { note("data " + std::string(event.json())); }
  void on_frame(const Handle &, std::string_view user_id, const Frame &frame) override
  {
    const auto *samples = static_cast<const std::int16_t *>(frame.planes[0]);
    bool sound = false;
    for (std::uint32_t i = 0; i < frame.samples * frame.channels; i++) sound = sound || samples[i] != 0;
    if (sound) note("sound of " + std::string(user_id));
  }
  void on_exception(std::exception_ptr thrown, const char *where) noexcept override
  {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception &it) {
      note(std::string(where) + " threw " + it.what());
    }
  }

 private:
  void note(const std::string &entry) { journal_.add(name_ + ": " + entry); }
  Journal &journal_;
  std::string name_;
};

static Done expect(Journal &journal, const std::string &entry)
{
  return [&journal, entry](const Handle &, const Result &result) {
    journal.add(entry + (result.code() == Code::ok ? " done" : " failed: " + std::string(result.message())));
  };
}

static void login(Journal &journal, const Client &client, const std::string &account, const std::string &token)
{
  OK(client.login(account, token, expect(journal, "login " + account)));
  journal.wait("login " + account + " done");
}

/* 10 ms of a square wave of 480 Hz each, until the peer got sound. */
static void push_until_received(Journal &journal, const Client &client, const std::string &entry)
{
  std::int16_t samples[480];
  for (int i = 0; i < 480; i++) samples[i] = i % 100 < 50 ? 8000 : -8000;
  auto frame = make<Frame>();
  frame.media = NERTC_CALLKIT_MEDIA_AUDIO;
  frame.planes[0] = samples;
  frame.strides[0] = sizeof samples;
  frame.sample_rate = 48000;
  frame.channels = 1;
  frame.samples = 480;
  auto next = std::chrono::steady_clock::now();
  for (int i = 0; i < 3000 && journal.count(entry) == 0; i++) {
    const Status status = client.push_frame(frame);
    CHECK(status == Status::ok || status == Status::queue_full);
    std::this_thread::sleep_until(next += std::chrono::milliseconds(10));
  }
  journal.wait(entry);
}

static void whole_call(Backends for_a, Backends for_b, bool with_sound)
{
  Journal journal;
  Config config_a, config_b;
  config_a.backends = std::move(for_a);
  config_b.backends = std::move(for_b);
  Client a(std::move(config_a), std::make_shared<Recorder>(journal, "a"));
  Client b(std::move(config_b), std::make_shared<Recorder>(journal, "b"));
  login(journal, a, "check-a", "secret");
  login(journal, b, "check-b", "secret");
  CallOptions options;
  options.user_id = "check-b";
  options.attachment = "smile \xF0\x9F\x98\x80";
  OK(a.call(options, expect(journal, "call")));
  journal.wait("b: invited by check-a smile \xF0\x9F\x98\x80");
  journal.wait("call done");
  journal.wait("a: connected");
  journal.wait("b: connected");
  CHECK(a.state() == State::in_call);
  CallInfo info;
  OK(a.get_call_info(info));
  CHECK(info.peer() == "check-b" && info.call_type() == CallType::audio && info.flags() & CallInfoFlag::connected);
  OK(a.send_data(CallRef(info.call_no()), "{\"x\":1}", expect(journal, "data")));
  journal.wait("b: data {\"x\":1}");
  if (with_sound) push_until_received(journal, a, "b: sound of check-a");
  OK(b.hangup({}, {}, expect(journal, "hangup")));
  journal.wait("hangup done");
  journal.wait("a: end: the peer hung up");
  journal.wait("b: end: we hung up");
  OK(a.logout(expect(journal, "logout")));
  journal.wait("logout done");
}

static void loopback_call(const char *)
{
  Hub hub;
  Backends backends[2];
  for (Backends &it : backends) {
    loopback_signaling(it, &hub);
    loopback_media(it, &hub);
  }
  whole_call(std::move(backends[0]), std::move(backends[1]), true);
}

static void mqtt_call(const char *broker)
{
  Backends backends[2];
  for (Backends &it : backends) {
    MqttOptions options;
    options.endpoints = {broker};
    mqtt_signaling(it, options);
    no_media(it);
  }
  whole_call(std::move(backends[0]), std::move(backends[1]), false);
}

static void webrtc_call(const char *)
{
  Hub hub;
  Backends backends[2];
  for (Backends &it : backends) {
    WebrtcOptions options;
    options.flags = WebrtcFlag::app_audio | WebrtcFlag::loopback;
    loopback_signaling(it, &hub);
    webrtc_media(it, options);
  }
  whole_call(std::move(backends[0]), std::move(backends[1]), true);
}

/* The README's way: functions, callbacks inside dispatch. */
static void functions_in_dispatch(const char *)
{
  int ended = 0, wakeups = 0;
  auto listener = std::make_shared<Functions>();
  listener->on_invited([](const Handle &kit, const InvitedEvent &event) { OK(kit.accept(event.call_no())); });
  listener->on_call_connected([](const Handle &kit, const CallEvent &) {
    if (kit.state() == State::in_call) OK(kit.hangup());
  });
  listener->on_call_end([&](const Handle &, const EndEvent &) { ended++; });
  listener->on_wakeup_function = [&] { wakeups++; };
  Config config[2];
  for (Config &it : config) it.delivery = Delivery::app;
  Client bob(std::move(config[0]), listener), alice(std::move(config[1]), listener);
  OK(bob.login("bob"));
  OK(alice.login("alice", "", [](const Handle &kit, const Result &) { OK(kit.call({"bob"})); }));
  for (int i = 0; i < 3000 && ended < 2; i++) CHECK((i % 2 ? bob : alice).dispatch(10) >= 0);
  CHECK(ended == 2 && wakeups > 0);
  std::intptr_t event = -1;
  OK(bob.get_event_handle(event));
  CHECK(event >= 0);
}

static void callbacks_that_throw(const char *)
{
  class Thrower : public Recorder {
   public:
    explicit Thrower(Journal &journal) : Recorder(journal, "t") {}
    void on_invited(const Handle &kit, const InvitedEvent &event) override
    {
      OK(kit.accept(event.call()));
      throw std::runtime_error("one");
    }
    void on_call_end(const Handle &kit, const EndEvent &event) override
    {
      Recorder::on_call_end(kit, event);
      throw std::runtime_error("two");
    }
    void on_frame(const Handle &, std::string_view, const Frame &) override { throw std::runtime_error("three"); }
  };
  Journal journal;
  Client a(Config{}, std::make_shared<Recorder>(journal, "a")), b(Config{}, std::make_shared<Thrower>(journal));
  login(journal, a, "a", "");
  OK(b.login("b", "", [](const Handle &, const Result &) { throw std::runtime_error("four"); }));
  journal.wait("t: login threw four");
  OK(a.call({"b"}));
  journal.wait("t: on_invited threw one");
  journal.wait("a: connected");
  push_until_received(journal, a, "t: on_frame threw three");
  OK(a.hangup());
  journal.wait("t: on_call_end threw two");
  journal.wait("t: end: the peer hung up");
}

/* With both deliveries: the destructor inside a callback, once more, and a handle afterwards. */
static void destroyed_inside_a_callback(const char *)
{
  for (Delivery delivery : {Delivery::worker, Delivery::app}) {
    Journal journal;
    auto listener = std::make_shared<Recorder>(journal, "a");
    std::weak_ptr<Recorder> alive = listener;
    Config config;
    config.delivery = delivery;
    auto client = std::make_unique<Client>(std::move(config), std::move(listener));
    const Handle handle = *client;
    std::atomic<bool> gone{false};
    OK(handle.login("a", "", [&](const Handle &kit, const Result &) {
      OK(kit.logout([&](const Handle &, const Result &) { journal.add("answered"); }));
      client.reset();
      CHECK(kit.logout() == Status::closed);
      gone = true;
      journal.add("gone");
    }));
    for (int i = 0; delivery == Delivery::app && !gone && i < 3000; i++) CHECK(handle.dispatch(10) >= 0);
    journal.wait("gone");
    journal.wait("answered");
    CHECK(handle.login("a") == Status::closed && !handle.state());
    if (delivery == Delivery::app) CHECK(alive.expired());
    for (int i = 0; !alive.expired() && i < 3000; i++) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(alive.expired() && journal.count("answered") == 1);
  }
}

static void closed_twice_and_moved(const char *)
{
  Client client{Config{}};
  Client other(std::move(client));
  CHECK(client.login("a") == Status::invalid_argument);
  CHECK(other.state() == State::idle);
  const Handle stale = other;
  other.close();
  other.close();
  CHECK(stale.login("a") == Status::closed);
  bool called = false;
  CHECK(stale.login("a", "", [&](const Handle &, const Result &) { called = true; }) == Status::closed);
  CHECK(!called);
  client = Client(Config{});
  CHECK(client.state() == State::idle);
}

/* The app keeps no reference: the client's own is enough, and is the last. */
static void listener_gone_first(const char *)
{
  Journal journal;
  auto listener = std::make_shared<Recorder>(journal, "b");
  std::weak_ptr<Recorder> alive = listener;
  {
    Client a(Config{}, std::make_shared<Recorder>(journal, "a")), b(Config{}, std::move(listener));
    login(journal, a, "a", "");
    login(journal, b, "b", "");
    OK(a.call({"b"}));
    journal.wait("b: connected");
    CHECK(!alive.expired());
  }
  CHECK(alive.expired());
}

static Status refusal(void (*make_backends)(Backends &, const std::string &), const std::string &address)
{
  Backends backends;
  try {
    make_backends(backends, address);
  } catch (const Error &error) {
    CHECK(std::string(error.what()) == text(error.status()));
    return error.status();
  }
  return Status::ok;
}

static void texts_and_refusals(const char *)
{
  Client client{Config{}};
  const std::string with_nul("a\0b", 3), not_utf8("\xFF\xFE");
  for (const std::string &bad : {with_nul, not_utf8, std::string(65, 'x'), std::string()}) {
    CHECK(client.login(bad) == Status::invalid_argument);
    CHECK(client.call({bad}) == Status::invalid_argument);
  }
  CHECK(client.accept(CallRef(nertc_callkit_call_ref{
            sizeof(nertc_callkit_call_ref), 0, 0, "\xFF", nullptr, nullptr})) == Status::invalid_argument);
  CHECK(client.hangup({}, {with_nul}) == Status::invalid_argument);
  CHECK(client.set_call_policy({PolicyRule::only_listed, {"bob", with_nul}}) == Status::invalid_argument);
  OK(client.set_call_policy({PolicyRule::only_listed, {"\xF0\x9F\x98\x80"}}));
  CHECK(client.send_data({}, "{") == Status::invalid_argument);
  CHECK(client.dispatch(0) == std::int32_t(Status::unsupported));
  auto mqtt = [](Backends &it, const std::string &address) {
    MqttOptions options;
    if (!address.empty()) options.endpoints = {address};
    mqtt_signaling(it, options);
  };
  CHECK(refusal(mqtt, "") == Status::invalid_argument && refusal(mqtt, with_nul) == Status::invalid_argument);
  auto webrtc = [](Backends &it, const std::string &address) {
    WebrtcOptions options;
    options.ice_servers = {{address}};
    webrtc_media(it, options);
  };
  CHECK(refusal(webrtc, "http://x") == Status::invalid_argument && refusal(webrtc, "stun:localhost") == Status::ok);
  CHECK(!push_decode(with_nul) && !push_decode("{}") && !push_encode(make<PushCall>()));
  CallStats stats;
  CHECK(get_call_stats(client, stats) == Status::unsupported && pull_audio(client, nullptr, 0, 48000, 1) < 0);
  CHECK(confirm_security_code(client, {}, with_nul, true) == Status::invalid_argument);
  CHECK(version() == NERTC_CALLKIT_VERSION_NUMBER && version_text() == "0.1.0");
}

static void faults_and_log(const char *)
{
  Journal journal;
  OK(set_log(LogLevel::debug, [&](LogLevel, std::string_view) {
    journal.add("log");
    throw std::runtime_error("dropped");
  }));
  Hub hub;
  OK(hub.add_fault({FaultAction::refuse, FaultOn::login, "a", {}, 0, 1, 0, Code::bad_token}));
  CHECK(hub.add_fault({FaultAction::refuse, FaultOn::login}) == Status::invalid_argument);
  Config config;
  loopback_signaling(config.backends, &hub);
  Client client(std::move(config));
  std::atomic<int> code{0};
  OK(client.login("a", "x", [&](const Handle &, const Result &result) {
    code = int(result.code());
    journal.add("login ended");
  }));
  journal.wait("login ended");
  CHECK(code == int(Code::bad_token));
  journal.wait("log");
  client.close();
  OK(set_log(LogLevel::off, nullptr));
}

int main(int argc, char **argv)
{
  const struct {
    const char *name;
    void (*run)(const char *);
  } tests[] = {
    {"loopback_call", loopback_call},
    {"mqtt_call", mqtt_call},
    {"webrtc_call", webrtc_call},
    {"functions_in_dispatch", functions_in_dispatch},
    {"callbacks_that_throw", callbacks_that_throw},
    {"destroyed_inside_a_callback", destroyed_inside_a_callback},
    {"closed_twice_and_moved", closed_twice_and_moved},
    {"listener_gone_first", listener_gone_first},
    {"texts_and_refusals", texts_and_refusals},
    {"faults_and_log", faults_and_log},
  };
  if (argc != 2) {
    std::fprintf(stderr, "calls mqtt://localhost:PORT\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IONBF, 0); // so that an abort loses nothing of it
  for (const auto &test : tests) {
    test_name = test.name;
    test.run(argv[1]);
    std::printf("%s: passed\n", test.name);
  }
  return 0;
}
