// Signal, spectrogram, ribbon of labels and probabilities, one above the other over one axis
// of time.
import { $, el, css, colour, paint, paintOf, onTheme } from "./common.js";

const left = 52, right = 12; // of every picture, in CSS pixels
const keep = 60; // seconds
const lines = 24; // labels with a line, at most

export class Pictures {
  constructor(state) {
    this.state = state;
    this.pieces = []; // of the ribbon: {segment, from, to, label}
    this.again = null; // what other thresholds give
    this.due = false;
    this.last = 0;
    onTheme(() => { this.chart(); this.repaint(); });
    addEventListener("resize", () => this.later());
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
    this.xs = [];
    this.ys = h.labels.map(() => []);
    this.detected = [[], []];
    this.again = null;
    this.lastSegment = 0;
    this.state.newest = 0;
    $("again").hidden = true;
    this.chart();
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
      if (this.xs.length && t < this.xs[this.xs.length - 1]) { this.xs = []; this.ys = this.ys.map(() => []); }
      if (segment !== this.lastSegment && this.xs.length) this.push(this.xs[this.xs.length - 1] + 1e-6, []);
      this.lastSegment = segment;
      this.push(t, all);
      const piece = this.pieces[this.pieces.length - 1];
      if (piece && piece.segment === segment && piece.label === label) piece.to = t;
      else this.pieces.push({ segment, from: piece && piece.segment === segment ? piece.to : t, to: t, label });
    }
    for (const [sample, p] of det) { this.detected[0].push(sample / rate); this.detected[1].push(p); }
    if (run.length) this.state.newest = Math.max(this.state.newest, run[run.length - 1][0] / rate);
    if (this.xs.length > 12000) {
      this.xs.splice(0, 6000);
      for (const y of this.ys) y.splice(0, 6000);
    }
    if (this.detected[0].length > 12000) this.detected.forEach((d) => d.splice(0, 6000));
    if (this.pieces.length > 2000) this.pieces.splice(0, 1000);
    this.later();
  }

  push(t, all) {
    this.xs.push(t);
    this.ys.forEach((y, i) => y.push(all.length ? all[i] ?? null : null));
  }

  // later draws soon, at most 12 times a second, and only what can be seen.
  later() {
    if (this.due || document.hidden) return;
    this.due = true;
    setTimeout(() => requestAnimationFrame(() => { this.due = false; this.last = performance.now(); this.repaint(); }), Math.max(0, this.last + 80 - performance.now()));
  }

  repaint() {
    if (!this.state.hello || $("live").hidden) return;
    if (!this.state.frozen || !this.window) {
      const span = +$("span").value * (this.state.hello.rate > 0 ? 1 : 50), end = Math.max(this.state.newest, span);
      this.window = [end - span, end];
    }
    this.drawWave();
    if (!$("spectrum").hidden) this.drawSpectrum();
    this.drawRibbon($("ribbon"), this.segments ? this.segments.all : [], this.pieces, true);
    if (this.again) this.drawRibbon($("again"), this.again, [], false);
    this.drawChart();
  }

  // go shows the time t.
  go(t) {
    if (!this.window || t >= this.window[0] && t <= this.window[1] || !this.state.frozen) return;
    const span = this.window[1] - this.window[0];
    this.window = [Math.max(0, t - span / 2), Math.max(0, t - span / 2) + span];
    this.later();
  }

  canvas(c) {
    const scale = devicePixelRatio || 1, w = Math.round(c.clientWidth * scale), h = Math.round(c.clientHeight * scale);
    if (c.width !== w || c.height !== h) { c.width = w; c.height = h; }
    const g = c.getContext("2d");
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, c.clientWidth, c.clientHeight);
    g.font = "11px system-ui, sans-serif";
    return [g, c.clientWidth, c.clientHeight];
  }

  x(t, w) { return left + (t - this.window[0]) / (this.window[1] - this.window[0]) * (w - left - right); }

  timeAt(x) { return this.window[0] + (x - left) / ($("ribbon").clientWidth - left - right) * (this.window[1] - this.window[0]); }

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

  drawSpectrum() {
    const [g, w, h] = this.canvas($("spectrum"));
    if (!this.spec || !this.bands) return;
    const [a, b] = this.seen(), n = b - a;
    if (n <= 0) return;
    if (!this.film || this.film.width !== n || this.film.height !== this.bands) {
      this.film = new OffscreenCanvas(n, this.bands);
      this.pixels = new ImageData(n, this.bands);
    }
    const out = new Uint32Array(this.pixels.data.buffer), ramp = palette();
    for (let k = 0; k < n; k++)
      for (let i = 0; i < this.bands; i++) out[(this.bands - 1 - i) * n + k] = ramp[this.spec[(a + k) * this.bands + i]];
    this.film.getContext("2d").putImageData(this.pixels, 0, 0);
    const x0 = this.x((a + this.from) * this.hop / this.rate, w), x1 = this.x((b + this.from) * this.hop / this.rate, w);
    g.imageSmoothingEnabled = true;
    g.drawImage(this.film, x0, 0, x1 - x0, h);
    g.fillStyle = css("--quiet");
    g.textAlign = "right";
    const mel = (hz) => 2595 * Math.log10(1 + hz / 700), top = mel(this.rate / 2);
    for (const hz of [250, 1000, 4000, 16000]) if (hz < this.rate / 2) g.fillText(hz < 1000 ? hz + " Hz" : hz / 1000 + " kHz", left - 6, h - mel(hz) / top * h + 4);
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
      g.textAlign = "center";
      g.save();
      g.beginPath();
      g.rect(xa, top, xb - xa, bar);
      g.clip();
      g.fillText(s.corrected || s.label || "none", (xa + xb) / 2, top + bar / 2 + 4);
      g.restore();
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

  // chart makes the chart of probabilities anew.
  chart() {
    if (this.plot) this.plot.destroy();
    this.plot = null;
    const h = this.state.hello;
    if (!h) return;
    this.shown = h.labels.map((_, i) => i).slice(0, lines);
    this.many = h.labels.length > lines;
    const box = $("chart"), quiet = css("--quiet"), grid = { stroke: css("--line"), width: 1 };
    const series = [{}, ...this.shown.map((i, k) => ({ label: h.labels[i], stroke: () => paint(this.shown[k]), width: 1.5, points: { show: false }, spanGaps: false }))];
    if (h.rules && h.rules.kind === "label") series.push({ label: "detector", stroke: css("--ink"), width: 1, dash: [5, 4], points: { show: false }, spanGaps: true });
    this.plot = new uPlot({
      width: box.clientWidth || 600, height: 200, padding: [8, right, 0, 0], legend: { show: false }, cursor: { show: false }, pxAlign: 0,
      scales: { x: { time: false, auto: false }, y: { auto: false, range: [0, 1.02] } },
      axes: [{ stroke: quiet, grid, ticks: grid, size: 26, values: (u, v) => v.map((t) => h.rate > 0 ? t.toFixed(t % 1 ? 1 : 0) + " s" : t) },
        { stroke: quiet, grid, ticks: grid, size: left, values: (u, v) => v.map((p) => Math.round(100 * p) + " %") }],
      series, hooks: { draw: [(u) => this.thresholds(u)] },
    }, [[], ...series.slice(1).map(() => [])], box);
    $("legend").replaceChildren(...this.shown.map((i) => this.entry(h.labels[i], colour(i))), ...(series.length > this.shown.length + 1 ? [this.entry("detector", "var(--ink)")] : []));
  }

  entry(name, shade) {
    const dot = el("i");
    dot.style.background = shade;
    return el("li", {}, dot, el("span", { textContent: name }));
  }

  // thresholds draws those of the labels, and of the detector.
  thresholds(u) {
    const r = this.state.hello.rules;
    if (!r) return;
    const line = (p, shade, dash) => {
      if (!(p > 0)) return;
      const y = u.valToPos(p, "y", true);
      u.ctx.save();
      u.ctx.strokeStyle = shade;
      u.ctx.setLineDash(dash);
      u.ctx.beginPath();
      u.ctx.moveTo(u.bbox.left, y); u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
      u.ctx.stroke();
      u.ctx.restore();
    };
    line(r.threshold, css("--warn"), [2, 3]);
    if (r.kind === "label") line(r.detect_on, css("--quiet"), [6, 4]);
  }

  drawChart() {
    const u = this.plot;
    if (!u) return;
    const [t0, t1] = this.window, box = $("chart");
    if (box.clientWidth && u.width !== box.clientWidth) u.setSize({ width: box.clientWidth, height: 200 });
    const a = Math.max(search(this.xs, t0) - 1, 0), b = search(this.xs, t1) + 1;
    if (this.many) this.choose(a, b);
    let xs = this.xs.slice(a, b), ys = this.shown.map((i) => this.ys[i].slice(a, b));
    if (u.series.length > this.shown.length + 1) {
      const [dx, dy] = this.detected, c = Math.max(search(dx, t0) - 1, 0), d = search(dx, t1) + 1;
      [xs, ...ys] = uPlot.join([[xs, ...ys], [dx.slice(c, d), dy.slice(c, d)]]);
    }
    u.batch(() => {
      u.setData([xs, ...ys], false);
      u.setScale("x", { min: t0, max: t1 });
    });
  }

  // choose gives the lines to the labels that rise highest in the window.
  choose(a, b) {
    const now = performance.now();
    if (now < (this.chosen || 0) + 1000) return;
    this.chosen = now;
    const best = this.ys.map((y, i) => [y.slice(a, b).reduce((m, p) => p > m ? p : m, 0), i]).sort((p, q) => q[0] - p[0]).slice(0, lines).map((p) => p[1]).sort((p, q) => p - q);
    this.shown = best;
    const h = this.state.hello;
    $("legend").replaceChildren(...best.map((i) => this.entry(h.labels[i], colour(i))));
  }
}

// search returns the first place of a rising list that is not under t.
function search(xs, t) {
  let a = 0, b = xs.length;
  while (a < b) { const m = (a + b) >> 1; if (xs[m] < t) a = m + 1; else b = m; }
  return a;
}

function bytes(base64) {
  const s = atob(base64), out = new Uint8Array(s.length);
  for (let i = 0; i < s.length; i++) out[i] = s.charCodeAt(i);
  return out;
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
