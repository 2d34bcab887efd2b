// What the parts of the page share.
export const $ = (id) => document.getElementById(id);

// text shows a text as text, whatever it holds.
export function text(id, s) {
  const e = typeof id === "string" ? $(id) : id;
  if (e.textContent !== s) e.textContent = s;
  return e;
}

export function el(tag, props, ...children) {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...children);
  return e;
}

export function pill(e, words, kind) {
  text(e, words);
  e.className = "pill " + kind;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const hues = [212, 28, 145, 320, 48, 265, 178, 0, 95, 240, 300, 70];
let labels = [];

export function setLabels(names) { labels = names; }

// colour returns that of a label, by its number in the model.
export function colour(i) {
  const h = i < hues.length ? hues[i] : (i * 137.5) % 360;
  return dark.matches ? `hsl(${h} 75% 66%)` : `hsl(${h} 70% 40%)`;
}

export const colourOf = (label) => {
  const i = labels.indexOf(label);
  return i < 0 ? "var(--quiet)" : colour(i);
};

export const seconds = (s) => s < 60 ? s.toFixed(2) + " s" : Math.floor(s / 60) + ":" + (s % 60).toFixed(2).padStart(5, "0");

// css returns a colour of the theme, for canvases.
export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export async function get(url) {
  const r = await fetch(url);
  if (!r.ok) throw new Error((await r.text()).trim());
  return r;
}

export async function post(path, body, signal) {
  const r = await fetch("api/" + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
  if (!r.ok) throw new Error((await r.text()).trim());
  return r.json();
}

// where names the stream that is shown, as calls want it.
export const where = (h) => ({ pipeline: h.pipeline, stream: h.stream, epoch: h.epoch });

export function onTheme(f) { dark.addEventListener("change", f); }
