//! The loopback's service between the devices of a simulation, and the owners of its ports.

use nertc_callkit::engine::input::{RtcEvent, RtcReport};
use nertc_callkit::engine::output::RtcOp;
use nertc_callkit_abi::{nertc_callkit_fault_action, nertc_callkit_fault_on};
use nertc_callkit_backend::{MediaMessage, SignalingMessage};
use nertc_callkit_loopback::Fault;
use nertc_callkit_loopback::service::{Options, Output, Port, Service};
use nertc_callkit_signaling::{
    ChannelState, Code, DeviceAddr, Event, Notification, Operation, OperationResult, Origin, Record, Req,
    Text,
};

/// What the service has for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// An operation ended.
    Completed(Req, OperationResult),
    /// Something happened on a channel.
    Event(Origin, Event),
    /// What a login finds.
    Backlog(Vec<ChannelState>, Vec<Event>),
    /// A call record, and its sender.
    Record(Text, Record),
    /// The service logged the device out.
    Kicked,
    /// A media operation ended.
    MediaDone(Req, Code),
    /// An event of the media room.
    Media(RtcReport),
}

/// The service, and the ports of each device.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    service: Service,
    accounts: Vec<Text>,
    /// Per device, one for each incarnation.
    signaling: Vec<Vec<Port>>,
    media: Vec<Vec<Port>>,
}

impl Exchange {
    /// For devices of these accounts. The first channel that device 2 creates is called `c3-1`.
    pub(crate) fn new(accounts: Vec<Text>) -> Exchange {
        let options = Options { channel_prefix: "c".into(), ..Options::default() };
        let mut service = Service::new(options);
        let signaling = accounts.iter().map(|_| vec![service.attach()]).collect();
        let media = accounts.iter().map(|_| vec![service.attach_media()]).collect();
        Exchange { service, accounts, signaling, media }
    }

    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// A device's incarnation.
    pub(crate) fn life(&self, device: usize) -> usize {
        self.signaling[device].len() - 1
    }

    fn port(&self, device: usize) -> Port {
        self.signaling[device][self.life(device)]
    }

    fn media_port(&self, device: usize) -> Port {
        self.media[device][self.life(device)]
    }

    /// The service regards it as online.
    pub(crate) fn is_online(&self, device: usize) -> bool {
        self.service.device(self.port(device)).is_some()
    }

    /// Runs an operation that the device issued in this incarnation.
    pub(crate) fn run(&mut self, now: u64, device: usize, life: usize, req: Req, op: &Operation) {
        let port = self.signaling[device][life];
        if let Operation::Login { account, .. } = op {
            let addr = DeviceAddr { account: account.clone(), device: device.to_string().into() };
            self.service.login(now, port, req, addr);
        } else {
            self.service.run(now, port, req, op);
        }
    }

    pub(crate) fn run_media(&mut self, now: u64, device: usize, req: Req, op: &RtcOp) {
        self.service.run_media(|| now, self.media_port(device), req, op);
    }

    /// What the service has for devices, in its order.
    pub(crate) fn poll(&mut self) -> Option<(usize, Report)> {
        loop {
            let output = self.service.poll_output()?;
            if let (Some(device), Some(report)) = (self.device_of(output.port()), report(output)) {
                return Some((device, report));
            }
        }
    }

    fn device_of(&self, port: Port) -> Option<usize> {
        let ports = [&self.signaling, &self.media];
        ports.into_iter().find_map(|all| all.iter().position(|lives| lives.contains(&port)))
    }
}

#[allow(dead_code, reason = "the simulation uses it, the model check does not")]
impl Exchange {
    pub(crate) fn notify(&mut self, now: u64, device: usize, life: usize, notification: &Notification) {
        self.service.notify(now, self.signaling[device][life], notification);
    }

    /// When something is due at the service.
    pub(crate) fn poll_timeout(&self) -> Option<u64> {
        self.service.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: u64) {
        self.service.handle_timeout(now);
    }

    /// The service logs the device out, if it is online.
    pub(crate) fn kick(&mut self, now: u64, device: usize) {
        let kick = Fault {
            action: nertc_callkit_fault_action::NERTC_CALLKIT_FAULT_KICK as i32,
            on: nertc_callkit_fault_on::NERTC_CALLKIT_FAULT_ON_NOW as i32,
            account: Some(self.accounts[device].clone()),
            device: Some(device.to_string().into()),
            ..Fault::default()
        };
        self.service.add_fault(now, kick).expect("a script that takes a line that makes sense");
    }

    /// The device's process has crashed, and a new one begins: what is in flight from the old one comes
    /// from its port until `detach`. Media notices at once.
    pub(crate) fn restart(&mut self, now: u64, device: usize) {
        self.service.detach_media(now, self.media_port(device));
        self.signaling[device].push(self.service.attach());
        self.media[device].push(self.service.attach_media());
    }

    /// The service notices that this incarnation's process has ended.
    pub(crate) fn detach(&mut self, now: u64, device: usize, life: usize) {
        self.service.detach(now, self.signaling[device][life]);
    }

    /// Channels that the service has the device in.
    pub(crate) fn channels_of(&self, device: usize) -> Vec<ChannelState> {
        self.service.channels_at(self.port(device)).collect()
    }

    /// The device is in a media room.
    pub(crate) fn is_in_room(&self, device: usize) -> bool {
        self.service.is_in_room(self.media_port(device))
    }

    /// The others in its media room.
    pub(crate) fn room_mates(&self, device: usize) -> Vec<usize> {
        let peers = self.service.media_peers(self.media_port(device));
        peers.into_iter().filter_map(|port| self.device_of(port)).collect()
    }
}

fn report(output: Output) -> Option<Report> {
    match output {
        Output::Signaling(_, message) => match message {
            SignalingMessage::Completed(req, result) => Some(Report::Completed(req, *result)),
            SignalingMessage::Online(event) => Some(Report::Event(Origin::Online, (*event).clone())),
            SignalingMessage::OtherDevice(event) => {
                Some(Report::Event(Origin::OtherDevice, (*event).clone()))
            }
            SignalingMessage::Offline(events) => Some(Report::Backlog(Vec::new(), events.to_vec())),
            SignalingMessage::Channels(channels) => Some(Report::Backlog(channels.to_vec(), Vec::new())),
            SignalingMessage::Record { from, record } => Some(Report::Record(from, (*record).clone())),
            // Nothing but a kick happens to the service's connections by itself.
            SignalingMessage::Connection(_) => Some(Report::Kicked),
            SignalingMessage::Log(..) => None,
        },
        Output::Media(_, MediaMessage::Completed(req, outcome)) => Some(Report::MediaDone(req, outcome.code)),
        Output::Media(_, MediaMessage::Event(report)) => {
            is_of_peers(&report.event).then_some(Report::Media(report))
        }
        Output::Media(_, MediaMessage::Log(..)) | Output::Discard(_) => None,
    }
}

/// What befalls connections the world itself plays.
fn is_of_peers(event: &RtcEvent) -> bool {
    matches!(
        event,
        RtcEvent::PeerJoin { .. }
            | RtcEvent::PeerLeave { .. }
            | RtcEvent::PeerMedia { .. }
            | RtcEvent::PeerMute { .. }
    )
}
