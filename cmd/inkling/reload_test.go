package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"inkling/internal/bundled"
	"inkling/model"
	"inkling/stream/natsio"
)

// putModel writes the bundled model, with another threshold, as train does: beside, and
// then renamed.
func putModel(t *testing.T, path string, threshold float64) (hash string) {
	t.Helper()
	m, err := model.Load(bytes.NewReader(bundled.Model()))
	if err != nil {
		t.Fatal(err)
	}
	m.Config.Decision.Threshold = threshold
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if m, err = model.Load(&b); err != nil {
		t.Fatal(err)
	}
	return m.Hash()
}

// The model is replaced, and the configuration changed, while sensors publish. The
// segments of each stream follow one another without a gap, and no id is there twice.
func TestReloadUnderLoad(t *testing.T) {
	srv := broker(t, 0)
	defer srv.Shutdown()
	dir := t.TempDir()
	file, path := filepath.Join(dir, "inkling.toml"), filepath.Join(dir, "a.model")
	first := putModel(t, path, 0.1)
	write := func(more string) {
		text := fmt.Sprintf("[pipeline.a]\nurls = %q\nmodel = %q\nsource = 'nats:in.*'\nemit = 'confirmed'\nsegment = 'fixed'\n%s", srv.ClientURL(), path, more)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("steps = 9\n")
	s := start(t, "serve", file)
	s.log.find(t, `a: listening on in`)
	nc, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	blocks, sent := make(chan bool, 1000), make(chan uint64)
	more := func() { // a second of signal, while what follows happens
		for range 10 {
			blocks <- true
		}
	}
	go func() {
		var n uint64
		ps := []*natsio.Publisher{{Conn: nc, Subject: "in.x", Rate: 16000, Channels: 1}, {Conn: nc, Subject: "in.y", Rate: 16000, Channels: 1}}
		for range blocks {
			for _, p := range ps {
				if err := p.Send(make([]float32, 1601)); err != nil {
					t.Error(err)
				}
			}
			n += 1601
			if err := nc.Flush(); err != nil {
				t.Error(err)
			}
		}
		sent <- n
	}()
	more()
	s.out.find(t, `"type":"confirmed"`)
	more()
	second := putModel(t, path, 0.2)
	s.out.find(t, `"type":"status".*"model":"`+second)
	more()
	write("steps = 5\n")
	hangups <- syscall.SIGHUP
	s.log.find(t, `(?s)a: another model.*(a: another model)`)
	more()
	write("steps = 0.5\n")
	hangups <- syscall.SIGHUP
	s.log.find(t, `not taken over`)
	write("steps = 5\nthreshold = 0.3\n[pipeline.b]\nmodel = 'bundled:notes'\nsource = 'nats:other'\nurls = '" + srv.ClientURL() + "'\n")
	hangups <- syscall.SIGHUP
	s.log.find(t, `b: listening on other`)
	write("steps = 5\nthreshold = 0.3\n")
	hangups <- syscall.SIGHUP
	s.log.find(t, `b: ends, since`)
	more()
	close(blocks)
	total := <-sent
	s.end(t)
	checkSegments(t, s.out.String(), total)
	if !strings.Contains(s.out.String(), first) {
		t.Error("no event names the first model")
	}
}

// checkSegments checks that the segments of both streams follow one another to the end.
func checkSegments(t *testing.T, lines string, total uint64) {
	t.Helper()
	type at struct{ segment, end uint64 }
	streams, sizes := map[string]at{}, map[uint64]int{}
	for line := range strings.Lines(lines) {
		var e struct {
			Type, Stream, Session string
			Segment, Start, End   uint64
			Lost                  uint64
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "gap" {
			t.Errorf("a gap: %s", line)
		}
		if e.Type != "confirmed" && e.Type != "dropped" {
			continue
		}
		last := streams[e.Stream]
		if e.Segment != last.segment+1 || e.Start != last.end {
			t.Errorf("%s: segment %d from %d on follows %d up to %d", e.Stream, e.Segment, e.Start, last.segment, last.end)
		}
		streams[e.Stream] = at{e.Segment, e.End}
		sizes[e.End-e.Start]++
	}
	if len(streams) != 2 || len(sizes) < 2 {
		t.Errorf("%d streams, segments of %v samples", len(streams), sizes)
	}
	for name, last := range streams {
		if last.end+400 < total || last.end > total+400 { // the last frame may be cut short
			t.Errorf("%s: the last segment ends at %d of %d", name, last.end, total)
		}
	}
}
