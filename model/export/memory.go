package export

import (
	"fmt"
	"strings"

	"inkling/model/segment"
)

// Memory is what a part of the code takes, in bytes, on a processor of 32 bits.
type Memory struct {
	Part  string `json:"part"`
	Flash int    `json:"flash,omitempty"` // constants; the program comes to it
	RAM   int    `json:"ram,omitempty"`
}

// sizes adds up the constants that the generator writes.
type sizes struct{ tables, weights int }

const pointer = 4

// memory returns what the model takes.
func (g *generator) memory() []Memory {
	c, s, m := &g.m.Config, g.settings, g.m
	hidden, cell := 4, 4
	if g.integer {
		hidden = 2
	}
	front := 4*(g.keep()+c.Channels+max(1, c.Front.Deltas*g.base())+m.Dim()) + 4*4
	if c.Front.MeanPrior > 0 {
		front += 4*g.base() + 4
	}
	labels := len(c.Labels)
	all := []Memory{{Part: "weights", Flash: g.sizes.weights}, {Part: "tables", Flash: g.sizes.tables},
		{Part: "front end", RAM: front},
		{Part: "network and rules", RAM: c.Layers*c.Hidden*(hidden+cell) + c.Hidden*hidden + labels*4*5 + 160}}
	if s.Steps > 0 {
		all = append(all, Memory{Part: fmt.Sprintf("%d steps to confirm", s.Steps), RAM: s.Steps * m.TopDim() * hidden})
	}
	if n := s.counts.PreRoll; n > 0 && s.sounds() {
		all = append(all, Memory{Part: fmt.Sprintf("look-back of %d samples", n), RAM: 4 * c.Channels * int(n)})
	}
	if s.Segment.Kind == segment.Activity {
		all = append(all, Memory{Part: fmt.Sprintf("level over %d samples", s.counts.Hop), RAM: 4*c.Channels*int(s.counts.Hop) + 16})
	}
	if s.Segment.Kind == segment.Label {
		all = append(all, Memory{Part: "detector", RAM: front + c.Detector.Hidden*(hidden+cell) + 4})
	}
	if g.transform > 0 {
		all = append(all, Memory{Part: "transform, for all streams", RAM: 8 * (2*g.transform + c.Front.Bands)})
	}
	sum := Memory{Part: "together"}
	for _, p := range all {
		sum.Flash, sum.RAM = sum.Flash+p.Flash, sum.RAM+p.RAM
	}
	return append(all, sum)
}

// comment writes the memory as lines of a C comment.
func comment(all []Memory) string {
	var b strings.Builder
	b.WriteString("   bytes, without the program      flash       RAM")
	for _, p := range all {
		fmt.Fprintf(&b, "\n   %-28s %8s  %8s", p.Part, blank(p.Flash), blank(p.RAM))
	}
	return b.String()
}

func blank(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
