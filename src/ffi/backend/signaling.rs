//! The signaling backend as the worker's port.

use std::ptr;
use std::sync::Arc;

use nertc_callkit_abi as abi;

use super::media::CRtc;
use super::{accepted, number, size, unsupported};
use crate::ffi::support::convert::{AppPtr, CText, c_text, pointers, split};
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
    pub(super) vtable: abi::nertc_callkit_signaling,
    ctx: AppPtr,
    sink: Box<abi::nertc_callkit_signaling_sink>,
    /// How open ended; None = not tried.
    opened: Option<Result<(), Outcome>>,
    identity: Identity,
    rtc: Arc<CRtc>,
}

// SAFETY: the sink's ctx is a number and its functions are ours; the vtable's functions may be
// called by any thread.
unsafe impl Send for CSignaling {}

impl CSignaling {
    pub(crate) fn new(
        vtable: abi::nertc_callkit_signaling,
        ctx: AppPtr,
        sink: abi::nertc_callkit_signaling_sink,
        identity: Identity,
        rtc: Arc<CRtc>,
    ) -> CSignaling {
        CSignaling { vtable, ctx, sink: Box::new(sink), opened: None, identity, rtc }
    }

    fn open(&mut self) -> Result<(), Outcome> {
        let open = || {
            let open = self.vtable.open.ok_or_else(unsupported)?;
            // SAFETY: the backend's function; the sink lives until close_backend has returned.
            accepted(unsafe { open(self.ctx.0, &*self.sink) })
        };
        if self.opened.is_none() {
            self.opened = Some(open());
        }
        self.opened.clone().unwrap_or(Ok(()))?;
        self.rtc.open()
    }

    fn login(&mut self, req: Req, account: &str, token: &str) -> Result<(), Outcome> {
        self.open()?;
        let [app_key, device_id, data_dir] =
            [&self.identity.app_key, &self.identity.device_id, &self.identity.data_dir]
                .map(|text| c_text(text));
        let (account, token) = (c_text(account), c_text(token));
        let args = abi::nertc_callkit_login_args {
            struct_size: size::<abi::nertc_callkit_login_args>(),
            flags: 0,
            app_key: app_key.as_ptr(),
            account: account.as_ptr(),
            token: token.as_ptr(),
            device_id: device_id.as_ptr(),
            data_dir: data_dir.as_ptr(),
            timeout_ms: self.identity.login_ms,
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
        let [id, to, channel, text] =
            [&record.client_msg_id, &record.to, &record.channel_id, &record.text].map(|text| c_text(text));
        let (accounts, durations_s) = split(&record.durations);
        let accounts_c = pointers(&accounts);
        let c = abi::nertc_callkit_record {
            struct_size: size::<abi::nertc_callkit_record>(),
            call_type: record.call_type.number(),
            record_status: record.status as i32,
            account_count: durations_s.len() as u32,
            client_msg_id: id.as_ptr(),
            to_account: to.as_ptr(),
            channel_id: channel.as_ptr(),
            text: text.as_ptr(),
            accounts: accounts_c.as_ptr(),
            durations_s: durations_s.as_ptr(),
        };
        // SAFETY: the backend's function; the record is valid until it returns.
        accepted(unsafe { send_record(self.ctx.0, number(req), &c) })
    }
}

impl CSignaling {
    fn call_policy(&self, policy: &CallPolicy) {
        let Some(call_policy) = self.vtable.call_policy else { return };
        let accounts: Vec<CText> = policy.accounts.iter().map(|account| c_text(account)).collect();
        let accounts_c = pointers(&accounts);
        let c = abi::nertc_callkit_call_policy {
            struct_size: size::<abi::nertc_callkit_call_policy>(),
            flags: u32::from(policy.no_missed),
            rule: policy.rule as i32,
            answer: i32::from(policy.answers_busy),
            accounts: accounts_c.as_ptr(),
            account_count: policy.accounts.len() as u32,
            reserved: 0,
        };
        // SAFETY: the backend's function; the policy and its texts are valid until it returns.
        unsafe { call_policy(self.ctx.0, &c) }
    }
}

impl Signaling for CSignaling {
    fn start(&mut self, req: Req, op: signaling::Operation) -> Result<(), Outcome> {
        let slots = self.vtable;
        match &op {
            signaling::Operation::Login { account, token } => self.login(req, account, token),
            signaling::Operation::Logout => self.logout(req),
            signaling::Operation::Create { call_type } => {
                self.run(slots.create, req, &Args { call_type: call_type.number(), ..Args::default() })
            }
            signaling::Operation::Join { channel_id, no_offline } => {
                self.run(slots.join, req, &Args::channel(channel_id, *no_offline))
            }
            signaling::Operation::Invite { message, expires_ms, push } => {
                let args = Args { expires_ms: *expires_ms, push: push.as_ref(), ..Args::message(message) };
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
                &Args { custom: custom_info, ..Args::channel(channel_id, *no_offline) },
            ),
            signaling::Operation::Close { channel_id, custom_info, no_offline } => self.run(
                slots.close,
                req,
                &Args { custom: custom_info, ..Args::channel(channel_id, *no_offline) },
            ),
            signaling::Operation::Control(message) => self.run(slots.control, req, &Args::message(message)),
            signaling::Operation::Record(record) => self.send_record(req, record),
        }
    }

    fn notify(&mut self, notice: Notification) {
        let Some(Ok(())) = &self.opened else { return };
        match notice {
            Notification::InviteState { channel_id, account, request_id, state } => {
                let Some(invite_state) = self.vtable.invite_state else { return };
                let args = Args {
                    channel_id: &channel_id,
                    account: &account,
                    request_id: &request_id,
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
                let token = c_text(&token);
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
        if let Some(release) = self.vtable.release.take() {
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
    channel_id: &'a str,
    account: &'a str,
    request_id: &'a str,
    custom: &'a str,
    push: Option<&'a PushText>,
}

impl<'a> Args<'a> {
    fn channel(channel_id: &'a str, no_offline: bool) -> Args<'a> {
        Args { channel_id, no_offline, ..Args::default() }
    }

    fn message(message: &'a Message) -> Args<'a> {
        Args {
            no_offline: message.no_offline,
            channel_id: &message.channel_id,
            account: &message.account,
            request_id: &message.request_id,
            custom: &message.custom_info,
            ..Args::default()
        }
    }

    fn lend<R>(&self, to: impl FnOnce(&abi::nertc_callkit_signaling_args) -> R) -> R {
        let [channel, account, request, custom] =
            [self.channel_id, self.account, self.request_id, self.custom].map(c_text);
        let push_texts = self
            .push
            .map(|push| [&push.title, &push.content, &push.payload].map(|text| text.as_deref().map(c_text)));
        let pointer = |text: &Option<CText>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let push = push_texts.as_ref().map(|[title, content, payload]| abi::nertc_callkit_push {
            struct_size: size::<abi::nertc_callkit_push>(),
            flags: 0,
            title: pointer(title),
            content: pointer(content),
            payload: pointer(payload),
        });
        to(&abi::nertc_callkit_signaling_args {
            struct_size: size::<abi::nertc_callkit_signaling_args>(),
            flags: u32::from(self.no_offline),
            call_type: self.call_type,
            expires_ms: self.expires_ms,
            channel_id: channel.as_ptr(),
            account: account.as_ptr(),
            request_id: request.as_ptr(),
            custom_info: custom.as_ptr(),
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
