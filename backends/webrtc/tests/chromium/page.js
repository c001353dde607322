// A peer as a web page would be one: RTCPeerConnection, WebAudio and WebCrypto, and the texts of
// backends/webrtc/src/peer/message.rs in their envelope. `start` makes it; `tell` is the bridge's.
'use strict';

const VERSION = 1;
const ENVELOPE = 1000;
const TEXT_LIMIT = 4000;
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const utf8 = new TextEncoder();

// Bytes, and their base64url without padding.
const random = (count) => crypto.getRandomValues(new Uint8Array(count));
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const base64 = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const unbase64 = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const joined = (parts) => Uint8Array.from(parts.flatMap((part) => Array.from(part)));
const equal = (one, other) => hex(one) === hex(other);

async function through(stream, bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

// Each field behind its length, 8 bytes.
function frame(...fields) {
  return joined(fields.flatMap((field) => {
    const bytes = typeof field === 'string' ? utf8.encode(field) : field;
    const length = new Uint8Array(8);
    new DataView(length.buffer).setUint32(4, bytes.length);
    return [length, bytes];
  }));
}

// Hashes fields, in order. `call`: accounts and the inviter's device as it states them, channel, call id, sid.
const commit = (call, fingerprint, nonce) =>
  sha256(frame('nck-sas-1', 'inviter', call.inviter, call.callee, call.inviter_device, '', call.channel, call.call_id,
    unhex(call.sid), fingerprint, nonce));

// The code, from fingerprints and nonces of inviter and callee.
async function codeOf(call, fingerprints, nonces) {
  const digest = await sha256(frame('nck-code-1', call.inviter, call.callee, call.inviter_device, call.callee_device,
    call.channel, call.call_id, unhex(call.sid), ...fingerprints, ...nonces));
  const bits = new DataView(digest.buffer).getUint32(0);
  return [27, 22, 17, 12].map((shift) => ALPHABET[(bits >>> shift) & 31]).join('');
}

const fingerprintOf = (sdp) => unhex(/^a=fingerprint:sha-256 (.*)$/m.exec(sdp)[1].trim().replaceAll(':', ''));
// Addresses as they are in a page that may not use a microphone; without a window Chromium does not hide them.
const named = (text) => text.replaceAll(/( (?:udp|tcp) \d+) \S+ (?=\d+ typ host)/g, '$1 3f1a2b4c-0000-4000-8000-00000000.local ');
const ufragOf = (sdp) => /^a=ice-ufrag:(.*)$/m.exec(sdp)[1].trim();

class Peer {
  constructor(given) {
    Object.assign(this, given); // role, account, device, other, channel, call_id, uid, hertz; hides, plain, lies, gives_code
    this.seq = 0;
    this.media = { on: 1, muted: 0 };
    this.nonce = random(16);
    this.early = [];
    this.audio = new AudioContext({ sampleRate: 48000 });
  }

  // The connection, and the tone that it sends.
  connect() {
    this.pc = new RTCPeerConnection();
    const source = new OscillatorNode(this.audio, { frequency: this.hertz });
    const gain = new GainNode(this.audio, { gain: 0.5 });
    const out = new MediaStreamAudioDestinationNode(this.audio, { channelCount: 1 });
    source.connect(gain).connect(out);
    source.start();
    [this.track] = out.stream.getAudioTracks();
    this.pc.onicecandidate = ({ candidate }) => this.onCandidate(candidate);
    this.pc.ontrack = ({ track }) => this.listen(new MediaStream([track]));
    this.pc.onconnectionstatechange = () => tell({ event: 'connection', state: this.pc.connectionState });
  }

  // What it tells of its addresses.
  shown(text) {
    return this.hides ? named(text) : text;
  }

  send(type, keys) {
    this.seq += 1;
    const text = { v: VERSION, t: type, sid: this.sid, seq: this.seq, ...keys };
    tell({ text: { cid: ENVELOPE, d: text } });
    return text;
  }

  // A text with a description, deflated where it would be too long.
  async sendDescription(type, keys) {
    const sdp = this.shown(this.pc.localDescription.sdp);
    const names = { acc: this.account, dev: this.device, to: this.other };
    const text = { ...keys, ...names, uid: this.uid, ...this.media, sdp };
    if (JSON.stringify(text).length + 200 > TEXT_LIMIT) {
      delete text.sdp;
      text.z = base64(await through(new CompressionStream('deflate-raw'), utf8.encode(sdp)));
      tell({ event: 'deflated', from: sdp.length, to: text.z.length });
    }
    this.isDescribed = true;
    const sent = this.send(type, text);
    this.flushCandidates();
    return sent;
  }

  // Candidates belong to the description that was sent before them.
  onCandidate(candidate) {
    if (candidate?.candidate) {
      (this.found ??= []).push(candidate);
      this.flushCandidates();
    }
  }

  flushCandidates() {
    if (this.isDescribed && this.found?.length) {
      const own = ufragOf(this.pc.localDescription.sdp);
      const cand = this.found.filter((it) => it.usernameFragment === own).map((it) => this.shown(it.candidate));
      this.found = [];
      this.send('cand', { ufrag: own, cand });
    }
  }

  // ---- the side that invites

  async offer(options) {
    if (!this.pc) {
      this.sid = hex(random(16));
      this.connect();
      const sender = this.pc.addTransceiver(this.track, { direction: 'sendrecv' });
      if (this.plain) {
        // Everything that Chromium has, and pictures.
        this.pc.addTransceiver('video', { direction: 'sendrecv' });
      } else {
        const { codecs } = RTCRtpSender.getCapabilities('audio');
        sender.setCodecPreferences(codecs.filter((codec) => codec.mimeType === 'audio/opus'));
      }
    }
    this.isDescribed = false;
    await this.pc.setLocalDescription(await this.pc.createOffer(options));
    const keys = {};
    if (this.gives_code) {
      const fingerprint = fingerprintOf(this.pc.localDescription.sdp);
      keys.c = base64(await commit(this.bound(), fingerprint, this.nonce));
    }
    this.offered = await this.sendDescription('offer', keys);
  }

  async onAnswer(text, sdp) {
    if (text.re !== this.offered.seq || this.answered === this.offered.seq) {
      return;
    }
    this.answered = text.re;
    this.meet(text);
    await this.pc.setRemoteDescription({ type: 'answer', sdp });
    const isFirst = !this.peer_nonce;
    if (isFirst && text.n && this.gives_code) {
      this.peer_nonce = unbase64(text.n);
      this.send('reveal', { n: base64(this.lies ? random(16) : this.nonce) });
    }
    await this.onDescribed(text, sdp);
  }

  // ---- the side that is invited

  async onOffer(text, sdp) {
    if (this.sid === text.sid && text.seq <= this.peer_seq) {
      return;
    }
    [this.sid, this.peer_seq] = [text.sid, text.seq];
    clearTimeout(this.asking);
    this.meet(text);
    if (!this.pc) {
      this.connect();
    }
    if (text.c) {
      this.commitment = unbase64(text.c);
    }
    this.isDescribed = false;
    await this.pc.setRemoteDescription({ type: 'offer', sdp });
    const [transceiver] = this.pc.getTransceivers();
    transceiver.direction = 'sendrecv';
    await transceiver.sender.replaceTrack(this.track);
    await this.pc.setLocalDescription(await this.pc.createAnswer());
    await this.sendDescription('answer', { re: text.seq, ...(this.gives_code && { n: base64(this.nonce) }) });
    await this.onDescribed(text, sdp);
  }

  async onReveal(text) {
    const nonce = unbase64(text.n);
    const { sdp } = this.pc.remoteDescription;
    if (!equal(await commit(this.bound(), fingerprintOf(sdp), nonce), this.commitment)) {
      tell({ event: 'mismatch' });
      return;
    }
    this.peer_nonce = nonce;
    await this.showCode();
  }

  // ---- both

  // What commitment and code are bound to.
  bound() {
    const { role, account, device, other, peer_device = '', channel, call_id, sid } = this;
    return role === 'inviter'
      ? { inviter: account, callee: other, inviter_device: device, callee_device: peer_device, channel, call_id, sid }
      : { inviter: other, callee: account, inviter_device: peer_device, callee_device: device, channel, call_id, sid };
  }

  // Who the peer says it is: its account must be the one that we know.
  meet({ acc, dev, to }) {
    if (acc !== this.other || to !== this.account) {
      throw new Error(`a text of ${acc} to ${to}`);
    }
    this.peer_device = dev;
  }

  async onDescribed(text, sdp) {
    this.onMedia(text);
    if (this.peer_nonce) {
      await this.showCode();
    }
    const [{ transport }] = this.pc.getReceivers();
    transport.onstatechange = () => tell({ event: 'dtls', state: transport.state });
    tell({ event: 'described', ufrag: ufragOf(sdp), own: ufragOf(this.pc.localDescription.sdp) });
    for (const early of this.early.splice(0)) {
      await this.onText(early);
    }
  }

  async showCode() {
    const [own, other] = [this.pc.localDescription, this.pc.remoteDescription].map(({ sdp }) => fingerprintOf(sdp));
    const inOrder = (ours, theirs) => (this.role === 'inviter' ? [ours, theirs] : [theirs, ours]);
    const code = await codeOf(this.bound(), inOrder(own, other), inOrder(this.nonce, this.peer_nonce));
    tell({ event: 'code', code });
  }

  onMedia({ on = 0, muted = 0 }) {
    tell({ event: 'media', on, muted });
  }

  receive(envelope) {
    if (envelope.cid !== ENVELOPE || envelope.d.v !== VERSION) {
      throw new Error(`no text of ours: ${JSON.stringify(envelope)}`);
    }
    // One after the other, as they came.
    this.busy = (this.busy ?? Promise.resolve()).then(() => this.onText(envelope.d));
    return this.busy;
  }

  async onText(text) {
    const sdp = text.z
      ? new TextDecoder().decode(await through(new DecompressionStream('deflate-raw'), unbase64(text.z)))
      : text.sdp;
    if (text.t === 'offer') {
      await this.onOffer(text, sdp);
    } else if (text.t === 'answer') {
      await this.onAnswer(text, sdp);
    } else if (!this.pc?.remoteDescription) {
      this.early.push(text);
    } else if (text.t === 'cand') {
      for (const candidate of text.cand) {
        await this.pc.addIceCandidate({ candidate, sdpMLineIndex: 0, usernameFragment: text.ufrag });
      }
    } else if (text.t === 'reveal') {
      await this.onReveal(text);
    } else if (text.t === 'media') {
      this.onMedia(text);
    } else if (text.t === 'restart') {
      await this.offer({ iceRestart: true });
    } else if (text.t === 'bye') {
      tell({ event: 'bye' });
    }
  }

  // The app mutes or closes its microphone.
  setMedia({ on, muted }) {
    this.media = { on, muted };
    this.track.enabled = on === 1 && muted === 0;
    this.send('media', this.media);
  }

  // ICE begins anew. Who was invited asks for it until there is an offer: shortly after another one, or lost, it
  // does not count.
  restart() {
    if (this.role === 'inviter') {
      return this.offer({ iceRestart: true });
    }
    this.send('restart', {});
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.restart(), 1000);
    return undefined;
  }

  leave() {
    this.send('bye', {});
    this.pc.close();
  }

  // Says whose credentials ICE uses by now.
  async showTransport() {
    const [{ transport }] = this.pc.getReceivers();
    const report = Array.from((await this.pc.getStats()).values()).find((it) => it.type === 'transport');
    tell({ event: 'transport', own: report.iceLocalUsernameFragment, ice: transport.iceTransport.state });
  }

  // Says what is heard: the loudest frequency, and how loud the whole is.
  listen(stream) {
    // Without an element that plays it a stream of a peer has no sound in WebAudio.
    document.querySelector('audio').srcObject = stream;
    const analyser = new AnalyserNode(this.audio, { fftSize: 8192, smoothingTimeConstant: 0 });
    new MediaStreamAudioSourceNode(this.audio, { mediaStream: stream }).connect(analyser);
    const [levels, samples] = [new Float32Array(analyser.frequencyBinCount), new Float32Array(analyser.fftSize)];
    const width = this.audio.sampleRate / analyser.fftSize;
    setInterval(() => {
      analyser.getFloatFrequencyData(levels);
      analyser.getFloatTimeDomainData(samples);
      const loudest = levels.reduce((best, level, at) => (level > levels[best] ? at : best), 1);
      const [left, middle, right] = [-1, 0, 1].map((step) => levels[loudest + step]);
      // The top of the parabola through three bins.
      const between = (left - right) / (2 * (left - 2 * middle + right)) || 0;
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      tell({ event: 'sound', hertz: (loudest + between) * width, level: Math.sqrt(power) });
    }, 100);
  }
}

// Codes that are known, of tests/vectors/security_code.json.
async function check(vectors) {
  for (const { sid, channel, call_id, ...vector } of vectors) {
    const call = {
      inviter: vector.inviter_account,
      callee: vector.callee_account,
      inviter_device: vector.inviter_device,
      callee_device: vector.callee_device,
      channel,
      call_id,
      sid,
    };
    const sides = ['inviter', 'callee'];
    const [fingerprints, nonces] = ['fingerprint', 'nonce'].map((what) => sides.map((side) => unhex(vector[`${side}_${what}`])));
    const found = [hex(await commit(call, fingerprints[0], nonces[0])), await codeOf(call, fingerprints, nonces)];
    if (found[0] !== vector.commitment || found[1] !== vector.code) {
      throw new Error(`${found} for ${JSON.stringify(vector)}`);
    }
  }
}

let peer;

async function start({ vectors, ...given }) {
  await check(vectors);
  peer = new Peer(given);
  await peer.audio.resume();
  if (given.role === 'inviter') {
    await peer.offer();
  }
}
