// What is now: the running or confirmed label, and the level of the input. Messages only note
// it; frame shows it together with the pictures, so that the browser lays out and paints once.
import { $, text, pill, colour, colourOf } from "./common.js";

const textEvery = 250; // milliseconds between changes of the probability's text

export class Now {
  constructor(state) {
    this.state = state;
    this.said = 0;
  }

  begin() { this.told = this.wave = null; }

  // running notes the running label.
  running([, , label, p]) {
    this.told = p === null ? ["…", "", "", "warming up", ""]
      : [label < 0 ? "–" : this.state.hello.labels[label], label < 0 ? "" : colour(label), Math.round(100 * p) + " %", "running", ""];
  }

  // early notes a label that is final before the end of its segment.
  early(e) {
    this.told = [e.label, colourOf(e.label), this.told ? this.told[2] : "", "early: final", "good"];
  }

  // ended notes a segment that has been confirmed or rejected.
  ended(s) {
    this.told = [s.label || "none of them", colourOf(s.label), Math.round(100 * s.p) + " %",
      s.rejected ? "rejected: " + s.reason : s.overturned ? "confirmed, overturned " + s.running : "confirmed", s.rejected || s.overturned ? "warn" : "good"];
  }

  level(w) { this.wave = w; }

  frame(at) {
    if (this.told) this.tell(at);
    if (this.wave) this.meter(this.wave);
    this.wave = null;
  }

  tell(at) {
    const [label, shade, p, words, kind] = this.told, key = label + "\n" + words;
    if (key === this.key && at < this.said + textEvery) return;
    text("label", label);
    if (this.shade !== shade) $("label").style.color = this.shade = shade;
    text("p", p);
    if (key !== this.key) pill($("state"), words, kind);
    this.key = key;
    this.said = at;
    this.told = null;
  }

  meter(w) {
    const share = (db) => Math.round(Math.max(0, Math.min(100, 100 + db)));
    const level = share(w.level), floor = share(w.floor), m = $("meter");
    if (this.bar !== level) $("level").style.transform = `scaleX(${(this.bar = level) / 100})`;
    if (this.mark !== floor) $("floor").style.left = (this.mark = floor) + "%";
    const words = w.level <= -100 ? "silent" : w.level.toFixed(0) + " dB", at = performance.now();
    if (words === this.words || at < (this.worded || 0) + textEvery) return;
    this.words = words;
    this.worded = at;
    text("db", words);
    m.classList.toggle("hot", w.level > -3);
    m.setAttribute("aria-valuenow", Math.round(w.level));
    m.setAttribute("aria-valuetext", words);
  }
}
