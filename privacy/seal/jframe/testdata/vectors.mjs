// Makes livekit.json: frames and messages as the worker of livekit-client encrypts them, run in Node 20 or newer.
//
//   node vectors.mjs PATH/livekit-client/dist/livekit-client.e2ee.worker.mjs > livekit.json
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const waiting = new Map(); // a kind of answer → who waits for it
globalThis.self = globalThis;
globalThis.onmessage = null;
globalThis.postMessage = m => { waiting.get(m.kind)?.(m.data); if (m.kind === 'error') console.error(m.data.error); };
await import(pathToFileURL(path.resolve(process.argv[2])));
const post = (kind, data) => globalThis.onmessage({ data: { kind, data } });
const answer = (kind, data, expect) => new Promise(r => { waiting.set(expect, r); post(kind, data); });

const hex = b => Buffer.from(b).toString('hex');
const noise = (n, seed) => Uint8Array.from({ length: n }, () => (seed = (seed * 1103515245 + 12345) >>> 0) >>> 24);
const defaults = { ratchetSalt: 'LKFrameEncryptionKey', ratchetWindowSize: 8, failureTolerance: 10, keyringSize: 16, keySize: 128 };
const shared = { ...defaults, sharedKey: true, ratchetWindowSize: 0, failureTolerance: -1 };
const material = (raw, name) => crypto.subtle.importKey('raw', raw, name, false, ['deriveBits', 'deriveKey']);

const unit = (code, head, body) => [...code, ...head, ...body];
const long = [0, 0, 0, 1], short = [0, 0, 1];
const h264 = Uint8Array.from([
  ...unit(long, [0x67, 0x42, 0xc0, 0x1f], noise(12, 1)), ...unit(short, [0x68, 0xce], [0x3c, 0x80]),
  ...unit(long, [0x65, 0xb8], [0, 0, 3, 1, ...noise(300, 2), 0, 0, 0, 1, 0x65, 0x11, ...noise(200, 3)]),
]);
const frames = [
  ['opus', undefined, Uint8Array.from([0x78, ...noise(80, 4)])],
  ['opus', undefined, Uint8Array.from([0xf8, 0xff, 0xfe])],
  ['vp8', 'key', Uint8Array.from([0x10, 2, 0, 0x9d, 1, 0x2a, 8, 0, 8, 0, ...noise(700, 5)])],
  ['vp8', 'delta', Uint8Array.from([0x11, 2, 0, ...noise(200, 6)])],
  ['vp9', 'key', Uint8Array.from([0x82, 0x49, 0x83, 0x42, ...noise(300, 7)])],
  ['vp9', 'delta', Uint8Array.from([0x86, ...noise(90, 8)])],
  ['h264', 'key', h264],
  ['h264', 'delta', Uint8Array.from(unit(long, [0x41, 0x9a], [...noise(150, 9), 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 3]))],
];

let track = 0;
// sealed is what becomes of a frame; of one that is to be escaped it is tried until it was, so that the vector shows it.
async function sealed(who, codec, type, plain) {
  const frame = { data: plain.slice().buffer, timestamp: 90000 + track, getMetadata: () => ({ synchronizationSource: 0x1234567, mimeType: `video/${codec.toUpperCase()}` }) };
  if (type) frame.type = type;
  let out;
  const readableStream = new ReadableStream({ start: c => { c.enqueue(frame); c.close(); } });
  const done = new Promise(r => post('encode', {
    participantIdentity: who, trackId: `t${track++}`, readableStream, codec: codec === 'opus' ? undefined : codec,
    writableStream: new WritableStream({ write: f => { out = new Uint8Array(f.data); }, close: r }),
  }));
  await done;
  const rest = hex(out.slice(-out.length + 40));
  return codec === 'h264' && type === 'key' && !/^(..)*000003/.test(rest) ? sealed(who, codec, type, plain) : out;
}

const all = { frames: [], messages: [] };
async function make(key, who) {
  for (const [codec, type, plain] of frames) all.frames.push({ ...key, codec, keyframe: type !== 'delta', plain: hex(plain), sealed: hex(await sealed(who, codec, type, plain)) });
  const plain = noise(120, 10);
  const m = await answer('encryptDataRequest', { payload: plain, participantIdentity: who, uuid: 'u' }, 'encryptDataResponse');
  all.messages.push({ ...key, plain: hex(plain), index: m.keyIndex, iv: hex(m.iv), sealed: hex(m.payload) });
}

const passphrase = 'korrektes Pferd Batterie Heftklammer ä';
await answer('init', { keyProviderOptions: shared, loglevel: 'error' }, 'initAck');
await answer('enable', { enabled: true, participantIdentity: 'anna' }, 'enable');
for (const index of [0, 5]) {
  post('setKey', { key: await material(new TextEncoder().encode(passphrase + index), 'PBKDF2'), keyIndex: index, updateCurrentKeyIndex: true, isPublisher: true });
  await make({ passphrase: passphrase + index, index }, 'anna');
}
await answer('init', { keyProviderOptions: { ...defaults, sharedKey: false }, loglevel: 'error' }, 'initAck');
await answer('enable', { enabled: true, participantIdentity: 'bert' }, 'enable');
const raw = noise(32, 11);
post('setKey', { key: await material(raw, 'HKDF'), participantIdentity: 'bert', keyIndex: 3, updateCurrentKeyIndex: true, isPublisher: true });
for (let steps = 0; steps <= 2; steps++) {
  await make({ raw: hex(raw), index: 3, steps }, 'bert');
  post('ratchetRequest', { participantIdentity: 'bert', keyIndex: 3 });
}
console.log(JSON.stringify(all, null, 1));
