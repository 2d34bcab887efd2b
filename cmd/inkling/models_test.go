//go:build !edge

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"inkling/internal/testkit"
	"inkling/model"
)

// otherNotes writes a model that gives the labels of the bundled one other names.
func otherNotes(t *testing.T, prefix string) string {
	t.Helper()
	return renamedNotes(t, func(label string) string { return prefix + label })
}

func renamedNotes(t *testing.T, rename func(string) string) string {
	t.Helper()
	m, err := openModel(bundledNotes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Config.Labels {
		m.Config.Labels[i] = rename(m.Config.Labels[i])
	}
	dir := t.TempDir()
	testkit.WriteFile(t, dir, "other.model", m.Bytes())
	return filepath.Join(dir, "other.model")
}

// mistold is the file of a model whose self-test says another value than its network, and its
// hash.
func mistold(t *testing.T) (data []byte, hash string) {
	t.Helper()
	data, err := os.ReadFile(otherNotes(t, "mistold-"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	sum := regexp.MustCompile(`"inkling.sha256":"[0-9a-f]+"`)
	data = sum.ReplaceAllFunc(data, func(b []byte) []byte { // a name of equal length: no checksum
		return fmt.Appendf(nil, `"another":"%s"`, strings.Repeat("-", len(b)-12))
	})
	confirm := regexp.MustCompile(`\\"confirm\\":\[0`)
	if !confirm.Match(data) {
		t.Fatal("the file has no self-test")
	}
	return confirm.ReplaceAll(data, []byte(`\"confirm\":[9`)), m.Hash()
}

// An error of a shared model names the model, and is still found by errors.Is and errors.As.
func TestOfModelKeepsTheChain(t *testing.T) {
	where := &os.PathError{Op: "read", Path: "x", Err: os.ErrDeadlineExceeded}
	err := ofModel("model 1234", fmt.Errorf("model: damaged: %w", where))
	if want := "model 1234: damaged: " + where.Error(); err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	var as *os.PathError
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &as) {
		t.Errorf("%v has lost its chain", err)
	}
}

// All streams of a group go on with a model that is promoted, each behind its open segment,
// also if the worker is killed in between: no label is lost, and none comes twice.
func TestModelIsPromoted(t *testing.T) {
	const subjects = 4
	c, nc := newChaos(t)
	a := c.start(c.config)
	c.members(1)
	inkling := c.inkling
	own := inkling("model", "list", c.config)
	if !strings.Contains(own, "100 %") || !strings.Contains(own, "of the configuration") {
		t.Errorf("at first:\n%s", own)
	}
	c.input(nc, subjects, func(share float64) {
		switch share {
		case 0.3:
			c.promote(otherNotes(t, "new-"))
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

// A model that this machine computes otherwise than its file says is refused by name: by push,
// by promote, and by a worker that finds it in the plan.
func TestModelThatComputesOtherwiseIsRefused(t *testing.T) {
	c, _ := newChaos(t)
	p := process(t, "worker", c.config, "--create", "--id", "w")
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	c.members(1)

	data, hash := mistold(t)
	dir := t.TempDir()
	testkit.WriteFile(t, dir, "mistold.model", data)
	refused := func(what string, args ...string) {
		t.Helper()
		out, err := process(t, args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "inkling: "+what+": self-test") || !strings.Contains(string(out), "confirm: value 0 is 0.00") {
			t.Errorf("%v: %v: %s", args, err, out)
		}
	}
	refused(filepath.Join(dir, "mistold.model"), "model", "push", c.config, filepath.Join(dir, "mistold.model"))
	files, err := c.js.ObjectStore(t.Context(), "models")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.GetInfo(t.Context(), hash); err == nil {
		t.Error("what push refuses is stored all the same")
	}
	if _, err := files.PutBytes(t.Context(), hash, data); err != nil {
		t.Fatal(err)
	}
	refused("model "+hash, "model", "promote", c.config, hash[:8])
	plans, err := c.js.KeyValue(t.Context(), "labels_model")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plans.PutString(t.Context(), planKey, fmt.Sprintf(`{"model":%q}`, hash)); err != nil {
		t.Fatal(err)
	}
	want := "the models stay as they are: model " + hash + ": self-test"
	for {
		if !lines.Scan() {
			t.Fatalf("the worker ended, and did not say %q", want)
		}
		if strings.Contains(lines.Text(), want) {
			break
		}
	}
	p.Process.Kill()
	p.Wait()
}
