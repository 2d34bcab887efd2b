// Sliders for thresholds: the last minutes are labelled again at once.
import { $, text, el, post, where } from "./common.js";

// The sliders: name, words, range, step, unit, and for which segmenters.
const all = [
  ["threshold", "A label is reported from", 0, 1, 0.01, ""],
  ["smooth", "Average running probabilities over", 0, 50, 1, " steps"],
  ["label_hold", "A running label stays for", 0, 100, 1, " steps"],
  ["detect_on", "A segment opens when the detector reaches", 0.01, 1, 0.01, "", "label"],
  ["detect_off", "… and stays open down to", 0.01, 1, 0.01, "", "label"],
  ["segment_on", "A segment opens above the noise floor by", 1, 40, 0.5, " dB", "activity"],
  ["segment_off", "… and stays open down to", 0.5, 40, 0.5, " dB", "activity"],
  ["level", "… but never below", -100, 0, 1, " dB", "activity"],
  ["minimum", "Shorter segments are dropped", 0, 2, 0.01, " s", "activity label"],
  ["hold", "Silence that ends a segment", 0.01, 2, 0.01, " s", "activity label"],
  ["maximum", "Longest segment", 0.1, 60, 0.1, " s", "activity label"],
];

export class Rules {
  constructor(state, pictures) {
    this.state = state;
    this.pictures = pictures;
    $("reset").onclick = () => this.begin(state.hello, true);
    $("save").onclick = () => this.save();
  }

  begin(h, anew) {
    $("rules").hidden = !h.rules;
    if (!h.rules) return;
    const key = JSON.stringify([h.model, h.rules, h.pipeline]);
    if (key === this.key && !anew) return;
    this.key = key;
    this.now = structuredClone(h.rules);
    this.now.on = Object.assign(Object.create(null), h.rules.on); // a label may be called constructor
    const rows = all.filter((s) => !s[6] || s[6].split(" ").includes(h.rules.kind)).map(([name, words, low, high, step, unit]) =>
      this.slider(words, "A segment that is open", Math.min(low, this.now[name]), Math.max(high, this.now[name]), step, unit, this.now[name], (v) => { this.now[name] = v; }));
    const each = el("details", {}, el("summary", { textContent: "Each label by itself" }), ...h.labels.map((label) =>
      this.slider(label, "", 0, 1, 0.01, "", this.now.on[label] ?? this.now.threshold, (v) => { this.now.on[label] = v; })));
    $("sliders").replaceChildren(...rows, each);
    $("save").disabled = $("reset").disabled = true;
    text("saved", h.save);
    text("replayed", "Move a slider: the last minutes are labelled again at once.");
    this.pictures.again = null;
    $("again").hidden = true;
  }

  // slider returns one; within is what words that begin with "…" go on from.
  slider(words, within, min, max, step, unit, value, set) {
    const shown = (v) => (step < 1 ? v.toFixed(2).replace(/\.?0+$/, "") : String(Math.round(v))) + unit;
    const out = el("span", { className: "value", ariaHidden: "true", textContent: shown(value) });
    const input = el("input", { type: "range", min, max, step: "any", value, ariaLabel: words.replace(/^… (and|but)/, within + ", $1"), ariaValueText: shown(value) });
    input.oninput = () => {
      const v = Math.round(+input.value / step) * step;
      const exact = +v.toFixed(6);
      set(exact);
      out.textContent = input.ariaValueText = shown(exact);
      this.changed();
    };
    input.onkeydown = (e) => {
      const by = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step }[e.key];
      if (!by) return;
      e.preventDefault();
      input.value = +input.value + by;
      input.oninput();
    };
    return el("label", {}, el("span", { className: "brief", title: words, textContent: words }), out, input);
  }

  changed() {
    $("reset").disabled = false;
    $("save").disabled = !!this.state.hello.save;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.replay(), 120);
  }

  async replay() {
    const h = this.state.hello;
    if (this.abort) this.abort.abort();
    this.abort = new AbortController();
    try {
      const r = await post("replay", { ...where(h), rules: this.now }, this.abort.signal);
      this.show(r);
    } catch (e) {
      if (e.name !== "AbortError") text("replayed", e.message);
    }
  }

  show(r) {
    const then = r.events.filter((e) => e.type === "confirmed").reverse();
    const live = this.pictures.segments.all.filter((s) => !s.dropped && s.start >= r.from && s.end <= r.to);
    const fired = (list) => list.filter((s) => !s.rejected);
    const of = (s, list) => list.find((o) => Math.min(s.end, o.end) - Math.max(s.start, o.start) > 0.5 * Math.min(s.end - s.start, o.end - o.start));
    const a = fired(live), b = fired(then);
    const gone = a.filter((s) => !of(s, b)).length, fresh = b.filter((s) => !of(s, a)).length;
    const other = b.filter((s) => { const o = of(s, a); return o && o.label !== s.label; }).length;
    const span = this.state.hello.rate > 0 ? ((r.to - r.from) / this.state.rate).toFixed(0) + " s" : r.to - r.from + " samples";
    text("replayed", `Last ${span}: ${a.length} labels live, ${b.length} with these; ${gone} gone, ${fresh} new, ${other} other.` + (r.whole ? "" : " The stream began before; what depends on its beginning, such as the noise floor, may differ at first."));
    this.pictures.again = then;
    $("again").hidden = false;
    this.last = r;
    this.pictures.later();
  }

  async save() {
    try {
      const r = await post("save", { pipeline: this.state.hello.pipeline, rules: this.now });
      text("saved", "Saved into " + r.where);
    } catch (e) {
      text("saved", e.message);
    }
  }
}
