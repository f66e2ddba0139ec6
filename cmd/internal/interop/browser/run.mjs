import { chromium } from 'playwright-core';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { withMetadata } from './model.mjs';

const here = path.dirname(new URL(import.meta.url).pathname);
const tell = (event, more = {}) => process.stdout.write(JSON.stringify({ event, at: Date.now(), ...more }) + '\n');
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => { const { value, done } = await lines.next(); return done ? { do: 'leave' } : JSON.parse(value); };

const o = { codec: 'vp8', simulcast: false, publish: true, width: 640, height: 360, fps: 30, every: 1000, ...await next() };

const modules = path.join(here, 'node_modules');
const vision = path.join(modules, '@mediapipe/tasks-vision');
const script = 'text/javascript';
const files = {
  '/': [path.join(here, 'page.html'), 'text/html'],
  '/lk.js': [path.join(modules, 'livekit-client/dist/livekit-client.umd.js'), script],
  '/e2ee.js': [path.join(modules, 'livekit-client/dist/livekit-client.e2ee.worker.js'), script],
  '/blur.mjs': [path.join(here, 'blur.mjs'), script],
  '/processors.mjs': [path.join(modules, '@livekit/track-processors/dist/index.mjs'), script],
  '/vision.mjs': [path.join(vision, 'vision_bundle.mjs'), script],
};
for (const name of ['vision_wasm_internal', 'vision_wasm_nosimd_internal']) {
  files[`/wasm/${name}.js`] = [path.join(vision, 'wasm', `${name}.js`), script];
  files[`/wasm/${name}.wasm`] = [path.join(vision, 'wasm', `${name}.wasm`), 'application/wasm'];
}
const models = path.join(here, '../../../../assets/models');
const server = http.createServer((q, r) => {
  if (q.url === '/person.tflite') {
    r.writeHead(200, { 'content-type': 'application/octet-stream' });
    return r.end(withMetadata(fs.readFileSync(path.join(models, 'selfie_segmentation_landscape.tflite'))));
  }
  const f = files[q.url];
  if (!f) { r.writeHead(204); return r.end(); }
  r.writeHead(200, { 'content-type': f[1] });
  fs.createReadStream(f[0]).pipe(r);
}).listen(0, '127.0.0.1');
await new Promise(r => server.once('listening', r));

// --no-sandbox: tests run as root in containers, where Chromium's sandbox cannot. The browser sees this room and nothing else:
// --host-resolver-rules makes every name unknown, so nothing of its own calls outside.
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost', '--use-fake-ui-for-media-stream',
  `--use-fake-device-for-media-stream=fps=${o.fps}`, '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required',
  '--disable-renderer-backgrounding', '--disable-background-timer-throttling'];
if (o.picture) args.push(`--use-file-for-fake-video-capture=${o.picture}`);
if (o.sound) args.push(`--use-file-for-fake-audio-capture=${o.sound}`);

const executablePath = process.env.CHROMIUM || ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(p => fs.existsSync(p));
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'paravent-browser-'));
let context;
let code = 0;
try {
  tell('starting');
  context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
  const page = context.pages()[0] || await context.newPage();
  page.on('console', m => { if (m.type() === 'error' || o.verbose) console.error('[page]', m.text().slice(0, 300)); });
  page.on('pageerror', e => tell('error', { text: e.message }));
  await page.exposeFunction('emit', line => process.stdout.write(line + '\n'));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(x => window.join(x), o);
  for (;;) {
    const c = await next();
    if (c.do === 'shot') { await page.screenshot({ path: c.file }); tell('done', { text: 'shot' }); continue; }
    try { await page.evaluate(x => window.obey(x), c); } catch (e) { tell('error', { text: e.message }); }
    if (c.do === 'leave') break;
  }
} catch (e) {
  tell('error', { text: e.message });
  code = 1;
} finally {
  await context?.close().catch(() => {});
  server.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
process.exit(code);
