// The designer: fields for what can be chosen, and the network that the choices make.
import { $, text, el, post, pill, tabs } from "./common.js";
import { Training } from "./training.js";
import { Examples } from "./examples.js";

const fields = new Map(); // by name: {field, box, input, say}
const choices = {};
let asked = 0, timer = null, sketch = null;
const training = new Training(() => draw());

async function begin() {
  try {
    const s = await post("subject", {});
    text("data", `${s.data}, ${s.examples} examples`);
    text("subject", s.lines.join("\n"));
    form(s.fields);
    const examples = new Examples(s);
    tabs((tab) => { if (tab.id === "tab-examples") examples.open(); });
    await draw();
  } catch (e) {
    pill($("link"), e.message, "bad");
  }
}

function form(list) {
  const groups = new Map();
  for (const f of list) {
    if (!groups.has(f.group)) groups.set(f.group, el("fieldset", {}, el("legend", { textContent: f.group })));
    groups.get(f.group).append(field(f));
  }
  $("choices").replaceChildren(...groups.values(), el("button", { type: "reset", textContent: "As the data suggest" }));
  $("choices").onsubmit = (e) => e.preventDefault();
  $("choices").onreset = () => { for (const name of Object.keys(choices)) delete choices[name]; later(); };
}

const shown = (v) => v === "true" ? "yes" : v === "false" ? "no" : v;

function field(f) {
  const id = "field-" + f.name;
  const input = f.choices ? el("select", { id }, new Option("", ""), ...f.choices.map((c) => new Option(shown(c), c)))
    : el("input", { id, maxLength: 200, inputMode: f.text ? "text" : "decimal", spellcheck: false });
  const say = el("p", { id: id + "-said", hidden: true });
  const box = el("div", { className: "field", title: f.help }, el("label", { htmlFor: id, textContent: f.words }), input, say);
  input.setAttribute("aria-describedby", say.id);
  input.oninput = () => {
    const v = input.value.trim();
    if (v) choices[f.name] = v; else delete choices[f.name];
    later();
  };
  fields.set(f.name, { field: f, box, input, say });
  return box;
}

// later draws when the fingers rest.
function later() { clearTimeout(timer); timer = setTimeout(draw, 150); }

async function draw() {
  const mine = ++asked;
  try {
    const r = await post("sketch", { choices });
    if (mine !== asked) return;
    for (const f of fields.values()) say(f, "", "");
    if (r.problem) wrong(r.problem); else show(r.sketch);
    pill($("link"), "ready", "good");
  } catch (e) {
    if (mine === asked) pill($("link"), e instanceof TypeError ? "no answer" : e.message, "bad");
  }
}

function say(f, words, kind) {
  text(f.say, words);
  f.say.className = kind;
  f.say.hidden = !words;
  f.input.setAttribute("aria-invalid", kind === "bad");
}

function wrong(p) {
  const f = fields.get(p.field);
  if (f) { say(f, p.text, "bad"); f.box.hidden = false; }
  text("total", (f ? f.field.words + ": " : "") + p.text);
  $("total").className = "bad";
  $("net").classList.add("old");
  $("command").classList.add("old");
  $("train").disabled = true;
  $("remarks").replaceChildren();
  sketch = null;
}

function show(s) {
  sketch = s;
  const means = new Set(s.fields);
  for (const [name, f] of fields) {
    f.box.hidden = !means.has(name) && !choices[name];
    f.box.classList.toggle("set", !!choices[name]);
    const now = s.values[name] || "";
    if (f.field.choices) f.input.options[0].text = now ? shown(now) + " ·" : "by the data";
    else f.input.placeholder = now || "by the data";
  }
  text("total", `${s.numbers.toLocaleString("en")} parameters`);
  $("total").className = "";
  $("remarks").replaceChildren(...s.words.map((w) => el("li", { textContent: w })),
    ...(s.notes || []).map((n) => el("li", { className: "note", textContent: (fields.has(n.field) ? fields.get(n.field).field.words + ": " : "") + n.text })));
  for (const n of s.notes || []) if (fields.has(n.field)) say(fields.get(n.field), n.text, "note");
  $("net").hidden = false;
  $("net").classList.remove("old");
  $("command").classList.remove("old");
  $("net").src = "data:image/svg+xml;base64," + s.picture;
  $("layers").tBodies[0].replaceChildren(...s.layers.map((l) => el("tr", {}, el("td", { textContent: l.name }), el("td", { className: "n", textContent: l.numbers.toLocaleString("en") }), el("td", { textContent: l.shapes }))));
  text("command", s.command);
  text("replaces", s.train);
  $("train").disabled = training.runs;
}

$("copy").onclick = async () => {
  try {
    await navigator.clipboard.writeText($("command").textContent);
    text("copy", "Copied");
  } catch {
    getSelection().selectAllChildren($("command"));
    text("copy", "Selected: press Ctrl-C");
  }
  setTimeout(() => text("copy", "Copy"), 2000);
};
$("train").onclick = () => { if (sketch) training.begin(choices); };
begin();
