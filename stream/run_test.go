package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kept is a sink that keeps everything.
type kept struct {
	mu     sync.Mutex
	events []Event
}

func (k *kept) Write(_ context.Context, e *Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, e.Clone())
	return nil
}
func (k *kept) Flush(context.Context) error { return nil }
func (k *kept) Close() error                { return nil }

func TestRunOverFilesSumsUp(t *testing.T) {
	m := signModel(t, decide.Config{})
	a, b := block(0, 1, 1), block(0, -1)
	a.Stream, b.Stream, a.Done = "a", "b", true
	var k kept
	o := &RunOptions{Finite: true, Version: "9"}
	o.Emit.Confirmed = true
	if err := Run(context.Background(), capture.NewMemory(a, b), m, o, &k); err != nil {
		t.Fatal(err)
	}
	expect(t, "two files", k.events, "status:up, conf:high eof, conf:low eof, summary:")
	up, last := k.events[0], k.events[3]
	if up.Version != "9" || up.Model != m.Hash() || up.Session == "" || k.events[1].Session != up.Session {
		t.Errorf("%+v", up)
	}
	got := map[string]float64{}
	for _, c := range last.Counts {
		got[c.Name] = c.Value
	}
	if got["streams"] != 2 || got["confirmed"] != 2 || got["dropped"] != 0 {
		t.Errorf("summary %v", got)
	}
}

// endless gives its blocks and then waits for the context.
type endless struct{ blocks []capture.Block }

func (s *endless) Read(ctx context.Context, b *capture.Block) error {
	if len(s.blocks) == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	*b, s.blocks = s.blocks[0], s.blocks[1:]
	return nil
}
func (s *endless) Close() error { return nil }

func TestIdleAndInterrupt(t *testing.T) {
	for _, c := range []struct {
		idle time.Duration
		want string
	}{{10 * time.Millisecond, "status:up, conf:high idle"}, {time.Hour, "status:up, conf:high interrupt"}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var k kept
			o := &RunOptions{Idle: c.idle, Options: Options{Emit: Emit{Confirmed: true}, Segment: &segment.Config{Kind: segment.Fixed, Steps: 9, MaxDuration: 99}}}
			if err := Run(ctx, &endless{blocks: []capture.Block{block(0, 1, 1)}}, signModel(t, decide.Config{}), o, &k); err != nil {
				t.Error(err)
			}
			expect(t, c.idle.String(), k.events, c.want)
		})
	}
}

type failing struct{ kept }

func (*failing) Write(context.Context, *Event) error { return errors.New("disk full") }

func TestSinkErrorEndsRun(t *testing.T) {
	src := &endless{}
	for i := range 2000 {
		src.blocks = append(src.blocks, block(uint64(i), 1))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	o := &RunOptions{Options: Options{Segment: &segment.Config{Kind: segment.Fixed, MaxDuration: 100}}}
	if err := Run(ctx, src, signModel(t, decide.Config{}), o, &failing{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("Run returned %v", err)
	}
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zé"\\\n<>]{0,8}`)
		e := Event{Type: rapid.SampledFrom([]Type{Running, Early, Confirmed, Dropped, Gap, Status}).Draw(t, "type"), Header: Header{Session: text.Draw(t, "session"), Stream: text.Draw(t, "stream"), Segment: 3, Step: 4, Sample: rapid.Uint64().Draw(t, "sample")}}
		if rapid.Bool().Draw(t, "timed") {
			e.Time = time.Unix(1700000000, int64(rapid.IntRange(0, 999999999).Draw(t, "ns"))).UTC()
			e.Clock = rapid.SampledFrom([]capture.Timing{capture.SensorTime, capture.ArrivalTime}).Draw(t, "clock")
		}
		switch e.Type {
		case Running:
			e.Warm, e.Label, e.P, e.Top = true, "x", 0.25, []Score{{"x", 0.25}, {"y", 0.125}}
		case Early:
			e.Label, e.P = "x", rapid.Float32Range(0, 1).Draw(t, "p")
		case Confirmed:
			e.Rule, e.Threshold, e.Value = decide.Rule(text.Draw(t, "rule")), 0.75, 0.5
			if rapid.Bool().Draw(t, "why") {
				e.Why = []decide.Verdict{{Rule: decide.Rule(text.Draw(t, "first")), Value: 0.5, Threshold: 0.75, Passed: false}, {Rule: "", Value: 1e300, Threshold: -1, Passed: true}}
			}
			e.P, e.Rejected, e.Running, e.Steps, e.Start, e.End, e.EndedBy, e.LatencyMS = 0.5, true, "y", 4, 1, 9, segment.ByGap, 0.25
			e.Top = []Score{{"x", 0.5}}
		case Dropped:
			e.Rule, e.Threshold, e.Value, e.Start, e.End, e.EndedBy = "short", 0.5, 0.25, 1, 9, segment.BySilence
		case Gap:
			e.Lost, e.Policy, e.Reason = 7, "hold", text.Draw(t, "reason")
		case Status:
			e.State, e.Reason, e.Version, e.Model = "up", "ok", "1", "abc"
		}
		var back Event
		data := AppendJSON(nil, &e)
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !reflect.DeepEqual(back, e) {
			t.Fatalf("%s became\n%+v, was\n%+v", data, back, e)
		}
	})
}

// The fields of each type are those of docs/events.md, in its order.
func TestJSONFields(t *testing.T) {
	for _, c := range []struct {
		e    Event
		want string
	}{
		{Event{Type: Running, Header: Header{Session: "s", Stream: "mic", Segment: 1, Step: 2, Sample: 3, Time: time.Unix(0, 5)}},
			`{"v":1,"type":"running","session":"s","stream":"mic","segment":1,"step":2,"sample":3,"time":"1970-01-01T00:00:00.000000005Z","clock":"arrival","label":null,"p":null,"top":[],"warm":false}`},
		{Event{Type: Confirmed, Header: Header{Stream: "a\xffb", Segment: 1, Step: 2}, Answer: Answer{P: float32(math.NaN())}},
			`{"v":1,"type":"confirmed","session":"","stream":"a` + "\ufffd" + `b","segment":1,"step":2,"sample":0,"label":null,"p":null,"top":[],"rejected":false,"running":null,"agrees":false,"steps":0,"start":0,"end":0,"ended_by":"","latency_ms":0}`},
		{Event{Type: Gap, Header: Header{Sample: 9}, Incident: Incident{Lost: 4, Policy: "reset"}}, `{"v":1,"type":"gap","session":"","stream":"","sample":9,"lost":4,"policy":"reset"}`},
		{Event{Type: Summary, Counts: []Count{{"notes", 2}, {"rejected", 0}}}, `{"v":1,"type":"summary","session":"","stream":"","notes":2,"rejected":0}`},
	} {
		if got := string(AppendJSON(nil, &c.e)); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		if err := json.Unmarshal([]byte(c.want), new(Event)); err != nil {
			t.Error(err)
		}
	}
}

// What was read is written so that it reads the same again.
func FuzzEventJSON(f *testing.F) {
	for _, e := range examples() {
		f.Add(AppendJSON(nil, &e))
	}
	f.Add([]byte(`{"v":1,"type":"confirmed","label":null,"top":[["x",0.5]],"time":"0000-01-01T00:00:00+01:00"}`))
	f.Add([]byte(`{"v":1,"type":"summary","rejected":0,"a\"\n":1e-300}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e, again Event
		if json.Unmarshal(data, &e) != nil {
			return
		}
		line := AppendJSON(nil, &e)
		if bytes.ContainsRune(line, '\n') {
			t.Fatalf("more than a line: %q", line)
		}
		if err := json.Unmarshal(line, &again); err != nil {
			t.Fatalf("%q became %q: %v", data, line, err)
		}
		if next := AppendJSON(nil, &again); !bytes.Equal(line, next) {
			t.Fatalf("%q became %q and then %q", data, line, next)
		}
	})
}

// All that is no number or no text is valid JSON all the same.
func TestJSONOfAnything(t *testing.T) {
	nan := math.NaN()
	for _, typ := range []Type{Running, Early, Confirmed, Dropped, Gap, Status, Summary, "a\xff\""} {
		bad := "\xc3\x28\x00\u2028\"\\\x7f\xff"
		e := Event{Type: typ, Header: Header{Session: bad, Stream: bad, Segment: 1, Time: time.Unix(1<<40, 0)}, Answer: Answer{Label: bad, P: float32(nan), Warm: true, Top: []Score{{bad, float32(math.Inf(1))}}}, Outcome: Outcome{Running: bad, LatencyMS: nan, Rejected: true, Truth: bad}, Span: Span{EndedBy: segment.Ending(bad)}, HeldBack: HeldBack{Why: []decide.Verdict{{Rule: decide.Rule(bad), Value: nan, Threshold: nan, Passed: true}}, Rule: decide.Rule(bad), Threshold: math.Inf(-1), Value: nan}, Incident: Incident{Reason: bad, Policy: decide.Gap(bad), State: capture.Health(bad), Version: bad, Model: bad}, Counts: []Count{{bad, nan}}}
		if line := AppendJSON(nil, &e); !json.Valid(line) || !utf8.Valid(line) {
			t.Errorf("%s: %q", typ, line)
		}
	}
}

// The JSON sink writes each event on a line and tells when it cannot.
func TestJSONSink(t *testing.T) {
	var buf bytes.Buffer
	s := NewJSON(&buf)
	es := examples()
	for i := range es {
		if err := s.Write(context.Background(), &es[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(buf.String(), "\n"); n != len(es) || !strings.HasSuffix(buf.String(), "}\n") {
		t.Errorf("%d lines for %d events", n, len(es))
	}
	s = NewJSON(noSpace{})
	s.Write(context.Background(), &es[0])
	if s.Flush(context.Background()) == nil {
		t.Error("a full disk was no error")
	}
}

type noSpace struct{}

func (noSpace) Write([]byte) (int, error) { return 0, errors.New("no space left") }
