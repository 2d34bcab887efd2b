#!/usr/bin/env python3
"""docs/session.py INKLING OUT.svg: records `inkling demo` on a terminal of 80 columns and
writes it as an animated SVG, a frame a second. It needs tmux."""
import html, os, re, subprocess, sys, tempfile, time

COLUMNS, ROWS, SECONDS, EVERY = 80, 24, 13, 1.0
SIZE, WIDTH, HEIGHT = 13, 7.83, 17
COLOURS = {30: "#1e1e1e", 31: "#f14c4c", 32: "#23d18b", 33: "#f5f543", 34: "#3b8eea", 35: "#d670d6", 36: "#29b8db", 37: "#e5e5e5",
           90: "#8a8a8a", 91: "#f14c4c", 92: "#7ee787", 93: "#f5f543", 94: "#79b8ff", 95: "#f0a0f0", 96: "#7fdbff", 97: "#ffffff"}


def record(binary):
    """Returns the frames of the demo as tmux captures them, with the codes of colours."""
    env = dict(os.environ, TERM="xterm-256color", TZ="UTC")
    env.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as dir:
        tmux = ["tmux", "-S", os.path.join(dir, "socket"), "-f", "/dev/null"]
        command = f"printf '$ inkling demo\\n'; '{binary}' demo --seconds {SECONDS}; printf '$ '; sleep 600"
        subprocess.run(tmux + ["new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), command], env=env, check=True)
        frames, began = [], time.monotonic()
        try:
            while True:
                time.sleep(EVERY)
                text = subprocess.run(tmux + ["capture-pane", "-p", "-e", "-t", ":"], env=env, check=True, capture_output=True, text=True).stdout
                frames.append(text)
                if "confirmed right" in text:
                    return frames
                if time.monotonic() - began > 10 * SECONDS:
                    sys.exit("the demo has not ended")
        finally:
            subprocess.run(tmux + ["kill-server"], env=env)


def line(text, y):
    """Returns a line of a terminal as SVG: a tspan for each stretch of one colour."""
    spans, colour, bold, column = [], None, False, 0
    for part in re.split(r"(\x1b\[[0-9;]*m)", text):
        if part.startswith("\x1b["):
            for code in (int(c or 0) for c in part[2:-1].split(";")):
                if code == 0:
                    colour, bold = None, False
                elif code == 1:
                    bold = True
                elif code == 39:
                    colour = None
                elif code in COLOURS:
                    colour = COLOURS[code]
        elif part:
            style = (f' fill="{colour}"' if colour else "") + (' font-weight="bold"' if bold else "")
            spans.append(f'<tspan x="{10 + column * WIDTH:.1f}" textLength="{len(part) * WIDTH:.1f}"{style}>{html.escape(part)}</tspan>')
            column += len(part)
    return f'<text y="{y}">{"".join(spans)}</text>' if spans else ""


def main():
    binary, out = os.path.abspath(sys.argv[1]), sys.argv[2]
    frames = record(binary)
    n, width, height = len(frames), int(20 + COLUMNS * WIDTH), 20 + ROWS * HEIGHT
    share = 100 / (n + 3)  # the last frame stays for longer
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-label="inkling demo on a terminal">',
           f"<style>text{{font:{SIZE}px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d4d4d4;white-space:pre}}"
           f".f{{opacity:0;animation:f {(n + 3) * EVERY:.0f}s infinite}}@keyframes f{{0%,{share:.2f}%{{opacity:1}}{share + 0.01:.2f}%,100%{{opacity:0}}}}"
           f".l{{opacity:0;animation:l {(n + 3) * EVERY:.0f}s infinite}}@keyframes l{{0%{{opacity:1}}{4 * share:.2f}%,100%{{opacity:0}}}}"
           "@media(prefers-reduced-motion){.f{display:none}.l{opacity:1;animation:none}}</style>",
           f'<rect width="{width}" height="{height}" rx="6" fill="#1e1e1e"/>']
    for i, frame in enumerate(frames):
        lines = [line(text.rstrip(), 24 + k * HEIGHT) for k, text in enumerate(frame.split("\n")[:ROWS])]
        svg.append(f'<g class="{"l" if i == n - 1 else "f"}" style="animation-delay:{i * EVERY:.1f}s">{"".join(lines)}</g>')
    with open(out, "w") as f:
        f.write("\n".join(svg) + "\n</svg>\n")


main()
