package main

import (
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/capture"
	"inkling/internal/testkit"
)

// storeNotes stores the blocks of a recording on the subjects in.a and in.b of a JetStream
// stream, the second one behind the first, and returns the server's URL.
func storeNotes(t *testing.T, name string) string {
	t.Helper()
	url := serverWithPort(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err == nil {
		_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "notes", Subjects: []string{"in.>"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	src := capture.Files(capture.Options{}, name)
	defer src.Close()
	for i := 0; ; i++ {
		var b capture.Block
		err := src.Read(t.Context(), &b)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		payload, err := json.Marshal(b.Samples)
		if err != nil {
			t.Fatal(err)
		}
		for _, subject := range []string{"in.a", "in.b"} {
			m := nats.NewMsg(subject)
			m.Header.Set("Content-Type", "application/json")
			m.Header.Set("Inkling-Rate", "44100")
			m.Data = payload
			if _, err := js.PublishMsg(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	return url
}

// ofStream returns events without what tells one stream, or one source, from another.
func ofStream(t *testing.T, data []byte, stream string) (labels []string) {
	t.Helper()
	for line := range strings.Lines(string(data)) {
		var e struct {
			Type, Stream, Label string
			P                   float64
			Steps, Start, End   int
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if e.Stream == stream && (e.Type == "confirmed" || e.Type == "running") {
			e.Stream = ""
			b, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			labels = append(labels, string(b))
		}
	}
	return labels
}

// Stored messages are labelled as the file that they are of; a run over them that is killed
// again and again gives every event of one that is not, none twice; and they can be labelled
// once more by other rules.
func TestStoredMessages(t *testing.T) {
	file := notesStream(t, 6)
	url := storeNotes(t, file)
	args := []string{"run", "bundled:notes", "jetstream:notes", "--urls", url}
	whole, err := process(t, append(slices.Clone(args), "--until", "now", "--json")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	offline, err := process(t, "run", "bundled:notes", file, "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := ofStream(t, offline, file)
	if len(want) < 100 {
		t.Fatalf("%d events", len(want))
	}
	for _, subject := range []string{"in.a", "in.b"} {
		sameLines(t, ofStream(t, whole, subject), want)
	}

	dir := t.TempDir()
	out := filepath.Join(dir, "out.jsonl")
	killed := runKilled(t, append(slices.Clone(args), "--state", filepath.Join(dir, "state"), "--save-every", "5ms"), nil, []string{"--until", "now"}, 3, len(whole), out, false)
	wantAll, got := labelled(t, whole), labelled(t, testkit.ReadFile(t, out))
	slices.Sort(wantAll) // of two streams
	slices.Sort(got)
	sameLines(t, got, wantAll)
	t.Logf("%d kills, %d events", killed, len(got))

	again, err := process(t, append(slices.Clone(args)[:2], "jetstream:notes/in.a", "--urls", url, "--since", "1h", "--until", "now", "--json", "--threshold", "1", "--emit", "confirmed")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(again), `"rejected":true`); n != 6 {
		t.Errorf("labelled once more with --threshold 1, %d segments are rejected, want 6:\n%s", n, again)
	}
}

func TestMoments(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2h":                   now.Add(-2 * time.Hour),
		"3d":                   now.Add(-72 * time.Hour),
		"1.5d":                 now.Add(-36 * time.Hour),
		"90s":                  now.Add(-90 * time.Second),
		"2026-11-01T06:00:00Z": time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC),
		"now":                  {},
		"#12":                  {},
	} {
		var m moment
		if err := m.UnmarshalText([]byte(text)); err != nil || !m.at(now).Equal(want) {
			t.Errorf("%s: %v, %v", text, m.at(now), err)
		}
	}
	for _, text := range []string{"", "-1h", "0s", "#0", "#x", "yesterday", "2026-13-01", "d", "-3d", "1e99d"} {
		if err := new(moment).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	for line, want := range map[string]string{
		"run bundled:notes x.wav --since 2h":                   "inkling: --since and --until choose what is read of a JetStream stream, and x.wav is none: leave them out\n",
		"run bundled:notes jetstream: --since 2h":              "inkling: jetstream: give a stream, such as jetstream:sensors, or jetstream:sensors/hall.> for some of its subjects\n",
		"run bundled:notes jetstream:x --until #3":             "inkling: --until: give a time, not a sequence\n",
		"run bundled:notes jetstream:x --since 1h --until 2h":  "inkling: --since is after --until: exchange them\n",
		"run bundled:notes jetstream:x jetstream:y --since 1h": "inkling: jetstream:x: only files can be combined: give one source, or files alone\n",
	} {
		out, _ := process(t, strings.Fields(line)...).CombinedOutput()
		if string(out) != want {
			t.Errorf("%s:\n got %s\nwant %s", line, out, want)
		}
	}
}
