package main

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"

	"inkling/capture"
	"inkling/model"
)

// continueFlags have a model of text write.
type continueFlags struct {
	Continue    int     `help:"Model of the next character: read SOURCE to its end and write this many characters that continue it." placeholder:"N"`
	Temperature float64 `within:"0..100" help:"--continue: below 1 more likely text, above 1 stranger text; 0 always writes the most probable character." default:"1" placeholder:"T"`
	Seed        uint64  `help:"--continue: same seed, same text." default:"1"`
}

// continueText reads the source to its end and prints what the model writes after it.
func (c *runCmd) continueText(a *app, m *model.Model) (err error) {
	switch {
	case !m.HasNext() || !m.Config.Text():
		return usagef("--continue: %s does not say the next character: train a model with --predict next on text", c.Model)
	case c.Continue < 0:
		return usagef("--continue %d: give a number of characters", c.Continue)
	case len(c.Source) == 0:
		return usagef("--continue: give text files, or - for standard input, to continue")
	case c.endless():
		return usagef("--continue: %s never ends: give text files, or - for standard input", c.Source[0])
	case c.Ahead != 0 || len(c.To) > 0 || c.JSON || c.Quiet || c.Keep != "":
		return usagef("--continue prints text only: leave --ahead, --to, --json, --quiet and --keep out")
	}
	src, err := c.openText(a, c.Source, nil, "")
	if err != nil {
		return err
	}
	defer src.Close()
	s := m.NewState()
	if err := readTo(a, m, src, s); err != nil {
		return err
	}
	w := bufio.NewWriter(quitter{a.data()})
	for r := range m.Generate(s, c.Continue, c.Temperature, rand.New(rand.NewPCG(c.Seed, 0))) {
		if a.ctx.Err() != nil {
			break // what is written stays
		}
		if _, err := w.WriteRune(r); err != nil {
			return err
		}
	}
	w.WriteByte('\n')
	return w.Flush()
}

// readTo moves s over all of src.
func readTo(a *app, m *model.Model, src capture.Source, s *model.State) error {
	front, err := m.Front()
	if err != nil {
		return err
	}
	var codes []float32
	for {
		var b capture.Block
		err := src.Read(a.ctx, &b)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		codes = front.Push(codes[:0], b.Samples)
		for i := range codes {
			m.Step(nil, s, codes[i:i+1])
		}
	}
}
