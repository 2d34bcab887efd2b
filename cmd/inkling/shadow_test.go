//go:build !edge

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/internal/plain"
	"inkling/internal/testkit"
)

var (
	eventLabel   = regexp.MustCompile(`\blabel:(\S+)`)
	eventSegment = regexp.MustCompile(`\bsegment:(\d+)`)
)

// An expectation is what the labels of two models say of one another.
type expectation struct {
	agree, disagree, known int
	truths                 string // some of the labels of the model in use, as a table
}

// counted counts the segments of a shadow by what the model in use says of those segments.
func counted(active, shadow map[string][]string) (x expectation) {
	x.truths = "stream,segment,label\n"
	for stream, lines := range shadow {
		of := map[string]string{} // by segment
		for _, l := range active[stream] {
			if strings.Contains(l, "type:confirmed") {
				of[eventSegment.FindString(l)] = eventLabel.FindString(l)
			}
		}
		for _, l := range lines {
			segment := eventSegment.FindStringSubmatch(l)
			switch mine, theirs := eventLabel.FindString(l), ""; {
			case !strings.Contains(l, "type:confirmed"):
			case mine == of[segment[0]]:
				x.agree++
			default:
				x.disagree++
				if theirs = of[segment[0]]; x.known < 6 && theirs != "" && theirs != "label:<nil>" {
					x.known++
					x.truths += fmt.Sprintf("%s,%s,%s\n", stream, segment[1], strings.TrimPrefix(theirs, "label:"))
				}
			}
		}
	}
	return x
}

// subjects returns how many subjects below one a stream holds.
func (c *chaos) subjects(stream, below string) int {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
	defer cancel()
	st, err := c.js.Stream(ctx, stream)
	if err != nil {
		return 0
	}
	info, err := st.Info(ctx, jetstream.WithSubjectFilter(below))
	if err != nil {
		return 0
	}
	return len(info.State.Subjects)
}

// tallied waits until a worker has stored what was counted, and checks that top reads no labels
// of before.
func (c *chaos) tallied(name, hash string, agree, disagree int) {
	c.t.Helper()
	a := &app{ctx: c.t.Context(), stdout: plain.NewWriter(io.Discard), stderr: plain.NewWriter(io.Discard)}
	w, end, err := openGroup(a, c.config)
	if err != nil {
		c.t.Fatal(err)
	}
	defer end()
	eventually(c.t, "what was counted is stored", func() bool {
		x, err := w.tallied(a.ctx, hash)
		if err != nil {
			c.t.Fatal(err)
		}
		if x == nil {
			return false
		}
		got := x.Compared.Counts()
		return got.Agree == agree && got.Disagree == disagree
	})
	st, err := c.js.Stream(a.ctx, name)
	if err == nil {
		err = st.Purge(a.ctx, jetstream.WithPurgeSubject(name+".confirmed.>"))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	if top := c.inkling("top", c.config); !strings.Contains(top, fmt.Sprintf("%d have the same label, %d another", agree, disagree)) {
		c.t.Errorf("top reads more than it has to:\n%s", top)
	}
}

// A shadow says what a run of its model alone says, from where it begins on and over a kill; the
// labels of the model in use are those that they are without it; and what is counted is right.
func TestShadow(t *testing.T) {
	const subjects = 6
	c, nc := newChaos(t)
	a := c.start(c.config)
	c.members(1)
	inkling := func(args ...string) string {
		t.Helper()
		out, err := process(t, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	other := renamedNotes(t, func(label string) string {
		return map[string]string{"piano": "trumpet", "trumpet": "piano", "flute": "flute"}[label]
	})
	hash := inkling("model", "push", c.config, other)
	name := "labels_shadow_" + hash
	c.input(nc, subjects, func(share float64) {
		switch share {
		case 0.2:
			eventually(t, "labels", func() bool { return len(c.committed()) == subjects })
			inkling("model", "shadow", c.config, hash[:8])
			eventually(t, "the shadow has begun on all partitions", func() bool { return c.subjects(name, name+".begin.>") == 6 })
		case 0.6:
			eventually(t, "labels of the shadow", func() bool { return len(c.storedIn(name)) > 0 })
			a.Process.Kill()
			a.Wait()
			a = c.start(c.config)
		}
	})
	want, alone := c.offline(subjects), c.offlineOf(other, "jetstream:in_by_partition", subjects)
	c.complete(want)
	c.compare(want)
	got := map[string][]string{}
	eventually(t, "the shadow has said all", func() bool {
		got = c.storedIn(name)
		for stream, lines := range alone {
			if n := len(got[stream]); n == 0 || !strings.Contains(strings.Join(got[stream], "\n"), lines[len(lines)-1]) {
				return false
			}
		}
		return true
	})

	for stream, lines := range got {
		for i, l := range lines {
			if !strings.Contains(strings.Join(alone[stream], "\n"), l) && !strings.Contains(l, "ended_by:idle") && !(i == 0 && strings.Contains(strings.Join(want[stream], "\n"), l)) {
				t.Errorf("%s: the shadow says\n%s\nand its model alone\n%s", stream, l, strings.Join(alone[stream], "\n"))
			}
		}
	}
	dir, last := t.TempDir(), ""
	var counts shadowState
	eventually(t, "what list counts is what the labels say, when both models have said all", func() bool {
		x := counted(c.committed(), c.storedIn(name))
		testkit.WriteFile(t, dir, "truths.csv", []byte(x.truths))
		var list []storedModel
		if err := json.Unmarshal([]byte(inkling("model", "list", c.config, "--json", "--truths", filepath.Join(dir, "truths.csv"))), &list); err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if m.Shadow != nil {
				counts = *m.Shadow
			}
		}
		if said := fmt.Sprintf("list %+v, labels %+v", counts, x); said != last {
			last = said
			t.Log(said)
		}
		top := inkling("top", c.config) // a label may come in between: then again
		return strings.Contains(top, fmt.Sprintf("shadow %s: of %d segments %d have the same label, %d another", hash, x.agree+x.disagree, x.agree, x.disagree)) &&
			strings.Contains(top, "who is right is not known without truths") && x.agree > 0 && x.known >= 3 && counts.Agree == x.agree && counts.Disagree == x.disagree && counts.Active == 0 && counts.Shadow == 0 &&
			counts.Truths == x.known && counts.Broken == x.known && counts.Fixed == 0 && math.Abs(*counts.McNemar-math.Ldexp(2, -x.known)) < 1e-9
	})
	c.tallied(name, hash, counts.Agree, counts.Disagree)
	inkling("model", "promote", c.config, hash)
	if said := inkling("model", "list", c.config); strings.Contains(said, "shadow") {
		t.Errorf("after promote:\n%s", said)
	}
	if _, err := c.js.Stream(t.Context(), name); err == nil {
		t.Error("what the shadow said is still there")
	}
	a.Process.Kill()
	a.Wait()
}
