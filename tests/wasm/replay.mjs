// replay.mjs MODULE TRACE: what `nertc-callkit replay --outputs TRACE` prints, from WebAssembly, and with its exit
// status. replay.mjs --size MODULE: its bytes, raw and compressed.
import { readFileSync, writeSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const [first, second] = process.argv.slice(2);
if (first === '--size') {
  const module = readFileSync(second);
  console.log(`${module.length} bytes, gzip ${gzipSync(module).length}, brotli ${brotliCompressSync(module).length}`);
  process.exit(0);
}

// No imports: the engine needs nothing of its surroundings.
const { instance } = await WebAssembly.instantiate(readFileSync(first), {});
const { memory, allocate, replay, text, text_length } = instance.exports;
const trace = readFileSync(second);
// `memory.buffer` is another object after the memory has grown.
const start = allocate(trace.length);
new Uint8Array(memory.buffer, start, trace.length).set(trace);
const status = replay();
let rest = new Uint8Array(memory.buffer, text(), text_length());
while (rest.length > 0) {
  rest = rest.subarray(writeSync(1, rest));
}
process.exit(status);
