package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"inkling/internal/bundled"
	"inkling/stream/natsio"
)

// config writes a configuration and returns its path.
func config(t *testing.T, format string, args ...any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "inkling.toml")
	if err := os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// ran runs a command to its end.
func ran(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &log)
	return code, out.String(), log.String()
}

// The example has every key, and nothing wrong.
func TestServeExample(t *testing.T) {
	_, text, _ := ran(t, "serve", "--example")
	if code, _, log := ran(t, "serve", "--check", config(t, "%s", text)); code != 0 || !strings.Contains(log, "2 pipelines") {
		t.Errorf("%d %s", code, log)
	}
	for _, k := range pipelineKeys() {
		if !regexp.MustCompile(`(?m)^(# )?` + k + ` = `).MatchString(text) {
			t.Errorf("the example lacks %s", k)
		}
	}
	all := regexp.MustCompile(`(?m)^# ([a-z0-9-]+ = .*)$`).ReplaceAllString(text[strings.Index(text, "# Every further key"):], "$1")
	_, err := readService(nil, "f", []byte("[pipeline.a]\n"+all))
	if err == nil || strings.Contains(err.Error(), "no such key") || strings.Contains(err.Error(), "not TOML") {
		t.Errorf("the keys of the example: %v", err)
	}
}

// Every flag of run is a key, but for those of the process and for writing text.
func TestPipelineKeysAreFlags(t *testing.T) {
	keys := pipelineKeys()
	for _, f := range flagNames(parserOf(&runCmd{})) {
		if slices.Contains([]string{"http", "http-host", "http-token", "continue", "temperature", "seed"}, f) == slices.Contains(keys, f) {
			t.Errorf("%s: a key is %v", f, slices.Contains(keys, f))
		}
	}
}

func TestServeMistakes(t *testing.T) {
	const ok = "model='bundled:notes'\nsource='nats:in'\n"
	for _, c := range []struct{ text, want string }{
		{"[pipeline.a]\n" + ok + "thershold = 1", ".toml:4: pipeline a: thershold: no such key: the nearest is threshold"},
		{"[pipeline.a]\n" + ok + "threshold = 2", ".toml:4: pipeline a: threshold: 2: give a probability from 0 to 1"},
		{"[pipeline.a]\n" + ok + "threshold = ['x=0.1']", ".toml:4: pipeline a: threshold: x=0.1: the model has no label"},
		{"[pipeline.a]\n" + ok + "gap = 'x'", `.toml:4: pipeline a: gap: must be one of "","reset","hold","fill" but got "x"`},
		{"[pipeline.a]\n" + ok + "drain = 3", ".toml:4: pipeline a: drain: "},
		{"[pipeline.a]\n" + ok + "drain = '-1s'", ".toml:4: pipeline a: drain: -1s: give more than 0"},
		{"[pipeline.a]\n" + ok + "emit = ['step', 'change']", ".toml:4: pipeline a: emit: give one value"},
		{"[pipeline.a]\n" + ok + "emit = 'foo'", "pipeline a: "},
		{"[pipeline.a]\n" + ok + "stale-after = '1s'", ".toml:4: pipeline a: stale-after: it shows at http"},
		{"http = 'localhost'\n[pipeline.a]\n" + ok, "http: the address"},
		{"[pipeline.a]\nsource='nats:in'", ".toml:1: pipeline a: model: give one model"},
		{"[pipeline.a]\nmodel='bundled:notes'", ".toml:1: pipeline a: source: give a source"},
		{"[pipeline.a]\nmodel='no.model'\nsource='nats:in'", ".toml:2: pipeline a: model: open no.model"},
		{"[pipeline.a]\nmodel='bundled:notes'\nsource='mic:USB'\n[pipeline.b]\nmodel='bundled:notes'\nsource='mic'\ndevice='usb'",
			".toml:6: pipeline b: source: the microphone usb is read by pipeline a already, and cannot be read twice: give another"},
		{"[pipeline.a]\nmodel='bundled:notes'\nsource='-'\n[pipeline.b]\nmodel='bundled:notes'\nsource='-'", "standard input is read by pipeline a already"},
	} {
		code, _, log := ran(t, "serve", config(t, "%s", c.text))
		if code != 2 || !strings.Contains(log, c.want) {
			t.Errorf("%s\n%d %s\nwant %s", c.text, code, log, c.want)
		}
	}
	if code, _, log := ran(t, "serve", "--check", config(t, "[pipeline.a]\nx1=1\nx2=2")); code != 2 || !strings.Contains(log, "4 mistakes") || strings.Contains(log, `\n`) {
		t.Errorf("%d %s", code, log)
	}
	if code, _, log := ran(t, "serve"); code != 2 || !strings.Contains(log, "--example") {
		t.Errorf("%d %s", code, log)
	}
}

// A pipeline prints what run prints, whatever else is beside it.
func TestPipelineIsRun(t *testing.T) {
	wav := filepath.Join(t.TempDir(), "minute.flac")
	if err := os.WriteFile(wav, bundled.Minute(), 0o644); err != nil {
		t.Fatal(err)
	}
	code, want, log := ran(t, "run", bundledNotes, wav, "--emit", "change", "--threshold", "0.4", "--hold", "0.2")
	if code != 0 {
		t.Fatal(log)
	}
	code, both, log := ran(t, "serve", config(t, "[defaults]\nmodel = 'bundled:notes'\nsource = %q\nemit = 'change'\n[pipeline.a]\nthreshold = 0.4\nhold = 0.2\n[pipeline.b]\nthreshold = 0.9\n", wav))
	if code != 0 {
		t.Fatal(log)
	}
	var got string
	for line := range strings.Lines(both) {
		if strings.Contains(line, `"session":"a-`) {
			got += line
		} else if !strings.Contains(line, `"session":"b-`) {
			t.Fatalf("a line of neither pipeline: %s", line)
		}
	}
	variable := regexp.MustCompile(`"session":"[^"]*"|"latency_ms":[0-9.e-]+|"time":"[^"]*"|"seconds":[0-9.e-]+`)
	if got, want := variable.ReplaceAllString(got, ""), variable.ReplaceAllString(want, ""); got != want {
		t.Errorf("the pipeline prints %d bytes, run %d", len(got), len(want))
	}
}

// Pipelines over NATS, with what the page shows of them.
func TestServeOverNATS(t *testing.T) {
	srv := broker(t, 0)
	defer srv.Shutdown()
	s := start(t, "serve", config(t, "http = '0'\n[defaults]\nurls = %q\nmodel = 'bundled:notes'\nsegment = 'fixed'\nto = 'nats:labels'\n[pipeline.a]\nsource = 'nats:a'\n[pipeline.b]\nsource = 'nats:b'\nquiet = true\n", srv.ClientURL()))
	base := s.log.find(t, `(http://[0-9.:]+): /healthz`)
	s.log.find(t, `(?m)^a: listening on a$`)
	s.log.find(t, `(?m)^b: listening on b$`)
	becomes(t, base+"/readyz", 200, `b: sink 1`)
	nc, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, subject := range []string{"a", "b"} {
		p := &natsio.Publisher{Conn: nc, Subject: subject, Rate: 16000, Channels: 1}
		if err := p.Send(make([]float32, 32000)); err != nil {
			t.Fatal(err)
		}
	}
	s.out.find(t, `"type":"confirmed","session":"a-`)
	becomes(t, base+"/metrics", 200, `inkling_samples_total{pipeline="b"} 32000`)
	s.end(t)
	if strings.Contains(s.out.String(), `"session":"b-`) {
		t.Error("a quiet pipeline prints")
	}
}

// A server that is not there yet is waited for.
func TestServeWaitsForTheBroker(t *testing.T) {
	srv := broker(t, 0)
	url := srv.ClientURL()
	srv.Shutdown()
	srv.WaitForShutdown()
	s := start(t, "serve", config(t, "http = '0'\n[pipeline.a]\nurls = %q\nmodel = 'bundled:notes'\nsource = 'nats:a'\n", url))
	base := s.log.find(t, `(http://[0-9.:]+): /healthz`)
	s.log.find(t, `a: nats .*trying again in 1s`)
	becomes(t, base+"/readyz", 503, "start a server there")
	s.end(t)
}

// Two models on one subject read it together, and each prints what it prints alone.
func TestServeSharesASource(t *testing.T) {
	srv := broker(t, 0)
	defer srv.Shutdown()
	path := filepath.Join(t.TempDir(), "a.model")
	putModel(t, path, 0.1)
	other := filepath.Join(t.TempDir(), "b.model")
	putModel(t, other, 0.2)
	nc, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	variable := regexp.MustCompile(`"session":"[^"]*"|"latency_ms":[0-9.e-]+|"time":"[^"]*"|"seconds":[0-9.e-]+`)
	serve := func(pipelines string, logs ...string) map[string]string {
		s := start(t, "serve", config(t, "[defaults]\nurls = %q\nsource = 'nats:in.*'\nsegment = 'fixed'\nsteps = 9\n%s", srv.ClientURL(), pipelines))
		for _, l := range logs {
			s.log.find(t, l)
		}
		p := &natsio.Publisher{Conn: nc, Subject: "in.x", Rate: 16000, Channels: 1}
		x := make([]float32, 1600)
		for i := range 10 {
			for k := range x {
				x[k] = float32(math.Sin(float64(k*(i+1)) / 50))
			}
			if err := p.Send(x); err != nil {
				t.Fatal(err)
			}
		}
		nc.Flush()
		for name := range strings.SplitSeq("a b", " ") {
			if strings.Contains(pipelines, "[pipeline."+name+"]") {
				s.out.find(t, `"session":"`+name+`-.*"type":"confirmed"|"type":"confirmed","session":"`+name+`-`)
			}
		}
		s.end(t)
		all := map[string]string{}
		for line := range strings.Lines(s.out.String()) {
			if name := regexp.MustCompile(`"session":"([ab])-`).FindStringSubmatch(line); name != nil && strings.Contains(line, `"stream":"in.x"`) {
				all[name[1]] += variable.ReplaceAllString(line, "")
			}
		}
		return all
	}
	a, b := fmt.Sprintf("[pipeline.a]\nmodel = %q\n", path), fmt.Sprintf("[pipeline.b]\nmodel = %q\n", other)
	both := serve(a+b, `: listening on in`, `: reads nats:in.\* together with another pipeline`)
	for name, alone := range map[string]string{"a": a, "b": b} {
		want := serve(alone, name+`: listening on in`)[name]
		if want == "" || both[name] != want {
			t.Errorf("pipeline %s prints %d bytes of events beside the other, %d alone", name, len(both[name]), len(want))
		}
	}
}
