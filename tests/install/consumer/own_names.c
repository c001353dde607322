/* Names that the static library has inside, too: of its libopus and of Rust. */
int opus_encode(void) { return 1; }
int opus_decoder_create(void) { return 2; }
int rust_eh_personality(void) { return 3; }
