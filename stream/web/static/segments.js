// The table of segments, the one that is chosen, and its correction.
import { $, text, el, colour, colourOf, seconds, post, where } from "./common.js";

const most = 300;
const sayEvery = 2500; // milliseconds
const spoken = "123456789abcdefghijklmnoqrstvwyz"; // keys of labels: without p, u, x

export class Segments {
  constructor(state, pictures, now) {
    this.state = state;
    this.pictures = pictures;
    this.now = now;
    pictures.segments = this;
    this.begin({ labels: [] });
    $("hear").onclick = () => this.play();
    $("why").onclick = () => this.why();
    $("other").onsubmit = (e) => {
      e.preventDefault();
      if ($("other-label").value.trim()) this.correct($("other-label").value.trim());
      $("other-label").value = "";
    };
    $("segments").tBodies[0].onclick = (e) => {
      const row = e.target.closest("tr");
      if (row) this.select(row.segment);
    };
  }

  begin(h) {
    this.all = []; // newest first
    this.byId = new Map();
    this.undo = [];
    $("segments").tBodies[0].replaceChildren();
    this.stop = null; // the row that the Tab key reaches
    this.unsaid = [];
    $("incidents").replaceChildren();
    this.select(null);
    this.keys = h.labels.map((_, i) => spoken[i] || "");
    $("labels").replaceChildren(...h.labels.map((label, i) => {
      const dot = el("i");
      dot.style.background = colour(i);
      return el("button", { onclick: () => this.correct(label) }, dot, el("span", { className: "one", title: label, textContent: label }), ...(this.keys[i] ? [el("kbd", { textContent: this.keys[i] })] : []));
    }));
  }

  done(id) { return this.byId.has(id); }

  // event takes an event that is not a running one.
  event(e) {
    if (e.type === "confirmed" || e.type === "dropped" && e.segment) this.ended(e);
    else if (e.type === "gap") this.incident(`gap at ${this.at(e.sample)}: ${e.lost} samples${e.reason ? " (" + e.reason + ")" : ""}, ${e.policy}`);
    else if (e.type === "status") this.incident(`${e.state}: ${e.reason}`);
    else if (e.type === "early") this.now.early(e);
  }

  at(sample) { return this.state.hello.rate > 0 ? seconds(sample / this.state.rate) : String(sample); }

  incident(words) {
    $("incidents").prepend(el("li", { textContent: words }));
    while ($("incidents").children.length > 50) $("incidents").lastChild.remove();
  }

  ended(e) {
    if (this.byId.has(e.segment)) return;
    const s = { ...e, dropped: e.type === "dropped", overturned: e.type === "confirmed" && e.running && !e.agrees && !e.rejected && e.label !== e.running };
    this.byId.set(e.segment, s);
    this.all.unshift(s);
    if (!s.dropped) {
      this.now.ended(s);
      this.tell(s.rejected ? "rejected" : s.label);
    }
    s.row = this.row(s);
    $("segments").tBodies[0].prepend(s.row);
    if (!this.state.selected) this.reach(s.row);
    while (this.all.length > most) {
      const old = this.all.pop();
      old.row.remove();
      this.byId.delete(old.segment);
      if (this.state.selected === old) this.select(null);
    }
    this.pictures.later();
  }

  // tell has screen readers say what has been confirmed, when they have time, and at most
  // every few seconds: what came meanwhile is said in one sentence.
  tell(words) {
    this.unsaid.push(words);
    if (this.telling) return;
    const say = () => {
      const n = this.unsaid.length;
      this.telling = n > 0 && setTimeout(say, sayEvery);
      if (n === 0) return;
      text("said", (n > 3 ? `${n} segments, the last ones ` : "") + this.unsaid.slice(-3).join(", "));
      this.unsaid = [];
    };
    say();
  }

  // reach has the Tab key reach a row, and no other one.
  reach(row) {
    if (this.stop) this.stop.tabIndex = -1;
    this.stop = row;
    row.tabIndex = 0;
  }

  row(s) {
    const dot = el("i");
    dot.style.background = s.dropped || s.rejected ? "transparent" : colourOf(s.label);
    const note = s.dropped ? "dropped: " + s.reason : s.rejected ? "rejected: " + s.reason : s.overturned ? "overturned" : "";
    const row = el("tr", { tabIndex: -1, ariaSelected: "false" }, el("td", { className: "n", textContent: this.at(s.start) }),
      el("td", {}, dot, el("span", { className: "brief", textContent: s.label || "–" })), el("td", { className: "n", textContent: s.p === undefined ? "" : Math.round(100 * s.p) + " %" }),
      el("td", { className: "n", textContent: this.state.hello.rate > 0 ? ((s.end - s.start) / this.state.rate).toFixed(2) + " s" : s.end - s.start }),
      el("td", { textContent: s.running || "" }), el("td", { className: "quiet", textContent: note + (s.truth && s.truth !== s.label ? " was " + s.truth : "") }));
    row.segment = s;
    return row;
  }

  select(s) {
    const old = this.state.selected;
    if (old && old.row) old.row.setAttribute("aria-selected", "false");
    this.state.selected = s;
    $("detail").hidden = !s;
    if (!s) return;
    s.row.setAttribute("aria-selected", "true");
    this.reach(s.row);
    s.row.scrollIntoView({ block: "nearest" });
    text("detail-title", `Segment ${s.segment}: ${s.corrected || s.label || (s.dropped ? "dropped" : "none")}`);
    const length = this.state.hello.rate > 0 ? ((s.end - s.start) / this.state.rate).toFixed(2) + " s" : s.end - s.start + " samples";
    text("detail-words", `${length} from ${this.at(s.start)}${s.time ? " (" + new Date(s.time).toLocaleTimeString() + ")" : ""}, ended by ${s.ended_by}` + (s.running ? `; the running label was ${s.running}` : ""));
    $("detail-top").replaceChildren(...(s.top || []).map(([label, p]) => el("li", {}, el("span", { className: "one", title: label, textContent: label }), el("meter", { value: p, min: 0, max: 1, ariaLabel: label }), el("span", { className: "n", textContent: (100 * p).toFixed(1) + " %" }))));
    $("hear").hidden = !this.state.hello.sound;
    $("reasons").replaceChildren();
    if (s.reasons) this.reasons(s);
    text("corrected", s.where || this.state.hello.correct);
    this.pictures.go(s.start / this.state.rate);
    this.pictures.later();
  }

  what(s) { return { ...where(this.state.hello), session: this.state.hello.session, segment: s.segment, start: s.start, end: s.end }; }

  play() {
    const s = this.state.selected, a = $("audio");
    if (!s || !this.state.hello.sound) return;
    a.src = "api/sound?" + new URLSearchParams({ ...where(this.state.hello), start: s.start, end: s.end });
    a.play().catch(() => text("corrected", "the samples of this segment are no longer remembered"));
  }

  async why() {
    const s = this.state.selected;
    if (!s) return;
    try {
      s.reasons = (await post("why", this.what(s))).reasons;
    } catch (e) {
      s.reasons = [{ text: e.message, passed: false }];
    }
    if (s === this.state.selected) this.reasons(s);
  }

  reasons(s) {
    $("reasons").replaceChildren(...s.reasons.map((r) => el("li", { textContent: r.text, className: r.passed ? "" : "no" })));
  }

  async correct(label, undoing) {
    const s = this.state.selected;
    if (!s) return;
    const before = s.corrected;
    try {
      const answer = await post("correct", { ...this.what(s), told: s.label || "", p: s.p || 0, label });
      s.corrected = label || undefined;
      s.where = (!label ? "taken back" : label === s.label ? `right: ${label}` : `corrected: ${label}`) + ` (${answer.where})`;
      if (!undoing) this.undo.push([s, before]);
      s.row.cells[1].lastChild.textContent = !label ? s.label || "–" : label === s.label ? label + " ✓" : `${s.label || "–"} → ${label}`;
    } catch (e) {
      s.where = e.message;
    }
    text("said", s.where);
    if (this.state.selected === s) this.select(s);
  }

  // choose selects a segment by key, and has what follows the focus read it.
  choose(s) {
    if (!s) return;
    this.select(s);
    s.row.focus({ preventScroll: true });
  }

  // key takes a key, and reports whether it meant something.
  key(e) {
    const i = this.state.selected ? this.all.indexOf(this.state.selected) : -1;
    const background = this.state.hello && this.state.hello.rules && this.state.hello.rules.background || "background";
    switch (e.key) {
      case "ArrowDown": this.choose(this.all[i + 1]); return true;
      case "ArrowUp": this.choose(this.all[i - 1]); return true;
      case "Escape": this.select(null); return true;
      case "Enter": case " ": {
        const row = e.target.closest("tr");
        if (!row || row.segment === this.state.selected) break;
        this.select(row.segment);
        return true;
      }
    }
    if (i < 0) return false;
    const s = this.state.selected, presses = /^(BUTTON|SUMMARY)$/.test(e.target.tagName); // Enter and space are its own
    switch (e.key) {
      case "p": case "Enter": if (presses && e.key === "Enter") return false; this.play(); return true;
      case "?": this.why(); return true;
      case "x": this.correct(background); return true;
      case " ": if (presses || !s.label) return false; this.correct(s.label); return true;
      case "u": {
        const last = this.undo.pop();
        if (!last) return true;
        this.select(last[0]);
        this.correct(last[1] || "", true);
        return true;
      }
    }
    const n = this.keys.indexOf(e.key);
    if (n < 0) return false;
    this.correct(this.state.hello.labels[n]);
    return true;
  }
}
