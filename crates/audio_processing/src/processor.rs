//! sonora, with the far end in the microphone's clock.

use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, MaxProcessingRate, NoiseSuppression, Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::format::{FRAME, RATE};
use crate::reference::Reference;

/// Parts of the processing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Removes what the speaker plays from the microphone.
    pub cancels_echo: bool,
    /// Lowers steady noise by about 12 dB.
    pub suppresses_noise: bool,
    /// Amplifies a quiet voice, by at most 20 dB, and limits a loud one.
    pub controls_gain: bool,
}

impl Default for Settings {
    /// All of it.
    fn default() -> Settings {
        Settings { cancels_echo: true, suppresses_noise: true, controls_gain: true }
    }
}

/// Processes the microphone of one call.
#[derive(Debug)]
pub struct Processor {
    settings: Settings,
    inner: AudioProcessing,
    reference: Reference,
    /// 10 ms of the reference.
    far: [i16; FRAME],
    /// sonora returns the far end, too.
    unused: [i16; FRAME],
}

impl Processor {
    /// Allocates all that it needs.
    pub fn new(settings: Settings) -> Processor {
        let inner = build(settings);
        Processor { settings, inner, reference: Reference::default(), far: [0; FRAME], unused: [0; FRAME] }
    }

    /// Begins anew: for another device, or another call.
    pub fn reset(&mut self) {
        *self = Processor::new(self.settings);
    }

    /// What is written to the speaker, when it is written.
    pub fn far(&mut self, sound: &[i16]) {
        self.reference.push(sound);
    }

    /// Processes 10 ms of the microphone.
    pub fn near(&mut self, frame: &[i16; FRAME], processed: &mut [i16; FRAME]) {
        self.reference.pop(&mut self.far);
        let rendered = self.inner.process_render_i16(&self.far, &mut self.unused);
        let captured = rendered.and_then(|()| self.inner.process_capture_i16(frame, processed));
        // Only other lengths are refused.
        if captured.is_err() {
            *processed = *frame;
        }
    }
}

fn build(settings: Settings) -> AudioProcessing {
    let gain = AdaptiveDigital { initial_gain_db: 0.0, max_gain_db: 20.0, ..AdaptiveDigital::default() };
    let config = Config {
        pipeline: Pipeline {
            // The default would cut off what is above 16 kHz.
            maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
            ..Pipeline::default()
        },
        echo_canceller: settings.cancels_echo.then(EchoCanceller::default),
        noise_suppression: settings.suppresses_noise.then(NoiseSuppression::default),
        gain_controller2: settings
            .controls_gain
            .then(|| GainController2 { adaptive_digital: Some(gain), ..GainController2::default() }),
        ..Config::default()
    };
    let format = StreamConfig::new(RATE, 1);
    AudioProcessing::builder().config(config).capture_config(format).render_config(format).build()
}
