// The list of streams, and the health of what runs.
import { $, text, el, colourOf } from "./common.js";

const states = { down: "bad", slow: "warn", silent: "warn", doubtful: "warn" };

export class List {
  constructor(state, connect) {
    this.state = state;
    this.rows = new Map();
    const search = () => {
      state.want.q = $("query").value;
      state.want.sort = $("sort").value;
      if (state.hello) state.want.stream = state.want.stream || state.hello.stream;
      connect();
    };
    let timer;
    $("query").oninput = () => { clearTimeout(timer); timer = setTimeout(search, 250); };
    $("sort").onchange = search;
    $("rows").onclick = (e) => {
      const b = e.target.closest("button");
      if (!b) return;
      state.want.stream = b.dataset.stream;
      connect();
    };
    if (innerWidth <= 720) $("streams").open = false;
  }

  show(l) {
    text("count", l.match === l.total ? String(l.total) : `${l.match} of ${l.total}`);
    const busy = l.workers ? Math.round(100 * l.rates.busy / l.workers) : 0;
    text("load", `${busy} % busy · ${l.rates.signal.toFixed(1)} × real time`);
    $("alarm").hidden = l.sinks.length === 0;
    text("alarm", l.sinks.join("; "));
    const box = $("rows"), seen = new Set(), hidden = !$("streams").open, held = document.activeElement;
    let before = null;
    for (const r of hidden ? [] : this.order(l)) {
      seen.add(r[0]);
      let row = this.rows.get(r[0]);
      if (!row) this.rows.set(r[0], (row = this.make(r[0])));
      this.fill(row, r);
      const next = before ? before.nextSibling : box.firstChild;
      if (next !== row.li) box.insertBefore(row.li, next);
      before = row.li;
    }
    for (const [name, row] of this.rows) if (!seen.has(name)) { row.li.remove(); this.rows.delete(name); }
    if (held !== document.activeElement && box.contains(held)) held.focus({ preventScroll: true }); // a row that moves loses it
    this.figures(l);
  }

  // order keeps the rows where they are for a few seconds, so that they can be read and hit;
  // then those come first that had an event last.
  order(l) {
    const now = performance.now();
    if (this.state.want.sort === "name" || !this.places || now > this.placed + 5000 || this.match !== l.match) {
      this.places = new Map(l.rows.map((r, i) => [r[0], i]));
      this.placed = now;
      this.match = l.match;
      return l.rows;
    }
    const rows = l.rows.filter((r) => this.places.has(r[0])).sort((a, b) => this.places.get(a[0]) - this.places.get(b[0]));
    return rows.length === this.places.size || l.match > l.rows.length ? rows : l.rows;
  }

  make(name) {
    const dot = el("i"), age = el("span", { className: "quiet" }), line = el("small");
    const button = el("button", {}, dot, el("b", { textContent: name, title: name }), age, line);
    button.dataset.stream = name;
    return { li: el("li", {}, button), button, dot, age, line };
  }

  fill(row, [name, label, p, open, block, event, level, segments, gaps, lost, latency, health, reason]) {
    const here = this.state.hello && this.state.hello.stream === name;
    if (row.here !== here) row.button.setAttribute("aria-current", (row.here = here));
    const dead = block !== null && block > 3;
    const shade = dead ? "" : open ? colourOf(label) : "var(--good)";
    if (row.shade !== shade) row.dot.style.background = row.shade = shade;
    text(row.age, dead ? ago(block) : level === null ? "" : Math.round(level) + " dB");
    const trouble = states[health] ? `${health}: ${reason}` : "";
    text(row.line, trouble || [label ? `${label}${p === null ? "" : " " + Math.round(100 * p) + " %"}` : open ? "…" : "–",
      `${segments} segments`, gaps ? `${gaps} gaps` : ""].filter(Boolean).join(" · "));
  }

  figures(l) {
    const row = l.rows.find((r) => this.state.hello && r[0] === this.state.hello.stream);
    const facts = [["Streams", l.total], ["Steps a second", Math.round(l.rates.steps)], ["Headroom", l.rates.busy > 0 && l.rates.signal > 0 ? (l.workers / l.rates.busy).toFixed(0) + " ×" : "–"],
      ["Longest wait of a block", l.rates.latency.toFixed(1) + " ms"], ["Blocks waiting", l.waiting]];
    if (row) facts.push(["Confirmed here after", row[10].toFixed(1) + " ms"], ["Segments here", row[7]], ["Gaps here", row[8] ? `${row[8]}, ${row[9]} samples` : "none"],
      ["Last block", row[4] === null ? "none" : row[4] < 1 ? "now" : ago(row[4])]);
    facts.push(["Remembered", (l.held / 1e6).toFixed(1) + " MB"]);
    const dl = $("figures");
    if (dl.children.length !== 2 * facts.length) dl.replaceChildren(...facts.flatMap(() => [el("dt"), el("dd")]));
    facts.forEach(([name, value], i) => { text(dl.children[2 * i], name); text(dl.children[2 * i + 1], String(value)); });
  }
}

const ago = (s) => s < 90 ? Math.round(s) + " s ago" : Math.round(s / 60) + " min ago";
