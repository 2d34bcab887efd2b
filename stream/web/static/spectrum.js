// The spectrogram: it moves what it has drawn, and draws only the columns that are new.
import { $, css } from "./common.js";

export class Spectrum {
  constructor() {
    this.canvas = $("spectrum");
    this.canvas.width = 0;
    this.film = new OffscreenCanvas(1, 1);
    this.again();
  }

  // again has all of it drawn next time.
  again() { this.key = ""; }

  // draw draws s: its bands, the columns [a, b) of spec that are seen, the number of the
  // first one, how long one is in device pixels, and the device pixel at which number 0 is.
  // box is {width, height, left, right, scale}, in device pixels.
  draw(s, box) {
    const c = this.canvas, g = c.getContext("2d");
    const key = [box.width, box.height, box.scale, s.pitch, s.bands, s.rate].join();
    const x = (k) => s.zero + (k + s.first) * s.pitch; // of column k
    let from = box.left;
    const shift = Math.round(this.zero - s.zero);
    g.setTransform(1, 0, 0, 1, 0, 0);
    if (key === this.key && shift >= 0 && shift < box.right - box.left) {
      from = Math.max(this.drawn - shift - 1, box.left);
      if (shift > 0) this.move(g, shift, box);
    } else {
      c.width = box.width;
      c.height = box.height;
      this.axis(g, s, box);
    }
    this.key = key;
    this.zero = s.zero;
    this.drawn = Math.min(Math.floor(x(s.b)), box.right);
    g.clearRect(from, 0, box.right - from, box.height);
    const a = Math.max(s.a, Math.floor((from - s.zero) / s.pitch) - s.first - 2), n = s.b - a;
    if (n <= 0) return;
    this.fill(s, a, n);
    g.save();
    g.beginPath();
    g.rect(from, 0, box.right - from, box.height);
    g.clip();
    g.drawImage(this.film, 0, 0, n, s.bands, x(a), 0, n * s.pitch, box.height);
    g.restore();
  }

  move(g, shift, box) {
    const n = box.right - box.left - shift;
    g.save();
    g.beginPath();
    g.rect(box.left, 0, box.right - box.left, box.height);
    g.clip();
    g.globalCompositeOperation = "copy";
    g.drawImage(this.canvas, box.left + shift, 0, n, box.height, box.left, 0, n, box.height);
    g.restore();
  }

  // fill puts n columns from a on onto the film.
  fill(s, a, n) {
    const pixels = new ImageData(n, s.bands), out = new Uint32Array(pixels.data.buffer), ramp = palette();
    for (let i = 0; i < s.bands; i++)
      for (let k = 0, at = (s.bands - 1 - i) * n; k < n; k++) out[at + k] = ramp[s.spec[(a + k) * s.bands + i]];
    if (this.film.width < n || this.film.height !== s.bands) {
      this.film.width = n;
      this.film.height = s.bands;
    }
    this.film.getContext("2d").putImageData(pixels, 0, 0);
  }

  axis(g, s, box) {
    g.fillStyle = css("--quiet");
    g.textAlign = "right";
    g.font = 11 * box.scale + "px system-ui, sans-serif";
    const mel = (hz) => 2595 * Math.log10(1 + hz / 700), top = mel(s.rate / 2);
    for (const hz of [250, 1000, 4000, 16000])
      if (hz < s.rate / 2) g.fillText(hz < 1000 ? hz + " Hz" : hz / 1000 + " kHz", box.left - 6 * box.scale, box.height - mel(hz) / top * box.height + 4 * box.scale);
  }
}

// palette returns the colours of powers: dark, blue, violet, orange, pale.
let ramp = null;
function palette() {
  if (ramp) return ramp;
  const stops = [[0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164]];
  ramp = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const x = Math.max(0, (i - 60) / 195) * (stops.length - 1), k = Math.min(Math.floor(x), stops.length - 2), f = x - k;
    const [r, g, b] = stops[k].map((v, j) => Math.round(v + f * (stops[k + 1][j] - v)));
    ramp[i] = 255 << 24 | b << 16 | g << 8 | r;
  }
  return ramp;
}
