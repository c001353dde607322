//! What users do: at any moment, twice, in wrong states, about wrong calls; and what befalls their devices.

use nertc_callkit::engine::input::{CallOptions, CallRef, Command, Input, Media, SwitchStep};
use nertc_callkit::engine::output::RtcOp;
use nertc_callkit::engine::state::Phase;
use nertc_callkit_signaling::{CallType, Connection, Outcome, Req, Text};

use super::peer_texts;
use super::world::{Scheduled, World};

impl World {
    pub(super) fn user_acts(&mut self, device: usize) -> Result<(), String> {
        if self.is_healed {
            return Ok(());
        }
        let pause = 1 + self.random.below(self.conditions.pace_ms);
        self.send(device, pause, Scheduled::UserActs);
        let phase = self.devices[device].engine.phase();
        let call = CallRef::default();
        let answer = self.random.below(100);
        match (phase, answer) {
            (Phase::Idle, 0..70) => self.place_call(device),
            (_, 70..80) => self.answer_early(device),
            (Phase::Called, 0..50) => self.ask(device, Command::Accept { call }),
            (Phase::Called | Phase::Accepting, 50..65) => {
                let (busy, text) = (self.random.chance(300), self.text(3));
                self.ask(device, Command::Reject { call, busy, text })
            }
            (Phase::Calling | Phase::GlareAccepting, 0..25) => self.cancel(device, call),
            (Phase::InCall, 0..25) => self.hang_up(device, call),
            (Phase::InCall, 25..35) => {
                self.ask(device, Command::Leave { call, no_offline: false, text: self.text(5) })
            }
            (Phase::InCall, 35..55) => self.switch(device),
            (Phase::InCall, 55..65) => self.media(device),
            (Phase::InCall, 65..70) => self.send_data(device),
            (_, 80..91) => self.anything(device),
            (_, 91..100) => self.misfortune(device),
            (Phase::Idle | Phase::Calling | Phase::GlareAccepting, _) => Ok(()),
            (Phase::Called | Phase::Accepting | Phase::InCall, _) => Ok(()),
        }
    }

    /// Some request it twice.
    pub(super) fn ask(&mut self, device: usize, command: Command) -> Result<(), String> {
        if self.random.chance(60) {
            self.command(device, command.clone())?;
        }
        self.command(device, command)
    }

    fn place_call(&mut self, device: usize) -> Result<(), String> {
        let own = self.devices[device].account.clone();
        let accounts = self.devices.iter().map(|other| other.account.clone());
        let others: Vec<Text> = accounts.filter(|account| *account != own).collect();
        let user = self.random.pick(&others).clone();
        let call_type = if self.random.chance(500) { CallType::Audio } else { CallType::Video };
        let (attachment, extra, no_record) = (self.text(0), self.text(1), self.random.chance(100));
        let options = CallOptions { attachment, extra, no_record, ..CallOptions::to(user, call_type) };
        self.ask(device, Command::Call(options))
    }

    /// An app's text, in a run with texts.
    pub(super) fn text(&self, which: u64) -> Option<Text> {
        const TEXTS: [&str; 7] = [
            "",
            "petunias",
            "say \"petunias\"\n",
            "{\"dish\":[\"petunias\",1,-2.5e3,null],\"dish\":true}",
            " [\"\u{9f8d}\"] ",
            "\u{9f8d}\u{9f8d}",
            "7",
        ];
        let at = (self.steps + which * 5) % (TEXTS.len() as u64 + 3);
        let short = TEXTS.get(at as usize).map(|text| Text::from(*text));
        let long = || Text::from("petunias ".repeat(100 + at as usize * 12));
        self.negotiates_media.then(|| short.unwrap_or_else(long))
    }

    fn cancel(&mut self, device: usize, call: CallRef) -> Result<(), String> {
        let no_record = self.random.chance(100);
        self.ask(device, Command::Cancel { call, attach_ext: self.text(2), no_offline: false, no_record })
    }

    fn hang_up(&mut self, device: usize, call: CallRef) -> Result<(), String> {
        let no_record = self.random.chance(100);
        self.ask(device, Command::Hangup { call, no_offline: false, no_record, text: self.text(4) })
    }

    fn switch(&mut self, device: usize) -> Result<(), String> {
        let call_type = if self.random.chance(500) { CallType::Audio } else { CallType::Video };
        let step = *self.random.pick(&[SwitchStep::Invite, SwitchStep::Agree, SwitchStep::Reject]);
        self.ask(device, Command::SwitchCallType { call_type, step })
    }

    fn media(&mut self, device: usize) -> Result<(), String> {
        let media = *self.random.pick(&[Media::AUDIO, Media::VIDEO, Media::AUDIO | Media::VIDEO]);
        let yes = self.random.chance(500);
        let command = match self.random.below(5) {
            0 => Command::EnableLocal { media, on: yes },
            1 => Command::MuteLocal { media, muted: yes },
            2 => Command::MuteRemote { media, muted: yes },
            3 => Command::SetLocalView(None),
            _ => Command::SetRemoteView(None),
        };
        self.ask(device, command)
    }

    /// The app sends some texts at once.
    fn send_data(&mut self, device: usize) -> Result<(), String> {
        for _ in 0..1 + self.random.below(5) {
            self.texts += 1;
            let json = peer_texts::text(&self.devices[device].engine.snapshot().channel_id, self.texts);
            self.command(device, Command::SendData { call: CallRef::default(), json })?;
        }
        Ok(())
    }

    /// A media backend that was asked to join will send something: some of it after its room was left.
    pub(super) fn send_media_texts(&mut self, device: usize, join: Req, op: &RtcOp) {
        let channel = self.devices[device].engine.snapshot().channel_id;
        if matches!(op, RtcOp::Join(_)) {
            for _ in 0..self.random.below(4) {
                let delay = if self.random.chance(700) { 0 } else { self.random.below(15_000) };
                self.send(device, delay, Scheduled::RtcSend(join, channel.clone()));
            }
        }
    }

    pub(super) fn media_sends(&mut self, device: usize, join: Req, channel: &Text) -> Result<(), String> {
        self.texts += 1;
        let json = peer_texts::text(channel, self.texts);
        self.feed(device, Input::RtcSend { join, json })
    }

    /// The call that is on, one of the past, or one that never was.
    fn any_call(&mut self) -> CallRef {
        match self.random.below(4) {
            0 => CallRef { call_no: self.random.below(6), ..CallRef::default() },
            1 => CallRef { account: Some("user1".into()), ..CallRef::default() },
            _ => CallRef::default(),
        }
    }

    /// Whatever, in whatever state.
    fn anything(&mut self, device: usize) -> Result<(), String> {
        let call = self.any_call();
        match self.random.below(11) {
            10 => self.send_data(device),
            0 => self.ask(device, Command::Accept { call }),
            1 => self.ask(device, Command::Reject { call, busy: false, text: None }),
            2 => self.hang_up(device, call),
            3 => self.ask(device, Command::Leave { call, no_offline: false, text: self.text(5) }),
            4 => self.cancel(device, call),
            5 => self.switch(device),
            6 => self.media(device),
            7 => {
                let account = self.devices[device].account.clone();
                self.ask(device, Command::Login { account, token: Text::default() })
            }
            8 => {
                let timeout_ms = 1_000 + self.random.below(60_000) as u32;
                self.ask(device, Command::SetCallTimeout { timeout_ms })
            }
            _ => self.place_call(device),
        }
    }

    fn misfortune(&mut self, device: usize) -> Result<(), String> {
        self.trouble(device);
        if self.wire_misfortune(device) {
            return Ok(());
        }
        match self.random.below(8) {
            0 => self.restart(device),
            1 => self.go_offline(device),
            2 | 3 => self.come_online(device),
            4 => {
                self.ask(device, Command::Logout)?;
                self.relogin(device);
                Ok(())
            }
            5 => {
                let is_backlogged = self.random.chance(300);
                self.devices[device].is_backlogged = is_backlogged;
                self.feed(device, Input::Backlog(is_backlogged))
            }
            6 => {
                self.note(|| format!("device {device} is released"));
                self.feed(device, Input::Close)
            }
            _ => self.kick(device),
        }
    }

    fn go_offline(&mut self, device: usize) -> Result<(), String> {
        self.note(|| format!("device {device} goes offline"));
        self.devices[device].is_offline = true;
        if self.peers.is_some() {
            self.drop_link(device, false);
            return Ok(());
        }
        self.feed(device, Input::Connection(Connection::Lost(Outcome::default())))?;
        if self.random.chance(600) { self.want_token(device) } else { Ok(()) }
    }
}
