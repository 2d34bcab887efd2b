package screen

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"inkling/internal/plain"
	"inkling/stream/view"
)

// A panel is the part of the screen that is redrawn, below the lasting lines: a tea.Model.
type panel struct {
	ctx    context.Context
	board  *board
	lines  *view.Formatter
	labels []string
	keys   bool // keys are read
	play   func(ctx context.Context, samples []float32, rate float64, channels int) error

	width, height int
	last          shots
	chosen        string // the stream that keys are about; "": any
	playing       bool
	note          string // in place of the help, until the next key
	ending        bool   // the run has been told to end
	closed        bool   // nothing is drawn any more
}

// What a panel is told, beside tea.WindowSizeMsg and shots.
type (
	key    string   // a key, or the name of one
	played struct { // the end of playing
		what string
		err  error
	}
	endingMsg struct{}
	closedMsg struct{}
)

// pulse is the time between two looks at the board.
const pulse = time.Second / 15

func (m *panel) Init() tea.Cmd { return m.look() }

// look returns the command that brings the next shots.
func (m *panel) look() tea.Cmd {
	n, columns, chosen := m.rows(), m.columns(), m.chosen
	return tea.Tick(pulse, func(time.Time) tea.Msg { return m.board.take(n, columns, chosen) })
}

// rows is how many streams fit.
func (m *panel) rows() int { return min(max(m.height/2-2, 1), 12) }

func (m *panel) columns() int { return max(m.width, view.LeastWidth) }

func (m *panel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(msg.Width, view.LeastWidth), msg.Height
	case shots:
		m.last = msg
		return m, m.look()
	case key:
		return m, m.press(msg)
	case played:
		m.playing = false
		if m.note = ""; msg.err != nil {
			return m, tea.Println(view.Wrap(plain.Text(fmt.Sprintf("%s cannot be played: %v", msg.what, msg.err)), m.width))
		}
	case endingMsg:
		m.ending, m.keys = true, false
	case closedMsg:
		m.closed = true
	}
	return m, nil
}

// press does what a key says.
func (m *panel) press(k key) tea.Cmd {
	if !m.keys {
		return nil
	}
	m.note = ""
	switch k {
	case "p", "P":
		return m.hear()
	case "up", "k":
		m.choose(-1)
	case "down", "j", "\t":
		m.choose(1)
	case "esc":
		m.chosen = ""
	}
	return nil
}

// choose chooses the stream that is by places further down.
func (m *panel) choose(by int) {
	list := m.last.list
	if len(list) < 2 {
		return
	}
	at := 0
	if by > 0 {
		at = -1
	}
	for i := range list {
		if list[i].name == m.chosen {
			at = i
		}
	}
	m.chosen = list[(at+by+len(list))%len(list)].name
}

// hear plays the newest segment, of the chosen stream if there is one.
func (m *panel) hear() tea.Cmd {
	s := m.last.sound
	for i := range m.last.list {
		if m.last.list[i].name == m.chosen {
			s = m.last.list[i].sound
		}
	}
	switch {
	case m.playing:
		return nil
	case len(s.samples) == 0:
		m.note = "there is no segment to hear yet"
		return nil
	case m.play == nil:
		m.note = "nothing can be played here"
		return nil
	}
	what := s.label
	if what == "" {
		what = "the segment"
	}
	m.playing, m.note = true, "playing "+what
	ctx, play := m.ctx, m.play
	return func() tea.Msg { return played{what, play(ctx, s.samples, s.rate, s.channels)} }
}

func (m *panel) View() tea.View {
	v := tea.NewView(strings.Join(m.draw(), "\n"))
	v.DisableBracketedPasteMode = true
	return v
}

// draw returns the lines of the panel.
func (m *panel) draw() []string {
	if m.closed || m.width == 0 || len(m.last.list) == 0 {
		return nil
	}
	var rows []row
	if len(m.last.list) == 1 && m.last.more == 0 {
		rows = m.one(&m.last.list[0])
	} else {
		rows = m.many(m.last.list)
	}
	rows = append(rows, row{m.help(), wanted})
	return fit(rows, m.width, min(m.height-1, 2*m.height/3+1))
}

// help is the last line: what can be done, or what is.
func (m *panel) help() string {
	var parts []string
	switch {
	case m.ending:
		return paint(yellow, "ending: what has arrived is being labelled; Ctrl-C again leaves at once")
	case m.note != "":
		return paint(yellow, plain.Text(m.note))
	case !m.keys:
	case len(m.last.sound.samples) > 0:
		parts = append(parts, "p: hear "+plain.Text(m.last.sound.label))
	}
	if m.keys && len(m.last.list) > 1 {
		parts = append(parts, "↑ ↓: choose a stream")
	}
	return paint(grey, strings.Join(append(parts, "Ctrl-C: end"), "   "))
}
