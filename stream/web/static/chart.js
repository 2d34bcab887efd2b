// The running probabilities, and what the detector heard, as lines over time.
import { $, el, css, colour, paint } from "./common.js";

const lines = 24; // labels with a line, at most
const height = 200; // CSS pixels

export class Chart {
  constructor(state, margins) {
    this.state = state;
    this.margins = margins; // {left, right}, CSS pixels
    this.forget([]);
  }

  forget(labels) {
    this.xs = [];
    this.ys = labels.map(() => []);
    this.detected = [[], []];
  }

  // push takes the probabilities of all labels at a time; none of them: the line breaks.
  push(t, all) {
    if (this.xs.length && t < this.xs.at(-1)) { this.xs = []; this.ys = this.ys.map(() => []); }
    this.xs.push(t);
    this.ys.forEach((y, i) => y.push(all.length ? all[i] ?? null : null));
    if (this.xs.length <= 12000) return;
    this.xs.splice(0, 6000);
    for (const y of this.ys) y.splice(0, 6000);
  }

  detector(t, p) {
    this.detected[0].push(t);
    this.detected[1].push(p);
    if (this.detected[0].length > 12000) this.detected.forEach((d) => d.splice(0, 6000));
  }

  // newest returns the highest of the last probabilities: [label, p], the highest first.
  newest() {
    const at = this.xs.length - 1;
    return this.ys.map((y, i) => [i, y[at]]).filter((p) => p[1] !== null && p[1] !== undefined).sort((p, q) => q[1] - p[1]).slice(0, 8);
  }

  // begin makes the chart anew.
  begin() {
    if (this.plot) this.plot.destroy();
    this.plot = null;
    const h = this.state.hello;
    if (!h) return;
    this.shown = h.labels.map((_, i) => i).slice(0, lines);
    this.many = h.labels.length > lines;
    const box = $("chart"), quiet = css("--quiet"), grid = { stroke: css("--line"), width: 1 };
    const series = [{}, ...this.shown.map((i, k) => ({ label: h.labels[i], stroke: () => paint(this.shown[k]), width: 1.5, points: { show: false }, paths: line }))];
    if (h.rules && h.rules.kind === "label") series.push({ label: "detector", stroke: css("--ink"), width: 1, dash: [5, 4], points: { show: false }, paths: line, spanGaps: true });
    this.plot = new uPlot({
      width: box.clientWidth || 600, height, padding: [8, this.margins.right, 0, 0], legend: { show: false }, cursor: { show: false }, pxAlign: 0,
      scales: { x: { time: false, auto: false }, y: { auto: false, range: [0, 1.02] } },
      axes: [{ stroke: quiet, grid, ticks: grid, size: 26, values: (u, v) => v.map((t) => h.rate > 0 ? t.toFixed(t % 1 ? 1 : 0) + " s" : t) },
        { stroke: quiet, grid, ticks: grid, size: this.margins.left, values: (u, v) => v.map((p) => Math.round(100 * p) + " %") }],
      series, hooks: { draw: [(u) => this.thresholds(u)] },
    }, [[], ...series.slice(1).map(() => [])], box);
    this.legend();
  }

  legend() {
    const h = this.state.hello, entries = this.shown.map((i) => this.entry(h.labels[i], colour(i)));
    if (this.plot.series.length > this.shown.length + 1) entries.push(this.entry("detector", "var(--ink)"));
    $("legend").replaceChildren(...entries);
  }

  entry(name, shade) {
    const dot = el("i");
    dot.style.background = shade;
    return el("li", {}, dot, el("span", { className: "one", title: name, textContent: name }));
  }

  // thresholds draws those of the labels, and of the detector.
  thresholds(u) {
    const r = this.state.hello.rules;
    if (!r) return;
    const at = (p, shade, dash) => {
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
    at(r.threshold, css("--warn"), [2, 3]);
    if (r.kind === "label") at(r.detect_on, css("--quiet"), [6, 4]);
  }

  draw([t0, t1], width) {
    const u = this.plot;
    if (!u) return;
    if (width && u.width !== width) u.setSize({ width, height });
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
    this.shown = this.ys.map((y, i) => [y.slice(a, b).reduce((m, p) => p > m ? p : m, 0), i]).sort((p, q) => q[0] - p[0]).slice(0, lines).map((p) => p[1]).sort((p, q) => p - q);
    this.legend();
  }
}

// line makes the path of a series for uPlot. It leaves out points that are less than half a
// pixel from the line, and moves over gaps, where uPlot's own would clip, which costs most of
// a picture without a graphics card.
function line(u, n, first, last) {
  const xs = u.data[0], ys = u.data[n], { left, top, width, height } = u.bbox, { x, y } = u.scales, gaps = u.series[n].spanGaps;
  const kx = width / (x.max - x.min), ky = height / (y.max - y.min), path = new Path2D();
  let open = false, level = 0, waits = false, wx = 0, wy = 0;
  const flush = () => { if (waits) path.lineTo(wx, wy); waits = false; };
  for (let i = first; i <= last; i++) {
    const v = ys[i];
    if (v === null || v === undefined) {
      if (!gaps && v === null) { flush(); open = false; }
      continue;
    }
    const px = left + (xs[i] - x.min) * kx, py = top + (y.max - v) * ky;
    if (open && Math.abs(py - level) < 0.5) { waits = true; wx = px; wy = py; continue; }
    flush();
    if (open) path.lineTo(px, py); else path.moveTo(px, py);
    open = true;
    level = py;
  }
  flush();
  return { stroke: path, fill: null, clip: null, band: null, gaps: null, flags: 1 };
}

// search returns the first place of a rising list that is not under t.
function search(xs, t) {
  let a = 0, b = xs.length;
  while (a < b) { const m = (a + b) >> 1; if (xs[m] < t) a = m + 1; else b = m; }
  return a;
}
