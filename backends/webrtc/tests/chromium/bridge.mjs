// bridge.mjs CHROMIUM: pages of one browser, each of them a peer, controlled line by line.
//
// In:  {"page":1,"open":{…}}           a new page with a peer of page.js
//      {"page":1,"call":"receive","with":…}  a method of that peer
//      {"page":1,"close":true}
// Out: {"ready":"156.0…"}, {"page":1,"text":{…}}, {"page":1,"event":"…",…}, {"page":1,"error":"…"}
// The end of the input ends the browser. What is no JSON object is for whoever reads the log of a failure.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const { chromium } = createRequire(new URL('../../../../build/node/', import.meta.url))('playwright-core');

// A page of this address is a secure context, which WebCrypto needs; nobody serves it.
const ADDRESS = 'http://localhost/';
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--mute-audio',
  '--autoplay-policy=no-user-gesture-required',
  // Without it a machine that has no network but itself could not call itself.
  '--allow-loopback-in-peer-connection',
];

const print = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const browser = await chromium.launch({ executablePath: process.argv[2], args: FLAGS });
const pages = new Map();

async function open(number, options) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><audio autoplay>' }));
  page.on('pageerror', (error) => print({ page: number, error: `${error.stack ?? error}` }));
  page.on('console', (message) => process.stderr.write(`page ${number}: ${message.text()}\n`));
  await page.exposeFunction('tell', (message) => print({ page: number, ...message }));
  await page.goto(ADDRESS);
  await page.addScriptTag({ path: fileURLToPath(new URL('page.js', import.meta.url)) });
  pages.set(number, page);
  await page.evaluate((given) => start(given), options);
}

async function act({ page: number, ...command }) {
  if (command.open) {
    await open(number, command.open);
  } else if (command.call) {
    await pages.get(number).evaluate(([name, argument]) => peer[name](argument), [command.call, command.with]);
  } else {
    await pages.get(number).context().close();
    pages.delete(number);
  }
}

print({ ready: browser.version() });
// One after the other, in order.
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  await act(command).catch((error) => print({ page: command.page, error: `${error.stack ?? error}` }));
}
await browser.close();
