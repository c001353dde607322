//! The signaling backend as the worker's port.

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use nertc_callkit_abi as abi;

use nertc_callkit_backend::adapter::DirectSignaling;

use super::media::CRtc;
use super::{Vtable, accepted, direct, number, size, unsupported};
use crate::ffi::support::convert::{AppPtr, split};
use crate::worker;
use crate::worker::ports::Signaling;
use nertc_callkit_signaling::{
    self as signaling, CallPolicy, Message, Notification, Outcome, PushText, Record, Req, Text,
};

/// Account and device of a login; the same for every login.
pub(crate) struct Identity {
    pub(crate) app_key: Text,
    pub(crate) device_id: Text,
    pub(crate) data_dir: Text,
    /// How long a login may take.
    pub(crate) login_ms: u32,
}

/// The signaling backend; opens both backends before the first login.
pub(crate) struct CSignaling {
    pub(super) vtable: Vtable<abi::nertc_callkit_signaling>,
    ctx: AppPtr,
    route: Route,
    /// How open ended; None = not tried.
    opened: Option<Result<(), Outcome>>,
    is_released: bool,
    identity: Identity,
    rtc: Arc<CRtc>,
}

/// How the backend is called for what is frequent, and where it reports.
pub(crate) enum Route {
    /// By C structs. The sink stays where the backend finds it until close_backend has returned.
    Vtable(Box<abi::nertc_callkit_signaling_sink>),
    /// By values, to a backend of ours; it reports to this client.
    Direct(DirectSignaling, Arc<worker::Client>),
}

// SAFETY: the sink's ctx is a number and its functions are ours; the vtable's functions may be
// called by any thread.
unsafe impl Send for CSignaling {}

impl CSignaling {
    pub(crate) fn new(
        vtable: Vtable<abi::nertc_callkit_signaling>,
        ctx: AppPtr,
        route: Route,
        identity: Identity,
        rtc: Arc<CRtc>,
    ) -> CSignaling {
        CSignaling { vtable, ctx, route, opened: None, is_released: false, identity, rtc }
    }

    fn open(&mut self) -> Result<(), Outcome> {
        let open = || match &self.route {
            Route::Direct(backend, client) => {
                direct::answer(backend.open(direct::signaling_sink(client.clone())))
            }
            Route::Vtable(sink) => {
                let open = self.vtable.open.ok_or_else(unsupported)?;
                // SAFETY: the backend's function; the sink lives until close_backend has returned.
                accepted(unsafe { open(self.ctx.0, &**sink) })
            }
        };
        if self.opened.is_none() {
            self.opened = Some(open());
        }
        self.opened.clone().unwrap_or(Ok(()))?;
        self.rtc.open()
    }

    fn login(&mut self, req: Req, account: &Text, token: &Text) -> Result<(), Outcome> {
        self.open()?;
        let Identity { app_key, device_id, data_dir, login_ms } = &self.identity;
        let args = abi::nertc_callkit_login_args {
            struct_size: size::<abi::nertc_callkit_login_args>(),
            flags: 0,
            app_key: app_key.as_ptr(),
            account: account.as_ptr(),
            token: token.as_ptr(),
            device_id: device_id.as_ptr(),
            data_dir: data_dir.as_ptr(),
            timeout_ms: *login_ms,
            reserved: 0,
        };
        let login = self.vtable.login.ok_or_else(unsupported)?;
        // SAFETY: the backend's function; args and texts are valid until it returns.
        accepted(unsafe { login(self.ctx.0, number(req), &args) })
    }

    fn logout(&self, req: Req) -> Result<(), Outcome> {
        let logout = self.vtable.logout.ok_or_else(unsupported)?;
        // SAFETY: the backend's function.
        accepted(unsafe { logout(self.ctx.0, number(req)) })
    }

    fn run(
        &self,
        slot: abi::nertc_callkit_signaling_operation_cb,
        req: Req,
        args: &Args<'_>,
    ) -> Result<(), Outcome> {
        let slot = slot.ok_or_else(unsupported)?;
        args.lend(|args| {
            // SAFETY: the backend's function; args and texts are valid until it returns.
            accepted(unsafe { slot(self.ctx.0, number(req), args) })
        })
    }

    fn send_record(&self, req: Req, record: &Record) -> Result<(), Outcome> {
        let send_record = self.vtable.send_record.ok_or_else(unsupported)?;
        let (accounts, durations_s) = split(&record.durations);
        let c = abi::nertc_callkit_record {
            struct_size: size::<abi::nertc_callkit_record>(),
            call_type: record.call_type.number(),
            record_status: record.status as i32,
            account_count: durations_s.len() as u32,
            client_msg_id: record.client_msg_id.as_ptr(),
            to_account: record.to.as_ptr(),
            channel_id: record.channel_id.as_ptr(),
            text: record.text.as_ptr(),
            accounts: accounts.as_ptr(),
            durations_s: durations_s.as_ptr(),
        };
        // SAFETY: the backend's function; the record is valid until it returns.
        accepted(unsafe { send_record(self.ctx.0, number(req), &c) })
    }
}

impl CSignaling {
    fn call_policy(&self, policy: &CallPolicy) {
        let Some(call_policy) = self.vtable.call_policy else { return };
        let accounts: Vec<*const c_char> = policy.accounts.iter().map(Text::as_ptr).collect();
        let c = abi::nertc_callkit_call_policy {
            struct_size: size::<abi::nertc_callkit_call_policy>(),
            flags: u32::from(policy.no_missed),
            rule: policy.rule as i32,
            answer: i32::from(policy.answers_busy),
            accounts: accounts.as_ptr(),
            account_count: policy.accounts.len() as u32,
            reserved: 0,
        };
        // SAFETY: the backend's function; the policy and its texts are valid until it returns.
        unsafe { call_policy(self.ctx.0, &c) }
    }
}

impl CSignaling {
    fn start_by_vtable(&mut self, req: Req, op: &signaling::Operation) -> Result<(), Outcome> {
        let slots = &self.vtable;
        match op {
            signaling::Operation::Login { account, token } => self.login(req, account, token),
            signaling::Operation::Logout => self.logout(req),
            signaling::Operation::Create { call_type } => {
                self.run(slots.create, req, &Args { call_type: call_type.number(), ..Args::default() })
            }
            signaling::Operation::Join { channel_id, no_offline } => {
                self.run(slots.join, req, &Args::channel(channel_id, *no_offline))
            }
            signaling::Operation::Invite { message, expires_ms, push } => {
                let args = Args { expires_ms: *expires_ms, push: push.as_deref(), ..Args::message(message) };
                self.run(slots.invite, req, &args)
            }
            signaling::Operation::Cancel(message) => {
                self.run(slots.cancel_invite, req, &Args::message(message))
            }
            signaling::Operation::Accept(message) => self.run(slots.accept, req, &Args::message(message)),
            signaling::Operation::Reject(message) => self.run(slots.reject, req, &Args::message(message)),
            signaling::Operation::Leave { channel_id, custom_info, no_offline } => self.run(
                slots.leave,
                req,
                &Args { custom: Some(custom_info), ..Args::channel(channel_id, *no_offline) },
            ),
            signaling::Operation::Close { channel_id, custom_info, no_offline } => self.run(
                slots.close,
                req,
                &Args { custom: Some(custom_info), ..Args::channel(channel_id, *no_offline) },
            ),
            signaling::Operation::Control(message) => self.run(slots.control, req, &Args::message(message)),
            signaling::Operation::Record(record) => self.send_record(req, record),
        }
    }
}

impl Signaling for CSignaling {
    fn start(&mut self, req: Req, op: signaling::Operation) -> Result<(), Outcome> {
        match &self.route {
            Route::Direct(backend, _) if !matches!(op, signaling::Operation::Login { .. }) => {
                direct::answer(backend.run(req, op))
            }
            Route::Direct(..) | Route::Vtable(_) => self.start_by_vtable(req, &op),
        }
    }

    fn notify(&mut self, notice: Notification) {
        let Some(Ok(())) = &self.opened else { return };
        if let Route::Direct(backend, _) = &self.route {
            return backend.notify(notice);
        }
        match notice {
            Notification::InviteState { channel_id, account, request_id, state } => {
                let Some(invite_state) = self.vtable.invite_state else { return };
                let args = Args {
                    channel_id: Some(&channel_id),
                    account: Some(&account),
                    request_id: Some(&request_id),
                    ..Args::default()
                };
                args.lend(|args| {
                    // SAFETY: the backend's function; args and texts are valid until it
                    // returns.
                    unsafe { invite_state(self.ctx.0, args, state as i32) }
                });
            }
            Notification::AbortLogin(req) => {
                if let Some(abort_login) = self.vtable.abort_login {
                    // SAFETY: the backend's function.
                    unsafe { abort_login(self.ctx.0, number(req)) }
                }
            }
            Notification::SetToken(token) => {
                let Some(set_token) = self.vtable.set_token else { return };
                // SAFETY: the backend's function; the text is valid until it returns.
                let code = unsafe { set_token(self.ctx.0, token.as_ptr()) };
                if code != 0 {
                    log::warn!("the signaling backend refused a token: {code}");
                }
            }
            Notification::CallPolicy(policy) => self.call_policy(&policy),
        }
    }

    fn network_changed(&mut self) {
        if let (Some(Ok(())), Some(network_changed)) = (&self.opened, self.vtable.network_changed) {
            // SAFETY: the backend's function.
            unsafe { network_changed(self.ctx.0) }
        }
    }

    fn close(&mut self) {
        if let (Some(Ok(())), Some(close_backend)) = (&self.opened, self.vtable.close_backend) {
            // SAFETY: the backend's function, once, after a successful open.
            unsafe { close_backend(self.ctx.0) }
        }
        self.opened = Some(Err(unsupported()));
        let release = self.vtable.release.filter(|_| !std::mem::replace(&mut self.is_released, true));
        if let Some(release) = release {
            // SAFETY: the backend's function, once, last.
            unsafe { release(self.ctx.0) }
        }
    }
}

/// Arguments of a signaling operation before they are lent to C.
#[derive(Default)]
struct Args<'a> {
    no_offline: bool,
    call_type: i32,
    expires_ms: u32,
    channel_id: Lent<'a>,
    account: Lent<'a>,
    request_id: Lent<'a>,
    custom: Lent<'a>,
    push: Option<&'a PushText>,
}

/// A text that an operation has, or not.
type Lent<'a> = Option<&'a Text>;

impl<'a> Args<'a> {
    fn channel(channel_id: &'a Text, no_offline: bool) -> Args<'a> {
        Args { channel_id: Some(channel_id), no_offline, ..Args::default() }
    }

    fn message(message: &'a Message) -> Args<'a> {
        Args {
            no_offline: message.no_offline,
            channel_id: Some(&message.channel_id),
            account: Some(&message.account),
            request_id: Some(&message.request_id),
            custom: Some(&message.custom_info),
            ..Args::default()
        }
    }

    fn lend<R>(&self, to: impl FnOnce(&abi::nertc_callkit_signaling_args) -> R) -> R {
        let lent = |text: Lent<'_>| text.unwrap_or(&Text::EMPTY).as_ptr();
        let optional = |text: &Option<Text>| text.as_ref().map_or(ptr::null(), Text::as_ptr);
        let push = self.push.map(|push| abi::nertc_callkit_push {
            struct_size: size::<abi::nertc_callkit_push>(),
            flags: 0,
            title: optional(&push.title),
            content: optional(&push.content),
            payload: optional(&push.payload),
        });
        to(&abi::nertc_callkit_signaling_args {
            struct_size: size::<abi::nertc_callkit_signaling_args>(),
            flags: u32::from(self.no_offline),
            call_type: self.call_type,
            expires_ms: self.expires_ms,
            channel_id: lent(self.channel_id),
            account: lent(self.account),
            request_id: lent(self.request_id),
            custom_info: lent(self.custom),
            push: push.as_ref().map_or(ptr::null(), ptr::from_ref),
        })
    }
}

/// What a mandatory slot is called, if one is missing.
pub(crate) fn missing_signaling_slot(backend: &abi::nertc_callkit_signaling) -> Option<&'static str> {
    let slots = [
        ("open", backend.open.is_none()),
        ("login", backend.login.is_none()),
        ("logout", backend.logout.is_none()),
        ("create", backend.create.is_none()),
        ("join", backend.join.is_none()),
        ("invite", backend.invite.is_none()),
        ("cancel_invite", backend.cancel_invite.is_none()),
        ("accept", backend.accept.is_none()),
        ("reject", backend.reject.is_none()),
        ("leave", backend.leave.is_none()),
        ("close", backend.close.is_none()),
    ];
    slots.iter().find(|(_, missing)| *missing).map(|(name, _)| *name)
}
