// A training that the page has begun: its state, its curves, and what it prints.
import { $, text, el, post, css, onTheme } from "./common.js";

const blue = [212, 70], orange = [28, 80];
const hue = ([h, s]) => `light-dark(hsl(${h} ${s}% 42%), hsl(${h} ${s}% 66%))`;
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = ([h, s]) => `hsl(${h} ${s}% ${dark.matches ? 66 : 42}%)`;

// The curves: name, place in an epoch, colour, dashed.
const losses = [["each update", null, null, []], ["training", 1, blue, [4, 3]], ["validation", 4, blue, []]];
const accuracies = [["confirmed, training", 2, blue, [4, 3]], ["running, training", 3, orange, [4, 3]], ["confirmed, validation", 5, blue, []], ["running, validation", 6, orange, []]];

export class Training {
  constructor(ended) {
    this.ended = ended;
    this.runs = false;
    this.number = 0;
    this.forget();
    $("stop").onclick = () => post("stop", {}).catch((e) => text("state", e.message));
    onTheme(() => this.curves());
    addEventListener("resize", () => this.curves());
    this.listen();
  }

  forget() { this.epochs = []; this.losses = []; }

  listen() {
    this.source = new EventSource("api/training");
    this.source.onmessage = (e) => this.take(JSON.parse(e.data));
    this.source.onerror = () => { if (this.source.readyState === EventSource.CLOSED) setTimeout(() => this.listen(), 2000); };
  }

  async begin(choices) {
    $("train").disabled = true;
    try {
      await post("train", { choices });
    } catch (e) {
      $("progress").hidden = false;
      text("state", e.message);
      $("train").disabled = false;
    }
  }

  take(r) {
    if (r.begins) {
      this.forget();
      this.number = r.number;
      text("log", "");
      text("keys", "");
    }
    if (!r.number) return;
    $("progress").hidden = false;
    const ran = this.runs;
    this.runs = r.state === "running";
    $("stop").hidden = !this.runs;
    if (this.runs) $("train").disabled = true;
    else if (ran || r.begins) this.ended();
    this.epochs.push(...r.epochs || []);
    this.losses.push(...r.losses || []);
    if (r.lines) { $("log").append(r.lines.join("\n") + "\n"); $("log").scrollTop = 1e9; }
    const left = r.left > 0 ? `, about ${r.left < 90 ? Math.ceil(r.left) + " s" : Math.ceil(r.left / 60) + " min"} left` : "";
    const now = this.runs ? "training" : r.state === "done" ? "the training is done" : "the training ended: " + r.why;
    if (ran !== this.runs || r.begins) text("told", now);
    text("state", this.runs ? (r.part || "reading the data") + left : r.state === "done" ? "Done: the model is written." : r.state + ": " + r.why);
    $("share").value = r.state === "done" ? 1 : r.share || 0;
    if (!this.due) {
      this.due = true;
      requestAnimationFrame(() => { this.due = false; this.curves(); });
    }
  }

  curves() {
    if (!this.number || $("progress").hidden) return;
    const epochs = this.epochs;
    const each = this.losses.length ? [this.losses.map((l) => l[0]), this.losses.map((l) => l[1])] : null;
    this.plot("loss", losses, epochs, each, (v) => +v.toPrecision(3));
    this.plot("accuracy", accuracies, epochs, null, (v) => Math.round(100 * v) + " %");
    if (!$("keys").children.length && epochs.length) $("keys").replaceChildren(...[...accuracies].filter((k) => epochs.some((e) => e[k[1]] !== null)).map(([name, , h, dash]) => {
      const i = el("i");
      i.style.background = dash.length ? `repeating-linear-gradient(90deg, ${hue(h)} 0 4px, transparent 4px 7px)` : hue(h);
      return el("li", {}, i, el("span", { textContent: name }));
    }));
  }

  plot(id, keys, epochs, each, words) {
    const box = $(id), quiet = css("--quiet"), grid = { stroke: css("--line"), width: 1 };
    const used = keys.filter(([, at]) => at === null ? each : epochs.some((e) => e[at] !== null));
    box.previousElementSibling.hidden = box.hidden = used.length === 0;
    if (!used.length) return;
    const at = epochs.map((e) => e[0]);
    let data = [at, ...used.filter((k) => k[1] !== null).map((k) => epochs.map((e) => e[k[1]]))];
    if (each) data = at.length ? uPlot.join([each, data]) : each;
    box.setAttribute("aria-label", box.previousElementSibling.textContent + ": " + used.map(([name, at]) => {
      const v = at === null ? each[1].at(-1) : epochs.findLast((e) => e[at] !== null)[at];
      return `${name} ${words(v)}`;
    }).join(", "));
    const key = used.map((k) => k[0]).join() + dark.matches + box.clientWidth;
    this.plots = this.plots || {};
    const old = this.plots[id];
    if (old && old.key === key) { old.u.setData(data); return; }
    if (old) old.u.destroy();
    const u = new uPlot({
      width: box.clientWidth || 380, height: 170, padding: [8, 12, 0, 0], legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false }, ...(id === "accuracy" ? { y: { range: [0, 1.02] } } : {}) },
      axes: [{ stroke: quiet, grid, ticks: grid, size: 26 }, { stroke: quiet, grid, ticks: grid, size: 52, values: (u, v) => v.map(words) }],
      series: [{}, ...used.map(([label, place, h, dash]) => ({ label, stroke: place === null ? quiet : paint(h), width: place === null ? 0.7 : 1.7, dash, points: { show: place !== null && epochs.length < 3 }, spanGaps: true }))],
    }, data, box);
    this.plots[id] = { key, u };
  }
}
