// The page: it listens to /api/live and hands on what comes.
import { $, text, pill, setLabels, get, tabs } from "./common.js";
import { Now } from "./now.js";
import { Pictures } from "./pictures.js";
import { Segments } from "./segments.js";
import { Rules } from "./rules.js";
import { List } from "./list.js";

const state = { hello: null, newest: 0, frozen: false, selected: null };
const now = new Now(state);
const pictures = new Pictures(state, now);
const segments = new Segments(state, pictures, now);
const rules = new Rules(state, pictures);
const list = new List(state, connect);
state.want = early.want;

let source = null, silence = 0, again = null; // again: the timer of the next try

// connect asks for what state.want says, instead of what came so far.
function connect() {
  clearTimeout(again);
  if (source) source.close();
  const { pipeline, stream } = state.want;
  const hash = new URLSearchParams();
  if (pipeline) hash.set("pipeline", pipeline);
  if (stream) hash.set("stream", stream);
  history.replaceState(null, "", "#" + hash);
  listen(new EventSource("api/live?" + new URLSearchParams(state.want)));
}

function listen(to) {
  source = to;
  source.onmessage = (e) => take(JSON.parse(e.data));
  source.onerror = lost;
  if (source.readyState === EventSource.CLOSED) lost();
}

function lost() {
  pill($("link"), "reconnecting", "bad");
  // A browser tries again by itself unless it was refused.
  clearTimeout(again);
  if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, 2000);
}

function take(m) {
  early.show(m);
  silence = 0;
  pill($("link"), "live", "good");
  if (m.hello) greet(m.hello);
  if (m.tick && state.hello) {
    if (m.tick.run.length) now.running(m.tick.run.at(-1));
    pictures.steps(m.tick.run, m.tick.det);
    for (const e of m.tick.ev) segments.event(e);
  }
  if (m.wave && state.hello) {
    pictures.columns(m.wave);
    now.level(m.wave);
  }
  if (m.list) list.show(m.list);
}

// greet begins with a stream, or with another model.
function greet(h) {
  const old = state.hello;
  const same = old && old.server === h.server && old.pipeline === h.pipeline && old.stream === h.stream && old.epoch === h.epoch && old.session === h.session;
  state.hello = h;
  state.rate = h.rate > 0 ? h.rate : 1;
  if (!same || !old || old.labels.join("\n") !== h.labels.join("\n")) {
    setLabels(h.labels);
    now.begin();
    pictures.begin(h);
    segments.begin(h);
  }
  pictures.sound(h);
  rules.begin(h);
  text("stream", h.stream || "waiting for a stream");
  document.title = (h.stream ? h.stream + " – " : "") + "inkling";
  const pick = $("pipeline");
  $("pick-pipeline").hidden = h.pipelines.length < 2;
  pick.replaceChildren(...h.pipelines.map((name) => new Option(name, name, false, name === h.pipeline)));
}

// A connection that says nothing is no connection: the list comes every second.
setInterval(() => {
  if (++silence >= 5 && !document.hidden) { // also after hours behind another tab
    silence = 0;
    pill($("link"), "no answer", "bad");
    connect();
  }
}, 1000);

tabs((tab) => {
  if (tab.id === "tab-network") drawNetwork();
  pictures.later();
});

async function drawNetwork() {
  const url = "api/network?" + new URLSearchParams({ pipeline: state.hello ? state.hello.pipeline : "" });
  const box = $("network");
  try {
    await get(url);
    const img = new Image();
    img.alt = "The layers of the network, with their sizes and parameter counts";
    img.src = url;
    box.replaceChildren(img);
  } catch (e) {
    box.textContent = e.message;
  }
}

$("pipeline").onchange = (e) => { state.want.pipeline = e.target.value; state.want.stream = ""; connect(); };
$("span").onchange = () => pictures.later();
$("freeze").onclick = () => {
  state.frozen = !state.frozen;
  $("freeze").setAttribute("aria-pressed", state.frozen);
  pictures.later();
};
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) || $("live").hidden) return;
  if (e.key === "f" && !state.selected) $("freeze").click();
  else if (!segments.key(e)) return;
  e.preventDefault();
});
listen(early.source);
early.messages.splice(0).forEach(take);
