// Signal, spectrogram, ribbon of labels and probabilities, one above the other over one axis
// of time.
import { $, css, paint, paintOf, onTheme } from "./common.js";
import { Chart } from "./chart.js";
import { Spectrum } from "./spectrum.js";
import { describe } from "./words.js";

const left = 52, right = 12; // of every picture, in CSS pixels
const keep = 60; // seconds
const pace = 90; // milliseconds between pictures, at least
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Pictures {
  constructor(state, now) {
    this.state = state;
    this.now = now;
    this.pieces = []; // of the ribbon: {segment, from, to, label}
    this.again = null; // what other thresholds give
    this.due = false;
    this.last = 0;
    this.chart = new Chart(state, { left, right });
    this.spectrum = new Spectrum();
    onTheme(() => { this.chart.begin(); this.spectrum.again(); this.later(); });
    this.sizes = new Map(); // of the canvases and the chart, so that drawing asks for no layout
    const sizes = new ResizeObserver((all) => {
      for (const e of all) this.sizes.set(e.target.id, [e.contentRect.width, e.contentRect.height]);
      this.later();
    });
    for (const id of ["wave", "spectrum", "ribbon", "again"]) sizes.observe($(id));
    document.addEventListener("visibilitychange", () => this.later());
    $("ribbon").onclick = (e) => {
      const t = this.timeAt(e.offsetX);
      const s = this.segments && this.segments.all.find((s) => s.start / state.rate <= t && t <= s.end / state.rate);
      if (s) this.segments.select(s);
    };
  }

  // begin forgets everything: another stream, or the same anew.
  begin(h) {
    this.from = this.count = 0;
    this.ranges = this.spec = null;
    this.pieces = [];
    this.again = null;
    this.lastSegment = 0;
    this.state.newest = 0;
    $("again").hidden = true;
    this.chart.forget(h.labels);
    this.chart.begin();
    this.spectrum.again();
    this.later();
  }

  sound(h) {
    $("spectrum").hidden = !h.sound;
    $("wave").classList.toggle("traces", !h.sound);
    this.later();
  }

  // columns takes new columns of the signal.
  columns(w) {
    const per = w.ch * 2, rate = w.rate > 0 ? w.rate : 1;
    const most = Math.ceil(keep * rate / w.hop) + 2000;
    if (!this.ranges || this.per !== per || this.hop !== w.hop || this.bands !== w.bands || w.from < this.from) {
      Object.assign(this, { per, hop: w.hop, bands: w.bands, rate, ch: w.ch, from: w.from, count: 0, most,
        ranges: new Float32Array(2 * most * per).fill(NaN), spec: new Uint8Array(2 * most * w.bands), painted: w.from });
    }
    if (w.from + w.n - this.from > 2 * most) this.forget(w.from + w.n - most);
    const at = w.from - this.from;
    const floats = new Float32Array(bytes(w.mm).buffer);
    this.ranges.fill(NaN, this.count * per, Math.max(at, this.count) * per);
    this.spec.fill(0, this.count * w.bands, Math.max(at, this.count) * w.bands);
    this.ranges.set(floats, at * per);
    if (w.bands) this.spec.set(bytes(w.spec), at * w.bands);
    this.count = at + w.n;
    this.state.newest = Math.max(this.state.newest, (w.from + w.n) * w.hop / rate);
    this.later();
  }

  // forget drops the columns before one.
  forget(first) {
    const cut = Math.min(first - this.from, this.count);
    this.ranges.copyWithin(0, cut * this.per, this.count * this.per);
    this.spec.copyWithin(0, cut * this.bands, this.count * this.bands);
    this.from = first;
    this.count -= cut;
  }

  // steps takes running labels and what the detector heard.
  steps(run, det) {
    const rate = this.state.rate;
    for (const [sample, segment, label, p, all] of run) {
      const t = sample / rate;
      if (segment !== this.lastSegment && this.chart.xs.length) this.chart.push(this.chart.xs.at(-1) + 1e-6, []);
      this.lastSegment = segment;
      this.chart.push(t, all);
      const piece = this.pieces[this.pieces.length - 1];
      if (piece && piece.segment === segment && piece.label === label) piece.to = t;
      else this.pieces.push({ segment, from: piece && piece.segment === segment ? piece.to : t, to: t, label });
    }
    for (const [sample, p] of det) this.chart.detector(sample / rate, p);
    if (run.length) this.state.newest = Math.max(this.state.newest, run[run.length - 1][0] / rate);
    if (this.pieces.length > 2000) this.pieces.splice(0, 1000);
    this.later();
  }

  // later draws soon, at most 10 times a second, or once a second for those who want nothing
  // to move, and only what can be seen.
  later() {
    if (this.due || document.hidden) return;
    this.due = true;
    const draw = () => requestAnimationFrame((at) => {
      this.due = false;
      this.last = performance.now();
      this.repaint();
      this.now.frame(at);
    });
    const wait = this.last + (still.matches ? 1000 : pace) - performance.now();
    if (wait > 0) setTimeout(draw, wait); else draw();
  }

  repaint() {
    if (!this.state.hello || $("live").hidden) return;
    const [width] = this.size("ribbon");
    if (!this.state.frozen || !this.window) {
      // It moves by whole pixels of the screen, so that what has been drawn can be moved.
      const span = +$("span").value * (this.state.hello.rate > 0 ? 1 : 50), pixel = span / this.plot(width);
      const end = Math.ceil(Math.max(this.state.newest, span) / pixel) * pixel;
      this.window = [end - span, end];
    }
    this.drawWave();
    if (!$("spectrum").hidden) this.drawSpectrum(width);
    this.drawRibbon($("ribbon"), this.segments ? this.segments.all : [], this.pieces, true);
    if (this.again) this.drawRibbon($("again"), this.again, [], false);
    this.chart.draw(this.window, width);
    describe(this);
  }

  // plot returns the pixels of the screen between the margins.
  plot(width) { return Math.max(Math.round((width - left - right) * (devicePixelRatio || 1)), 1); }

  drawSpectrum(width) {
    if (!this.spec || !this.bands) return;
    const scale = devicePixelRatio || 1, pixel = (this.window[1] - this.window[0]) / this.plot(width), at = Math.round(left * scale), [a, b] = this.seen();
    this.spectrum.draw({ spec: this.spec, bands: this.bands, rate: this.rate, first: this.from, a, b, pitch: this.hop / this.rate / pixel, zero: at - Math.round(this.window[0] / pixel) },
      { width: Math.round(width * scale), height: Math.round(this.size("spectrum")[1] * scale), left: at, right: at + this.plot(width), scale });
  }

  // go shows the time t.
  go(t) {
    if (!this.window || t >= this.window[0] && t <= this.window[1] || !this.state.frozen) return;
    const span = this.window[1] - this.window[0];
    this.window = [Math.max(0, t - span / 2), Math.max(0, t - span / 2) + span];
    this.later();
  }

  size(id) { return this.sizes.get(id) || [$(id).clientWidth, $(id).clientHeight]; }

  canvas(c) {
    const scale = devicePixelRatio || 1, [width, height] = this.size(c.id), w = Math.round(width * scale), h = Math.round(height * scale);
    if (c.width !== w || c.height !== h) { c.width = w; c.height = h; }
    const g = c.getContext("2d");
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, width, height);
    g.font = "11px system-ui, sans-serif";
    return [g, width, height];
  }

  x(t, w) { return left + (t - this.window[0]) / (this.window[1] - this.window[0]) * (w - left - right); }

  timeAt(x) { return this.window[0] + (x - left) / (this.size("ribbon")[0] - left - right) * (this.window[1] - this.window[0]); }

  // seen returns the columns that the window shows, by their places.
  seen() {
    const a = Math.floor(this.window[0] * this.rate / this.hop) - this.from, b = Math.ceil(this.window[1] * this.rate / this.hop) - this.from;
    return [Math.max(a, 0), Math.min(b, this.count)];
  }

  drawWave() {
    const [g, w, h] = this.canvas($("wave"));
    if (!this.ranges) return;
    const [a, b] = this.seen(), sound = this.state.hello.sound, names = this.state.hello.names || [], units = this.state.hello.units || [];
    const row = h / this.ch;
    for (let c = 0; c < this.ch; c++) {
      let low = sound ? -1e-3 : Infinity, high = sound ? 1e-3 : -Infinity;
      for (let k = a; k < b; k++) {
        const l = this.ranges[k * this.per + 2 * c], u = this.ranges[k * this.per + 2 * c + 1];
        if (l < low) low = l;
        if (u > high) high = u;
      }
      if (sound) low = -(high = Math.max(-low, high));
      if (!(high > low)) { low = (low || 0) - 1; high = low + 2; }
      if (c === 0) this.heard = [low, high];
      const y = (v) => c * row + 3 + (high - v) / (high - low) * (row - 6);
      g.fillStyle = this.ch > 1 ? paint(c + 4) : css("--wave");
      // A bar for each pixel, from the least to the greatest value, which reaches the bar before.
      const step = (b - a) / Math.max(this.x((b + this.from) * this.hop / this.rate, w) - this.x((a + this.from) * this.hop / this.rate, w), 1);
      let px = NaN, l0 = NaN, u0 = NaN;
      for (let i = 0; a + i * step < b; i++) {
        const first = Math.floor(a + i * step), last = Math.max(Math.floor(a + (i + 1) * step), first + 1);
        let l = Infinity, u = -Infinity;
        for (let k = first; k < last && k < b; k++) {
          l = Math.min(l, this.ranges[k * this.per + 2 * c]);
          u = Math.max(u, this.ranges[k * this.per + 2 * c + 1]);
        }
        if (!(l <= u)) { l0 = u0 = NaN; continue; }
        px = this.x((a + i * step + this.from) * this.hop / this.rate, w);
        const low = Math.min(l, u0 === u0 ? u0 : l), high = Math.max(u, l0 === l0 ? l0 : u);
        g.fillRect(px, y(high), 1, Math.max(y(low) - y(high), 1));
        l0 = l;
        u0 = u;
      }
      g.fillStyle = css("--quiet");
      g.textAlign = "right";
      const digits = (v) => Math.abs(v) >= 1000 || Math.abs(v) < 0.01 && v !== 0 ? v.toExponential(0) : +v.toPrecision(2);
      g.fillText(digits(high), left - 6, c * row + 12);
      g.fillText(digits(low), left - 6, (c + 1) * row - 4);
      if (names[c]) { g.textAlign = "left"; g.fillText(names[c] + (units[c] ? " (" + units[c] + ")" : ""), left + 4, c * row + 12); }
    }
  }

  // drawRibbon draws segments: pale while they run, solid when they are confirmed.
  drawRibbon(c, all, pieces, live) {
    const [g, w, h] = this.canvas(c);
    const bar = live ? 26 : h - 6, top = 2, rate = this.state.rate, [t0, t1] = this.window;
    g.fillStyle = css("--shade");
    g.fillRect(left, top, w - left - right, bar);
    g.save();
    g.beginPath();
    g.rect(left, 0, w - left - right, h);
    g.clip();
    for (let i = pieces.length - 1; i >= 0 && pieces[i].to > t0 - 60; i--) {
      const p = pieces[i];
      if (p.to < t0 || p.from > t1 || this.segments && this.segments.done(p.segment)) continue;
      g.globalAlpha = 0.4;
      g.fillStyle = paint(p.label);
      g.fillRect(this.x(p.from, w), top, Math.max(this.x(p.to, w) - this.x(p.from, w), 1), bar);
      g.globalAlpha = 1;
    }
    for (const s of all) {
      const a = s.start / rate, b = s.end / rate;
      if (b < t0) break;
      if (a > t1 || s.dropped) continue;
      const xa = this.x(a, w), xb = Math.max(this.x(b, w), xa + 2);
      if (s.rejected) {
        g.strokeStyle = css("--quiet");
        g.strokeRect(xa + 0.5, top + 0.5, xb - xa - 1, bar - 1);
        g.fillStyle = css("--quiet");
      } else {
        g.fillStyle = paintOf(s.label);
        g.fillRect(xa, top, xb - xa - 1, bar);
        g.fillStyle = css("--card");
      }
      const name = s.corrected || s.label || "none", room = xb - xa - 5;
      g.save();
      g.beginPath();
      g.rect(xa, top, room + 3, bar);
      g.clip();
      g.textAlign = g.measureText(name).width > room ? "left" : "center"; // the beginning of what does not fit
      g.fillText(name, g.textAlign === "left" ? xa + 2 : (xa + xb) / 2, top + bar / 2 + 4);
      g.restore();
      g.textAlign = "center";
      if (!live) continue;
      if (s.overturned) {
        g.fillStyle = css("--warn");
        g.beginPath();
        g.moveTo(xb - 6, top + bar + 9); g.lineTo(xb + 6, top + bar + 9); g.lineTo(xb, top + bar + 1);
        g.fill();
      }
      if (s.truth) {
        g.fillStyle = s.truth === s.label ? css("--good") : css("--bad");
        const mark = s.truth === s.label ? "✓" : "✗", whole = mark + " " + s.truth;
        g.fillText(g.measureText(whole).width < xb - xa + 14 ? whole : mark, (xa + xb) / 2, top + bar + 14);
      }
      if (this.state.selected === s) {
        g.strokeStyle = css("--ink");
        g.lineWidth = 2;
        g.strokeRect(xa, top - 1, xb - xa, bar + 2);
        g.lineWidth = 1;
      }
    }
    g.restore();
    if (!live) { g.fillStyle = css("--quiet"); g.textAlign = "right"; g.fillText("replay", left - 4, top + bar / 2 + 4); }
  }
}

function bytes(base64) {
  const s = atob(base64), out = new Uint8Array(s.length);
  for (let i = 0; i < s.length; i++) out[i] = s.charCodeAt(i);
  return out;
}
