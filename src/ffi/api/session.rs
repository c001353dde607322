//! Lifecycle of a client: create, log in, query, dispatch, log out, end.

use nertc_callkit_signaling::CallType;
use std::ffi::{c_char, c_void};

use log::info;
use nertc_callkit_abi::{
    nertc_callkit, nertc_callkit_call_info, nertc_callkit_completion_cb, nertc_callkit_config,
    nertc_callkit_status,
};

use crate::engine::input::Command;
use crate::engine::{Snapshot, limits};
use crate::ffi::callbacks::Completion;
use crate::ffi::client::Client;
use crate::ffi::create;
use crate::ffi::logger::Pii;
use crate::ffi::support::convert::{AppPtr, fill, opt_text, out as out_place, range, text, write_prefix};
use crate::ffi::support::error::Error;
use crate::ffi::support::guard::{guard, guard_number};
use crate::worker;

/// Creates a client: logged out, inactive until login.
///
/// Copies `config` and all it points to. Takes ownership of the backends only if it returns OK;
/// otherwise they stay the caller's. Runs no callback before it returns.
///
/// @param config  The configuration. Not NULL.
/// @param out     Receives the handle, on success only. Not NULL. Owned: destroy or release it.
/// @return        OK. INVALID_ARGUMENT: NULL, a value outside its limits, a backend without a
///                mandatory function (the log names it). UNSUPPORTED: a field that this library
///                does not know is not zero, or a backend of another NERTC_CALLKIT_ABI.
///                INTERNAL: out of descriptors or threads.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_create(
    config: *const nertc_callkit_config,
    out: *mut *mut nertc_callkit,
) -> nertc_callkit_status {
    guard("create", || {
        let out = out_place("out", out)?;
        // SAFETY: the header's contract.
        unsafe { out.write(create::read(config)?.start()?) };
        Ok(())
    })
}

/// Ends a client and waits until the last callback has returned.
///
/// The handle is CLOSED at once. A live call is ended so that the peer is notified, for at most
/// timers.destroy_wait_ms. Pending completions get SHUTTING_DOWN before this returns:
/// with APP delivery on this thread. Then both backends are released, and nothing of this
/// client runs any more. Do not cancel the thread that waits here (pthread_cancel): that
/// aborts the process.
///
/// @param kit  Client, or NULL: OK, nothing happens.
/// @return     OK. CLOSED: released or destroyed before. REENTRANT: inside any callback of any
///             client; nothing happened, use release.
///
/// Thread: any. In a callback: no (REENTRANT). Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_destroy(kit: *mut nertc_callkit) -> nertc_callkit_status {
    guard("destroy", || {
        if kit.is_null() {
            return Ok(());
        }
        let client = Client::from_handle(kit)?;
        refuse_in_callback()?;
        client.become_closing()?;
        client.worker.destroy()?;
        client.forget(kit);
        Ok(())
    })
}

/// Ends a client without waiting.
///
/// Like destroy, but in the background: the handle is CLOSED at once, running callbacks finish,
/// pending completions get SHUTTING_DOWN, and `released` is the last callback of all.
/// With APP delivery they run in the next dispatch, which the closed handle accepts until
/// `released` has run.
///
/// @param kit        Client. Not NULL.
/// @param released   Called once at the very end, or NULL.
/// @param user_data  Passed to `released`.
/// @return           OK. INVALID_ARGUMENT: NULL. CLOSED: released or destroyed before;
///                   `released` is not called.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_release(
    kit: *mut nertc_callkit,
    released: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("release", || {
        let client = Client::from_handle(kit)?;
        client.become_closing()?;
        client.callbacks.when_released(released, AppPtr(user_data));
        Ok(client.worker.release()?)
    })
}

/// Logs in to signaling; required before any call.
///
/// Copies both texts. The first login opens the backends. Logged in with the
/// same account: completes with 0; with another: ALREADY_LOGGED_IN. During a logout it waits
/// for its end. Before it every request except login and set_call_timeout completes with
/// NERTC_CALLKIT_CODE_NOT_LOGGED_IN.
///
/// @param kit        Client. Not NULL.
/// @param account    Own account. Not NULL, 1 to 64 bytes.
/// @param token      The service's credential, up to 4096 bytes, or NULL = empty.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_login(
    kit: *mut nertc_callkit,
    account: *const c_char,
    token: *const c_char,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("login", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let (account, token) =
            unsafe { (text("account", account, limits::ACCOUNT)?, opt_text("token", token, limits::TOKEN)?) };
        info!("login of {}", Pii(&account));
        let login = Command::Login { account, token: token.unwrap_or_default() };
        client.submit(login, Completion::new(done, user_data))
    })
}

/// Sets the token for the next connection, whether on_token_needed asked for it or not.
///
/// Copies `token`. While connecting or disconnected it is used at once; while
/// connected it is stored and the connection stays. NULL or empty = no token: a login
/// completes with NERTC_CALLKIT_CODE_BAD_TOKEN, a session that needs one is kicked with it,
/// after its live call if that has media. Logged out: OK, without effect.
///
/// @param kit    Client. Not NULL.
/// @param token  Up to 4096 bytes, or NULL = no token.
/// @return       OK. INVALID_ARGUMENT: NULL client, not UTF-8, too long. CLOSED, QUEUE_FULL.
///               UNSUPPORTED: the signaling backend has no set_token.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_set_token(
    kit: *mut nertc_callkit,
    token: *const c_char,
) -> nertc_callkit_status {
    guard("set_token", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let token = unsafe { opt_text("token", token, limits::TOKEN)? }.unwrap_or_default();
        if !client.takes_tokens {
            return Err(Error::not_here("kit", "its signaling backend has no set_token"));
        }
        client.submit(Command::SetToken { token }, Completion::nobody())
    })
}

/// Logs out, after ending a live call so that the peer is notified.
///
/// Its completion is the last callback until the next login. A pending login
/// completes with SUPERSEDED.
///
/// @param kit        Client. Not NULL.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED. QUEUE_FULL: only if its reserved
///                   slots are used up.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_logout(
    kit: *mut nertc_callkit,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("logout", || Client::from_handle(kit)?.submit(Command::Logout, Completion::new(done, user_data)))
}

/// Returns the current call state.
///
/// The newest state, possibly ahead of the events delivered so far.
///
/// @param kit  Client. Not NULL.
/// @return     A nertc_callkit_state; negative: INVALID_ARGUMENT, CLOSED.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_get_state(kit: *mut nertc_callkit) -> i32 {
    guard_number("get_state", || Ok(Client::from_handle(kit)?.worker.snapshot().state))
}

/// Returns information about the current call.
///
/// The newest state, possibly ahead of the events delivered so far.
///
/// @param kit  Client. Not NULL.
/// @param out  Its struct_size is the size that may be written, afterwards the size written. Not
///             NULL.
/// @return     OK. INVALID_ARGUMENT: NULL, or struct_size is too small. CLOSED.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_get_call_info(
    kit: *mut nertc_callkit,
    out: *mut nertc_callkit_call_info,
) -> nertc_callkit_status {
    guard("get_call_info", || {
        let info = call_info(&Client::from_handle(kit)?.worker.snapshot());
        // SAFETY: the header's contract.
        unsafe { write_prefix("out", out, &info) }
    })
}

/// Runs the queued callbacks, with APP delivery.
///
/// Runs at most those that are queued when it begins, on this thread. A released
/// client is accepted until its `released` has run.
///
/// @param kit         Client. Not NULL.
/// @param timeout_ms  How long to wait for the first callback: 0 = not at all, -1 = forever.
/// @return            How many callbacks ran, also 0; negative: INVALID_ARGUMENT (timeout below
///                    -1), CLOSED, UNSUPPORTED (WORKER delivery), REENTRANT: inside a callback,
///                    or another thread is dispatching this client.
///
/// Thread: any. In a callback: no (REENTRANT). Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_dispatch(kit: *mut nertc_callkit, timeout_ms: i32) -> i32 {
    let dispatch = || {
        let client = Client::from_handle_or_closing(kit)?;
        range("timeout_ms", timeout_ms, -1..=i32::MAX)?;
        Ok(client.worker.dispatch(timeout_ms)? as i32)
    };
    guard_number("dispatch", dispatch)
}

/// Returns the handle for an event loop, with APP delivery.
///
/// On POSIX a file descriptor to poll, readable exactly while callbacks are queued; on
/// Windows a manual-reset event, signaled likewise. It belongs to the client: never read, reset or
/// close it.
///
/// @param kit  Client. Not NULL.
/// @param out  Receives the handle, on success only. Not NULL.
/// @return     OK. INVALID_ARGUMENT, CLOSED. UNSUPPORTED: WORKER delivery. INTERNAL: out of
///             descriptors.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_get_event_handle(
    kit: *mut nertc_callkit,
    out: *mut isize,
) -> nertc_callkit_status {
    guard("get_event_handle", || {
        let (client, out) = (Client::from_handle(kit)?, out_place("out", out)?);
        // SAFETY: the header's contract.
        unsafe { out.write(client.worker.event_fd()? as isize) };
        Ok(())
    })
}

/// Reports that the device's network changed, or that it resumed from sleep.
///
/// The backends reconnect at once instead of waiting for their own timers.
///
/// @param kit  Client. Not NULL.
/// @return     OK. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_network_changed(kit: *mut nertc_callkit) -> nertc_callkit_status {
    guard("network_changed", || Ok(Client::from_handle(kit)?.worker.network_changed()?))
}

fn refuse_in_callback() -> Result<(), Error> {
    if worker::in_callback() { Err(Error::Reentrant) } else { Ok(()) }
}

fn call_info(now: &Snapshot) -> nertc_callkit_call_info {
    use nertc_callkit_abi::nertc_callkit_call_info_flag as info_flag;
    let flag = |is_set: bool, flag: info_flag| if is_set { flag as u32 } else { 0 };
    let mut info = nertc_callkit_call_info {
        struct_size: size_of::<nertc_callkit_call_info>() as u32,
        state: now.state,
        call_type: now.call_type.map_or(0, CallType::number),
        flags: flag(now.connected, info_flag::NERTC_CALLKIT_CALL_INFO_CONNECTED)
            | flag(now.is_inviter, info_flag::NERTC_CALLKIT_CALL_INFO_INVITER),
        call_no: now.call_no,
        own_uid: now.own_uid,
        peer_uid: now.peer_uid,
        account: [0; 65],
        peer: [0; 65],
        channel_id: [0; 65],
        request_id: [0; 65],
        call_id: [0; 65],
        rtc_channel: [0; 128],
        reserved: [0; 3],
    };
    fill(&mut info.account, &now.account);
    fill(&mut info.peer, &now.peer);
    fill(&mut info.channel_id, &now.channel_id);
    fill(&mut info.request_id, &now.request_id);
    fill(&mut info.call_id, &now.call_id);
    fill(&mut info.rtc_channel, &now.rtc_channel);
    info
}
