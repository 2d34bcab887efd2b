// Examples of the data, by number or at random: seen, and heard if they are sound.
import { $, text, el, post } from "./common.js";

export class Examples {
  constructor(subject) {
    this.subject = subject;
    this.audio = $("audio");
    $("pick").onsubmit = (e) => { e.preventDefault(); this.pick({ numbers: $("numbers").value }); };
    $("random").onclick = () => {
      if (this.drawn) $("seed").value = +$("seed").value + 1;
      this.drawn = true;
      this.pick({ n: +$("many").value || 3, seed: +$("seed").value || 1 });
    };
    $("seed").onchange = $("many").onchange = () => { this.drawn = true; this.pick({ n: +$("many").value || 3, seed: +$("seed").value || 1 }); };
    $("play-all").onclick = () => this.play([...this.items]);
    this.audio.onended = () => this.next();
    this.queue = [];
    this.items = [];
  }

  // open shows some when nothing was chosen yet.
  open() {
    if (this.items.length) return;
    this.drawn = true;
    this.pick({ n: 3, seed: 1 });
  }

  async pick(q) {
    const mine = this.asked = (this.asked || 0) + 1;
    text("pick-problem", "");
    try {
      const r = await post("pick", q);
      text("pick-command", r.command);
      const items = await Promise.all(r.numbers.map((n) => this.item(n)));
      if (mine !== this.asked) return;
      this.items = items;
      $("shown").replaceChildren(...items.map((i) => i.li));
      $("play-all").hidden = !this.subject.sound || items.length < 2;
    } catch (e) {
      if (mine === this.asked) text("pick-problem", e.message);
    }
  }

  async item(n) {
    const e = await post("example", { n });
    const item = { n, li: null };
    const head = el("header", {}, el("b", { textContent: e.label || e.name }), el("span", { className: "quiet", textContent: `#${n} · ${e.words}` }));
    if (e.sound) head.append(el("button", { textContent: "Play", ariaLabel: `Play example ${n}, ${e.label}`, onclick: () => this.play([item]) }));
    const box = [head, el("div", { className: "quiet", textContent: e.name })];
    if (e.text) box.push(el("blockquote", { textContent: e.text }));
    else box.push(el("img", { src: "api/waveform?n=" + n, alt: `Waveform of example ${n}, ${e.label}, ${e.words}`, loading: "lazy" }));
    item.li = el("li", {}, ...box);
    return item;
  }

  play(items) {
    this.queue = items;
    this.next();
  }

  next() {
    for (const i of this.items) i.li.classList.remove("on");
    const item = this.queue.shift();
    if (!item) return;
    item.li.classList.add("on");
    this.audio.src = "api/sound?n=" + item.n;
    this.audio.play().catch(() => text("pick-problem", "this browser does not play it"));
  }
}
