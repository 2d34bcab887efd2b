// What the pictures show, in words, for those who do not see them: on the pictures, where a
// screen reader reads it when it is asked for. Nothing of it is announced.
import { $, seconds } from "./common.js";

const every = 2000; // milliseconds
const named = 8; // segments, at most
let last = -Infinity, timer = 0;

// describe says what pictures show, now and then.
export function describe(pictures) {
  const now = performance.now();
  if (now < last + every) { // the last picture is described too
    timer = timer || setTimeout(() => describe(pictures), last + every - now);
    return;
  }
  clearTimeout(timer);
  timer = 0;
  last = now;
  if (!pictures.window || !pictures.state.hello) return;
  const { state, window: [t0, t1] } = pictures, rate = state.rate, h = state.hello;
  const at = (t) => h.rate > 0 ? seconds(t) : String(Math.round(t));
  const span = `from ${at(t0)} to ${at(t1)}`;
  say("wave", `Signal of ${h.stream} ${span}` + (pictures.heard ? `: values from ${pictures.heard.map((v) => +v.toPrecision(2)).join(" to ")}` : ""));
  say("spectrum", `Spectrogram of ${h.stream} ${span}: powers up to ${Math.round(pictures.rate / 2)} Hz`);
  const list = (all) => {
    const seen = all.filter((s) => !s.dropped && s.end / rate >= t0 && s.start / rate <= t1);
    const words = seen.slice(0, named).map((s) => `${s.rejected ? "rejected, nearest " : ""}${s.corrected || s.label || "none of the labels"}${s.overturned ? ", not " + s.running : ""} at ${at(s.start / rate)}`);
    if (seen.length > named) words.push(`and ${seen.length - named} before`);
    return words.length ? words.join("; ") : "none";
  };
  const piece = pictures.pieces.at(-1), open = piece && pictures.segments && !pictures.segments.done(piece.segment);
  say("ribbon", `Labels ${span}, newest first: ${open && piece.label >= 0 ? `${h.labels[piece.label]} running; ` : ""}${list(pictures.segments ? pictures.segments.all : [])}. The table below lists them.`);
  if (pictures.again) say("again", `Labels with the other thresholds ${span}, newest first: ${list(pictures.again)}`);
  const p = pictures.chart.newest();
  say("chart", "Running probabilities" + (p.length ? `, the last ones: ${p.map(([i, p]) => `${h.labels[i]} ${Math.round(100 * p)} %`).join(", ")}` : ": none yet"));
}

function say(id, words) {
  const e = $(id);
  if (e.getAttribute("aria-label") !== words) e.setAttribute("aria-label", words);
}
