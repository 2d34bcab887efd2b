// Asks for what happens while the page's other scripts are still on their way, and shows the
// first label as soon as it is known. page.js takes over what has come until then.
const early = (() => {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const want = { pipeline: wanted.get("pipeline") || "", stream: wanted.get("stream") || "", q: "", sort: "" };
  const source = new EventSource("api/live?" + new URLSearchParams(want)), messages = [];
  source.onmessage = (e) => {
    const m = JSON.parse(e.data), run = m.tick && m.tick.run.at(-1), label = document.getElementById("label");
    messages.push(m);
    const h = messages.find((m) => m.hello);
    if (!run || !h || !label || label.dataset.said) return;
    label.dataset.said = label.textContent = run[3] === null ? "…" : run[2] < 0 ? "–" : h.hello.labels[run[2]];
    performance.mark("first label");
  };
  return { want, source, messages };
})();
