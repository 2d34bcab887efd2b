// Asks for what happens while the page's other scripts are still on their way, and shows the
// first label as soon as it is known. page.js takes over what has come until then.
const early = (() => {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const want = { pipeline: wanted.get("pipeline") || "", stream: wanted.get("stream") || "", q: "", sort: "" };
  const source = new EventSource("api/live?" + new URLSearchParams(want)), messages = [];
  let hello = null, shown = false;
  const show = (m) => {
    if (shown) return;
    hello = m.hello || hello;
    const run = m.tick && m.tick.run.at(-1), label = document.getElementById("label");
    if (!run || !hello || !label) return;
    shown = true;
    label.textContent = run[3] === null ? "…" : run[2] < 0 ? "–" : hello.labels[run[2]];
    performance.mark("first label");
  };
  source.onmessage = (e) => {
    messages.push(JSON.parse(e.data));
    show(messages.at(-1));
  };
  return { want, source, messages, show };
})();
