/* events [CALLS]: whole calls over the loopback in one thread, with the C header and with the C++ one by turns:
   events a second, and ns a callback. Best of five each: what disturbs only adds. */
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include <nertc_callkit/loopback.hpp>

namespace {

struct Counted {
  long callbacks = 0;
  int ended = 0, calls = 0;
  nertc_callkit *caller = nullptr;
};

void must(nertc_callkit_status status)
{
  if (status == NERTC_CALLKIT_STATUS_OK) return;
  std::fprintf(stderr, "events: %s\n", nertc_callkit_status_text(status));
  std::exit(1);
}
void must(callkit::Status status) { must(nertc_callkit_status(status)); }

Counted &counted(void *data) { return *static_cast<Counted *>(data); }
void c_done(nertc_callkit *, const nertc_callkit_result *, void *data) { counted(data).callbacks++; }
void c_call(Counted &it)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "bob";
  must(nertc_callkit_call(it.caller, &options, c_done, &it));
}
void c_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *data)
{
  counted(data).callbacks++;
  must(nertc_callkit_accept(kit, event->call, c_done, data));
}
void c_connected(nertc_callkit *kit, const nertc_callkit_call_event *, void *data)
{
  counted(data).callbacks++;
  if (kit == counted(data).caller) must(nertc_callkit_hangup(kit, nullptr, nullptr, c_done, data));
}
void c_end(nertc_callkit *, const nertc_callkit_end_event *, void *data)
{
  Counted &it = counted(data);
  it.callbacks++;
  if (++it.ended % 2 == 0 && it.ended < 2 * it.calls) c_call(it);
}
void c_user(nertc_callkit *, const nertc_callkit_user_event *, void *data) { counted(data).callbacks++; }
void c_media(nertc_callkit *, const nertc_callkit_media_event *, void *data) { counted(data).callbacks++; }
void c_record(nertc_callkit *, const nertc_callkit_record_event *, void *data) { counted(data).callbacks++; }

template <class Dispatch>
double until_ended(Counted &it, Dispatch dispatch)
{
  const auto began = std::chrono::steady_clock::now();
  for (int idle = 0; it.ended < 2 * it.calls; idle++) {
    if (dispatch() > 0) idle = 0;
    if (idle > 20000) std::exit(1);
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  return took.count() / double(it.callbacks);
}

double with_c(int calls, long &callbacks)
{
  Counted it;
  it.calls = calls;
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  listener.on_invited = c_invited;
  listener.on_call_connected = c_connected;
  listener.on_call_end = c_end;
  listener.on_user_accept = listener.on_user_enter = listener.on_user_ringing = listener.on_user_leave = c_user;
  listener.on_audio_available = c_media;
  listener.on_message_sent = listener.on_record_received = c_record;
  nertc_callkit *kits[2];
  for (int i = 0; i < 2; i++) {
    nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
    config.delivery = NERTC_CALLKIT_DELIVERY_APP;
    config.listener = &listener;
    config.user_data = &it;
    must(nertc_callkit_create(&config, &kits[i]));
    must(nertc_callkit_login(kits[i], i ? "alice" : "bob", nullptr, c_done, &it));
    while (nertc_callkit_dispatch(kits[i], 1000) == 0) {}
  }
  it.callbacks = 0;
  it.caller = kits[1];
  c_call(it);
  const double ns = until_ended(
    it, [&] { return nertc_callkit_dispatch(kits[0], 1) + nertc_callkit_dispatch(kits[1], 1); });
  callbacks = it.callbacks;
  for (nertc_callkit *kit : kits) must(nertc_callkit_destroy(kit));
  return ns;
}

class Counter : public callkit::Listener {
 public:
  Counted it;
  callkit::Handle caller;
  callkit::Done done = [this](const callkit::Handle &, const callkit::Result &) { it.callbacks++; };
  void on_invited(const callkit::Handle &kit, const callkit::InvitedEvent &event) override
  {
    it.callbacks++;
    must(kit.accept(event.call(), done));
  }
  void on_call_connected(const callkit::Handle &kit, const callkit::CallEvent &) override
  {
    it.callbacks++;
    if (kit == caller) must(kit.hangup({}, {}, done));
  }
  void on_call_end(const callkit::Handle &, const callkit::EndEvent &) override
  {
    it.callbacks++;
    if (++it.ended % 2 == 0 && it.ended < 2 * it.calls) must(caller.call({"bob"}, done));
  }
  void on_user_accept(const callkit::Handle &, const callkit::UserEvent &) override { it.callbacks++; }
  void on_user_enter(const callkit::Handle &, const callkit::UserEvent &) override { it.callbacks++; }
  void on_user_ringing(const callkit::Handle &, const callkit::UserEvent &) override { it.callbacks++; }
  void on_user_leave(const callkit::Handle &, const callkit::UserEvent &) override { it.callbacks++; }
  void on_audio_available(const callkit::Handle &, const callkit::MediaEvent &) override { it.callbacks++; }
  void on_message_sent(const callkit::Handle &, const callkit::RecordEvent &) override { it.callbacks++; }
  void on_record_received(const callkit::Handle &, const callkit::RecordEvent &) override { it.callbacks++; }
};

double with_cpp(int calls, long &callbacks)
{
  auto counter = std::make_shared<Counter>();
  counter->it.calls = calls;
  callkit::Config config[2];
  for (callkit::Config &one : config) one.delivery = callkit::Delivery::app;
  callkit::Client bob(std::move(config[0]), counter), alice(std::move(config[1]), counter);
  must(bob.login("bob", "", counter->done));
  while (bob.dispatch(1000) == 0) {}
  must(alice.login("alice", "", counter->done));
  while (alice.dispatch(1000) == 0) {}
  counter->it.callbacks = 0;
  counter->caller = alice;
  must(alice.call({"bob"}, counter->done));
  const double ns = until_ended(counter->it, [&] { return bob.dispatch(1) + alice.dispatch(1); });
  callbacks = counter->it.callbacks;
  return ns;
}

}  // namespace

int main(int argc, char **argv)
{
  const int calls = argc > 1 ? std::atoi(argv[1]) : 1000;
  double best[2] = {1e18, 1e18};
  long callbacks[2] = {0, 0};
  for (int round = 0; round < 5; round++) {
    best[0] = std::min(best[0], with_c(calls, callbacks[0]));
    best[1] = std::min(best[1], with_cpp(calls, callbacks[1]));
  }
  for (int i = 0; i < 2; i++)
    std::printf("%s: %d calls, %ld callbacks: %.0f events a second, %.0f ns a callback\n", i ? "C++" : "C", calls,
                callbacks[i], 1e9 / best[i], best[i]);
  return 0;
}
