// A model as MediaPipe's tasks want it: they refuse one that does not say, in metadata, how a picture becomes its input. Ours was made
// before there was such metadata, so it is put in front of the file, whose other bytes stay as they are.
//
// Both are FlatBuffers (flatbuffers.dev, "FlatBuffers Internals"): every reference is a distance to something further back. So what is
// written in front can point at what was there.

// A Writer appends tables whose parts follow them.
class Writer {
  bytes = [];
  late = []; // places of references, each with what writes its part and returns where that is
  kept = []; // places of references into the file that was there, each with the place in it

  get at() { return this.bytes.length; }
  align(to) { while (this.at % to) this.bytes.push(0); }
  u16(v) { this.bytes.push(v & 255, v >> 8 & 255); }
  u32(v) { this.u16(v & 65535); this.u16(v >>> 16); }
  point(at, to) { for (let i = 0; i < 4; i++) this.bytes[at + i] = to - at >>> 8 * i & 255; }

  // value writes a field of four bytes: a number, or a reference to what a function will write or to what was there.
  value(v) {
    if (typeof v === 'function') this.late.push([this.at, v]);
    else if (v instanceof Old) this.kept.push([this.at, v.at]);
    this.u32(typeof v === 'number' ? v : 0);
  }

  // file writes everything from the root on; inFront of a file that was there, at a length that keeps that one's alignment.
  file(identifier, root, inFront) {
    this.value(root);
    this.bytes.push(...Buffer.from(identifier));
    for (let next; (next = this.late.shift());) this.point(next[0], next[1](this));
    if (inFront) this.align(16);
    for (const [at, to] of this.kept) this.point(at, this.at + to);
    return Buffer.from(this.bytes);
  }
}

// An Old is a place in the file that was there before.
class Old { constructor(at) { this.at = at; } }

// table makes a table of four-byte fields; fields maps a field's number to its value.
const table = fields => w => {
  const count = Math.max(...Object.keys(fields).map(Number)) + 1;
  w.align(4);
  const vtable = w.at;
  const used = Object.keys(fields).map(Number);
  w.u16(4 + 2 * count);
  w.u16(4 + 4 * used.length);
  for (let i = 0; i < count; i++) w.u16(i in fields ? 4 + 4 * used.indexOf(i) : 0);
  w.align(4);
  const at = w.at;
  w.u32(at - vtable);
  for (const i of used) w.value(fields[i]);
  return at;
};

const vector = values => w => { w.align(4); const at = w.at; w.u32(values.length); values.forEach(v => w.value(v)); return at; };
const text = s => w => { w.align(4); const at = w.at; w.u32(s.length); w.bytes.push(...Buffer.from(s), 0); return at; };
const float = v => new Uint32Array(new Float32Array([v]).buffer)[0];

// blob aligns its bytes to 16, as the schema asks of a buffer.
const blob = b => w => { while ((w.at + 4) % 16) w.bytes.push(0); const at = w.at; w.u32(b.length); w.bytes.push(...b); return at; };

// metadata says that the input is an image, its values from 0 to 1 (metadata_schema.fbs of tflite-support).
const metadata = () => {
  const rgb = 1, image = 2, normalization = 1;
  const input = table({
    3: table({ 0: image, 1: table({ 0: rgb }) }),
    4: vector([table({ 0: normalization, 1: table({ 0: vector([float(0)]), 1: vector([float(255)]) }) })]),
  });
  const graph = table({ 2: vector([input]), 3: vector([table({ 0: text('mask') })]) });
  return new Writer().file('M001', table({ 0: text('person'), 3: vector([graph]) }));
};

// withMetadata returns model, a Buffer (schema.fbs of TensorFlow Lite), with metadata.
export function withMetadata(model) {
  const root = model.readUInt32LE(0);
  const vtable = root - model.readInt32LE(root);
  const follow = at => at + model.readUInt32LE(at);
  const part = number => follow(root + model.readUInt16LE(vtable + 4 + 2 * number));
  const buffers = part(4), count = model.readUInt32LE(buffers);
  const all = Array.from({ length: count }, (_, i) => new Old(follow(buffers + 4 + 4 * i)));
  const front = new Writer().file('TFL3', table({
    0: 3, 1: new Old(part(1)), 2: new Old(part(2)), 4: vector([...all, table({ 0: blob(metadata()) })]),
    6: vector([table({ 0: text('TFLITE_METADATA'), 1: count })]),
  }), true);
  return Buffer.concat([front, model]);
}
