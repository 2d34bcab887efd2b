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

const hue = (i) => i < hues.length ? hues[i] : (i * 137.5) % 360;

// bright returns the relative luminance of a colour, as WCAG 2 defines it; h in degrees, s and
// l in percent.
function bright(h, s, l) {
  const a = s * Math.min(l, 100 - l) / 1e4;
  const part = (n) => {
    const k = (n + h / 30) % 12, v = l / 100 - a * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(0) + 0.7152 * part(8) + 0.0722 * part(4);
}

// A label's colour has a contrast of 4.5 with the ground of its theme, so that it can be read
// on it, and it on the colour.
function shade(h, s, l, step, enough) {
  while (!enough(bright(h, s, l))) l += step;
  return `hsl(${h} ${s}% ${l}%)`;
}
const memo = (f) => { const known = new Map(); return (h) => known.get(h) || known.set(h, f(h)).get(h); };
const light = memo((h) => shade(h, 70, 40, -1, (y) => 1.05 / (y + 0.05) >= 4.6));
const night = memo((h) => shade(h, 75, 66, 1, (y) => (y + 0.05) / (0.0125 + 0.05) >= 4.6));

// colour returns that of a label, by its number in the model, for style sheets: it follows
// the theme by itself.
export const colour = (i) => i < 0 ? "var(--quiet)" : `light-dark(${light(hue(i))}, ${night(hue(i))})`;
export const colourOf = (label) => colour(labels.indexOf(label));

// paint returns the same for canvases, which need one colour.
export const paint = (i) => i < 0 ? css("--quiet") : dark.matches ? night(hue(i)) : light(hue(i));
export const paintOf = (label) => paint(labels.indexOf(label));

export const seconds = (s) => s < 60 ? s.toFixed(2) + " s" : Math.floor(s / 60) + ":" + (s % 60).toFixed(2).padStart(5, "0");

// css returns a colour of the theme, for canvases. The window may be drawn anew after the
// theme has changed and before its event.
const theme = new Map();
let themeIsDark = null;
export function css(name) {
  if (themeIsDark !== dark.matches) theme.clear();
  themeIsDark = dark.matches;
  if (!theme.has(name)) theme.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return theme.get(name);
}

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

// tabs lets the tabs of a page choose what is shown, by a click or by arrow keys; chosen is
// called with the one that is.
export function tabs(chosen) {
  const all = [...document.querySelectorAll("[role=tab]")];
  const show = (tab) => {
    for (const t of all) {
      t.setAttribute("aria-selected", t === tab);
      t.tabIndex = t === tab ? 0 : -1;
      $(t.getAttribute("aria-controls")).hidden = t !== tab;
    }
    if (chosen) chosen(tab);
  };
  all.forEach((tab, i) => {
    tab.onclick = () => show(tab);
    tab.onkeydown = (e) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (!by) return;
      const next = all[(i + by + all.length) % all.length];
      next.focus();
      show(next);
    };
  });
}
