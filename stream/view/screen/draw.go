package screen

import (
	"fmt"
	"math"
	"strings"

	"inkling/internal/plain"
	"inkling/stream"
	"inkling/stream/view"
)

// Colours, as SGR parameters. Labels have those of palette in turn.
const (
	red    = 31
	yellow = 33
	grey   = 90
	bold   = 1
)

var palette = []int{36, 35, 32, 34, 33, 96, 95, 92, 94, 93}

func paint(colour int, s string) string { return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, s) }

// A row is a line of the panel. Where there are too few lines those of the greatest need
// are left out.
type row struct {
	text string
	need int
}

const (
	needed   = iota
	wanted   // help
	nice     // ribbon
	luxury   // further labels
	leisure  // levels over time
	leastRow = 1
)

// fit returns at most height rows of at most width columns.
func fit(rows []row, width, height int) []string {
	height = max(height, leastRow)
	for need := leisure; need >= needed && len(rows) > height; need-- {
		for i := len(rows) - 1; i >= 0 && len(rows) > height; i-- {
			if rows[i].need == need {
				rows = append(rows[:i], rows[i+1:]...)
			}
		}
	}
	var out []string
	for _, r := range rows {
		out = append(out, view.Clip(strings.TrimRight(r.text, " "), width))
	}
	return out
}

// pad clips s to width columns, or fills them with blanks.
func pad(s string, width int) string {
	s = view.Clip(s, width)
	return s + strings.Repeat(" ", max(width-view.Columns(s), 0))
}

// clock is a position in a stream.
func (s *shot) clock() string {
	if s.format.Rate <= 0 {
		return fmt.Sprint(s.now)
	}
	at := float64(s.now) / s.format.Rate
	if at < 60 {
		return fmt.Sprintf("%.1f s", at)
	}
	return fmt.Sprintf("%d:%04.1f", int(at)/60, math.Floor(10*math.Mod(at, 60))/10)
}

// one draws the panel of a single stream.
func (m *panel) one(s *shot) (rows []row) {
	name := pad(view.Name(s.name), min(view.Columns(view.Name(s.name)), m.width/3))
	head := name + "  " + s.clock()
	rows = append(rows, row{head + "  " + m.meter(s, m.width-view.Columns(head)-2), needed})
	if s.answer.Type == stream.Forecast {
		for _, line := range strings.Split(m.lines.Latest(&s.answer), "\n") {
			rows = append(rows, row{line, wanted})
		}
		return rows
	}
	cells := s.cells[max(len(s.cells)-m.width, 0):]
	if s.audible {
		rows = append(rows, row{heights(cells), leisure})
	}
	rows = append(rows, row{m.ribbon(cells), nice}, row{m.captions(cells), luxury})
	return append(rows, m.answers(s)...)
}

// meter draws the level of sound, or the values of another signal.
func (m *panel) meter(s *shot, width int) string {
	if !s.audible {
		if s.format.Rate <= 0 {
			return ""
		}
		var b strings.Builder
		for _, v := range s.values[:min(len(s.values), 8)] {
			fmt.Fprintf(&b, "%.4g  ", v)
		}
		return paint(grey, strings.TrimSpace(b.String()))
	}
	text := view.Meter(math.Sqrt(s.level), s.peak, width)
	if view.Clipped(s.peak) {
		text = paint(red, text)
	}
	return text
}

var bars = []rune(" ▁▂▃▄▅▆▇█")

// heights draws the levels of cells.
func heights(cells []cell) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteRune(bars[c.level])
	}
	return paint(grey, b.String())
}

// ribbon draws what cells were labelled: shaded while provisional, solid once confirmed.
func (m *panel) ribbon(cells []cell) string {
	var b strings.Builder
	for i := 0; i < len(cells); {
		n := i
		for n < len(cells) && cells[n].state == cells[i].state && cells[n].label == cells[i].label {
			n++
		}
		c := cells[i]
		switch c.state {
		case empty:
			b.WriteString(strings.Repeat("·", n-i))
		case provisional:
			b.WriteString(paint(colour(c.label), strings.Repeat("▒", n-i)))
		case confirmed:
			b.WriteString(paint(colour(c.label), strings.Repeat("█", n-i)))
		case overturned:
			b.WriteString(paint(colour(c.label), strings.Repeat("◆", n-i)))
		case left:
			b.WriteString(paint(grey, strings.Repeat("░", n-i)))
		}
		i = n
	}
	return b.String()
}

func colour(label int) int { return palette[label%len(palette)] }

// captions writes the label of each confirmed segment below it, where there is room.
func (m *panel) captions(cells []cell) string {
	var b strings.Builder
	for i, c := range cells {
		if c.state != confirmed && c.state != overturned || i > 0 && cells[i-1].state == confirmed && cells[i-1].label == c.label {
			continue
		}
		if room := i - view.Columns(b.String()); room >= 0 {
			b.WriteString(strings.Repeat(" ", room) + paint(colour(c.label), plain.Text(m.last.names[c.label])) + " ")
		}
	}
	return b.String()
}

// mostAnswers is how many labels have a bar.
const mostAnswers = 6

// answers draws a bar for each label, or for the best ones of many. The number of lines does
// not change.
func (m *panel) answers(s *shot) (rows []row) {
	scores := m.scores(s)
	width := 8
	for _, a := range scores {
		width = max(width, view.Columns(plain.Text(a.Label)))
	}
	width = min(width, m.width/3)
	note := ""
	if m.width >= 60 && s.answer.Type != "" {
		note = fmt.Sprintf("  step %d", s.answer.Step)
		if s.early > 0 {
			note += fmt.Sprintf(", early at %d", s.early)
		}
	}
	best := 0
	for i, a := range scores {
		if a.P > scores[best].P {
			best = i
		}
	}
	n := min(max(m.width-width-10-28, 8), 40)
	for i, a := range scores {
		mark, text := "  ", pad(plain.Text(a.Label), width)
		p := fmt.Sprintf(" %3.0f %%", 100*a.P)
		if s.answer.Type == "" {
			p = ""
		}
		bar := view.Bar(float64(a.P), n)
		if i != best || s.answer.Type == "" {
			rows = append(rows, row{mark + paint(grey, text) + " " + bar + p, luxury})
			continue
		}
		if s.answer.Warm && s.answer.Label == a.Label {
			mark = "▸ "
		}
		rows = append(rows, row{mark + paint(bold, text) + " " + paint(m.shade(a.Label), bar) + p + note, needed})
	}
	return rows
}

// shade is the colour of a label.
func (m *panel) shade(label string) int {
	for i, name := range m.last.names {
		if name == label {
			return colour(i)
		}
	}
	return grey
}

// scores returns the labels that are shown with their probabilities.
func (m *panel) scores(s *shot) []stream.Score {
	a := &s.answer
	if n := len(m.labels); n <= mostAnswers {
		all := make([]stream.Score, n)
		for i, label := range m.labels {
			all[i].Label = label
			if len(a.Probs) == n {
				all[i].P = a.Probs[i]
			}
			for _, top := range a.Top {
				if len(a.Probs) != n && top.Label == label {
					all[i].P = top.P
				}
			}
		}
		return all
	}
	all := make([]stream.Score, 3)
	copy(all, a.Top)
	return all
}

// many draws a line for each of several streams.
func (m *panel) many(list []shot) (rows []row) {
	name := 6
	for i := range list {
		name = max(name, view.Columns(view.Name(list[i].name)))
	}
	name = min(name, m.width/4)
	label := min(max(m.width/5, 8), 16)
	room := m.width - 2 - name - 1 - label - 1 - 5 - 1
	for i := range list {
		s := &list[i]
		mark := "  "
		if s.name == m.chosen {
			mark = "▸ "
		}
		told, p := "", "     "
		if s.answer.Type == stream.Running && s.answer.Warm {
			told, p = plain.Text(s.answer.Label), fmt.Sprintf("%3.0f %%", 100*s.answer.P)
			if told == "" {
				told = "–"
			}
		}
		line := mark + pad(view.Name(s.name), name) + " " + paint(m.shade(s.answer.Label), pad(told, label)) + " " + p + " "
		if s.answer.Type == stream.Forecast {
			line = mark + view.Clip(strings.Split(m.lines.Latest(&s.answer), "\n")[0], m.width-2)
		} else {
			line += m.ribbon(s.cells[max(len(s.cells)-room, 0):])
		}
		need := wanted
		if i == 0 {
			need = needed
		}
		rows = append(rows, row{line, need})
	}
	if m.last.more > 0 {
		rows = append(rows, row{paint(grey, fmt.Sprintf("  and %d more streams", m.last.more)), nice})
	}
	return rows
}
