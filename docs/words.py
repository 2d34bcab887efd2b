#!/usr/bin/env python3
"""docs/words.py TEXT OUT.svg <EVENTS: draws what `inkling run MODEL - --emit word --json <TEXT`
said: under each word the label that it had then, the fuller the colour the surer, and at the
end of each line the conclusion. What stands in TRUTH, a label a line, is compared with it:
docs/words.py TEXT OUT.svg TRUTH <EVENTS."""
import bisect, html, json, re, sys

WIDTH, MARGIN, SIZE, CHAR, ROW, GAP = 900, 16, 14, 8.43, 42, 14
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#7b3294", "#8c510a", "#666666"]


def main():
    text, truth = open(sys.argv[1]).read(), open(sys.argv[3]).read().split() if len(sys.argv) > 3 else []
    events = [json.loads(line) for line in sys.stdin]
    running = [e for e in events if e["type"] == "running"]
    confirmed = [e for e in events if e["type"] == "confirmed"]
    if not confirmed:
        sys.exit("no line was concluded: give the events of run --emit word --json")
    labels = sorted({e["label"] for e in running + confirmed if e["label"]})
    colour = {label: COLOURS[i % len(COLOURS)] for i, label in enumerate(labels)}
    at, out, y = [e["sample"] for e in running], [], MARGIN

    def put(x, y, words, size, fill="#222", more=""):
        out.append(f'<text x="{x:.1f}" y="{y}" font-size="{size}" fill="{fill}" {more}>{html.escape(words)}</text>')

    x = MARGIN
    for label in labels:
        out.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colour[label]}"/>')
        put(x + 18, y + 11, label, 12)
        x += 36 + len(label) * 7.5
    y += 12 + GAP
    for n, end in enumerate(confirmed):
        x = MARGIN
        for word in re.finditer(r"\S+", text[end["start"]:end["end"]]):
            width = len(word.group()) * CHAR
            if x + width > WIDTH - MARGIN:
                x, y = MARGIN, y + ROW
            put(x, y + SIZE, word.group(), SIZE)
            k = bisect.bisect_left(at, end["start"] + word.end())
            e = running[k] if k < len(running) and running[k]["segment"] == end["segment"] else None
            if e and e["label"]:
                p, c = e["p"], colour[e["label"]]
                out.append(f'<rect x="{x:.1f}" y="{y + SIZE + 4}" width="{width:.1f}" height="5" fill="{c}" opacity="{max(0.15, min(1, 2 * p - 0.6)):.2f}"><title>{html.escape(e["label"])} {p:.0%}</title></rect>')
                put(x, y + SIZE + 19, f"{p:.0%}".replace("%", " %") if width > 28 else "", 9, c)
            x += width + CHAR
        y += ROW
        words = f'{end["label"] or "none of them"} {end["p"]:.0%}'.replace("%", " %")
        fill = colour.get(end["label"], "#222")
        if n < len(truth):
            words += "  ✓" if truth[n] == end["label"] else f"  ✗ it was {truth[n]}"
        put(MARGIN, y + 10, "→ " + words, SIZE, fill, 'font-weight="bold"')
        y += 10 + 2 * GAP
    about = f'model {events[0].get("model", "")}: the label after every word, and the conclusion'
    put(MARGIN, y + 4, about, 9, "#666")
    height = y + MARGIN
    with open(sys.argv[2], "w") as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="text with a label under each word, and its author at the end" '
                f"font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\"><rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n" + "\n".join(out) + "\n</svg>\n")


main()
