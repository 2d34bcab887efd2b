// Package screen shows a run on a terminal: lasting lines, which scroll as those of package
// view do, and below them a panel that is redrawn, with the level, the running label and the
// probabilities, and a ribbon of what was labelled last. It is a package of its own so that
// a program that does without it does not contain Bubble Tea.
//
// New returns a Screen, which is a stream.Sink; its Tap belongs into stream.RunOptions.Taps.
// The terminal keeps its history: the panel does not take the whole screen, and leaves
// nothing behind.
package screen

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	tea "charm.land/bubbletea/v2"

	"inkling/stream"
	"inkling/stream/view"
)

// Options configures New.
type Options struct {
	In     *os.File // a terminal to read keys from; nil: there are no keys
	Out    *os.File // a terminal
	Rate   float64  // the source's samples per second; 0: positions are samples
	Labels []string // of the model, in its order
	Width  int      // columns of a terminal that does not say it

	// Play plays a segment until its end, or that of ctx; nil: nothing can be played.
	Play func(ctx context.Context, samples []float32, rate float64, channels int) error
}

// A Screen shows a run. It takes the terminal when the first stream begins or the first
// event comes, and gives it back in Close. Its methods may be called at the same time, but
// for those of stream.Sink, which one goroutine calls.
type Screen struct {
	o       Options
	board   *board
	lines   *view.Formatter
	waiting []string // lasting lines that have not been written

	begin  sync.Once
	stop   context.CancelFunc // ends what plays
	ctx    context.Context
	keys   *keyboard // nil: none
	tea    *tea.Program
	gone   chan struct{} // the program has ended
	closed sync.Once
}

// New returns a Screen.
func New(o Options) *Screen {
	s := &Screen{o: o, board: newBoard(o.Labels, o.Rate), gone: make(chan struct{})}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.lines = view.NewFormatter(view.Options{Colour: true, Width: o.Width, Columns: func() int { return columns(o.Out) }, Rate: o.Rate})
	return s
}

// start takes the terminal, and reports whether it has; not after Close.
func (s *Screen) start() bool {
	s.begin.Do(func() {
		if s.o.In != nil {
			s.keys = openKeyboard(s.o.In)
		}
		m := &panel{ctx: s.ctx, board: s.board, labels: s.o.Labels, keys: s.keys != nil, play: s.o.Play,
			lines: view.NewFormatter(view.Options{Width: s.o.Width, Columns: func() int { return columns(s.o.Out) }, Rate: s.o.Rate})}
		s.tea = tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(s.o.Out), tea.WithoutSignalHandler(), tea.WithFPS(30))
		go func() {
			defer close(s.gone)
			s.tea.Run()
		}()
		if s.keys != nil {
			go s.keys.read(func(k string) { s.tea.Send(key(k)) })
		}
	})
	return s.tea != nil
}

// Tap follows a stream for its level, and for the sound of its segments.
func (s *Screen) Tap(name string) stream.Tap {
	s.start()
	return s.board.tap(name)
}

// Ending says that the run has been told to end. Keys are read no more.
func (s *Screen) Ending() {
	if s.start() {
		s.keys.close()
		s.tea.Send(endingMsg{})
	}
}

// Print writes a line, or several, above the panel.
func (s *Screen) Print(text string) {
	s.start()
	s.print(strings.Split(strings.TrimRight(text, "\n"), "\n"))
}

// Write takes an event.
func (s *Screen) Write(_ context.Context, e *stream.Event) error {
	s.start()
	s.board.event(e)
	if line := s.lines.Lasting(e); line != "" {
		s.waiting = append(s.waiting, strings.Split(line, "\n")...)
	}
	return nil
}

// Flush writes the lasting lines.
func (s *Screen) Flush(context.Context) error {
	lines := s.waiting
	s.waiting = nil
	return s.print(lines)
}

// chunk is how many lines are written above the panel at once, which must fit on the screen
// beside it.
const chunk = 4

func (s *Screen) print(lines []string) error {
	for len(lines) > 0 {
		n := min(chunk, len(lines))
		text := strings.Join(lines[:n], "\n")
		lines = lines[n:]
		select {
		case <-s.gone: // all the same: no line is lost
			if _, err := fmt.Fprintln(s.o.Out, text); err != nil {
				return err
			}
		default:
			s.tea.Send(tea.Println(text)())
		}
	}
	return nil
}

// Close writes what has not been written, removes the panel and gives the terminal back. It
// may be called again.
func (s *Screen) Close() error {
	s.begin.Do(func() { close(s.gone) }) // not begun, it begins no more
	err := s.Flush(context.Background())
	s.closed.Do(func() {
		s.stop()
		if s.tea != nil {
			s.tea.Send(closedMsg{})
			s.tea.Quit()
			<-s.gone
		}
		s.keys.close()
	})
	return err
}
