// Two ways in which a browser blurs a background, as processors of a LiveKit track. Everything they need comes from this page's server.

import { FilesetResolver, ImageSegmenter } from '@mediapipe/tasks-vision';

const wasm = '/wasm', model = '/person.tflite';

// livekit is LiveKit's own processor with its own settings, which draws with WebGL. delegate says where the network runs: GPU is its
// default.
export async function livekit(delegate) {
  const { BackgroundProcessor } = await import('/processors.mjs');
  return BackgroundProcessor({
    mode: 'background-blur', assetPaths: { tasksVisionFileSet: wasm, modelAssetPath: model }, segmenterOptions: { delegate },
  });
}

// canvas does it the way Jitsi Meet does (JitsiStreamBackgroundEffect.ts): the network on the processor, in WebAssembly, over a small copy
// of the picture; the rest by a two-dimensional canvas. It needs no GPU for what happens at the size of the picture.
export class Canvas {
  name = 'canvas';
  #small = new OffscreenCanvas(256, 144);
  #cut = new OffscreenCanvas(256, 144);
  #mask = new ImageData(256, 144);

  async init({ track }) {
    this.segmenter = await ImageSegmenter.createFromOptions(await FilesetResolver.forVisionTasks(wasm), {
      baseOptions: { modelAssetPath: model, delegate: 'CPU' }, runningMode: 'VIDEO', outputCategoryMask: false, outputConfidenceMasks: true,
    });
    const { width, height } = track.getSettings();
    this.canvas = new OffscreenCanvas(width, height);
    this.processedTrack = new MediaStreamTrackGenerator({ kind: 'video' });
    new MediaStreamTrackProcessor({ track }).readable
      .pipeThrough(new TransformStream({ transform: (frame, to) => this.#draw(frame, to) }))
      .pipeTo(this.processedTrack.writable).catch(() => {}); // the track has ended
  }

  #draw(frame, to) {
    this.#small.getContext('2d', { willReadFrequently: true }).drawImage(frame, 0, 0, 256, 144);
    const result = this.segmenter.segmentForVideo(this.#small.getContext('2d').getImageData(0, 0, 256, 144), performance.now());
    const person = result.confidenceMasks.at(-1).getAsFloat32Array();
    for (let i = 0; i < person.length; i++) this.#mask.data[4 * i + 3] = 255 * person[i];
    result.close();
    this.#cut.getContext('2d', { willReadFrequently: true }).putImageData(this.#mask, 0, 0);
    const { width, height } = this.canvas, c = this.canvas.getContext('2d');
    c.globalCompositeOperation = 'copy';
    c.filter = 'blur(8px)';
    c.drawImage(this.#cut, 0, 0, width, height);
    c.globalCompositeOperation = 'source-in';
    c.filter = 'none';
    c.drawImage(frame, 0, 0, width, height);
    c.globalCompositeOperation = 'destination-over';
    c.filter = 'blur(25px)';
    c.drawImage(frame, 0, 0, width, height);
    to.enqueue(new VideoFrame(this.canvas, { timestamp: frame.timestamp }));
    frame.close();
  }

  async restart(o) { await this.destroy(); await this.init(o); }
  async destroy() { this.processedTrack?.stop(); this.segmenter?.close(); }
}
