package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// otherNotes writes a model that gives the labels of the bundled one other names.
func otherNotes(t *testing.T, prefix string) string {
	t.Helper()
	m, err := openModel(bundledNotes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Config.Labels {
		m.Config.Labels[i] = prefix + m.Config.Labels[i]
	}
	name := filepath.Join(t.TempDir(), "other.model")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := m.Save(f); err != nil {
		t.Fatal(err)
	}
	return name
}

// All streams of a group go on with a model that is promoted, each behind its open segment,
// also if the worker is killed in between: no label is lost, and none comes twice.
func TestModelIsPromoted(t *testing.T) {
	const subjects = 4
	c, nc := newChaos(t)
	a := c.start(c.config)
	c.members(1)
	inkling := func(args ...string) string {
		out, err := process(t, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	own := inkling("model", "list", c.config)
	if !strings.Contains(own, "100 %") || !strings.Contains(own, "of the configuration") {
		t.Errorf("at first:\n%s", own)
	}
	c.input(nc, subjects, func(share float64) {
		switch share {
		case 0.3:
			hash := inkling("model", "push", c.config, otherNotes(t, "new-"))
			inkling("model", "promote", c.config, hash[:8])
			if list := inkling("model", "list", c.config); strings.Count(list, "100 %") != 1 {
				t.Errorf("after promote:\n%s", list)
			}
		case 0.7:
			a.Process.Kill()
			a.Wait()
			a = c.start(c.config)
		}
	})
	want := c.offline(subjects)
	c.complete(want)
	got := c.committed()
	plain, fresh := map[string][]string{}, 0
	for stream, labels := range got {
		changed := false
		for _, l := range labels {
			if !strings.Contains(l, "label:") {
				continue // nothing says whose it is
			}
			isNew := strings.Contains(l, "label:new-")
			if changed && !isNew {
				t.Errorf("%s: an old label behind a new one: %v", stream, labels)
			}
			changed = changed || isNew
		}
		if changed {
			fresh++
		}
		for _, l := range labels {
			plain[stream] = append(plain[stream], strings.ReplaceAll(l, "new-", ""))
		}
	}
	if fresh == 0 {
		t.Errorf("no label is of the new model: %v", got)
	}
	if out := inkling("model", "canary", c.config, "--share", "0"); out != "" {
		t.Errorf("%q", out)
	}
	c.same(plain, want)
	a.Process.Kill()
	a.Wait()
}
