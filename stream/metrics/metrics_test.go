package metrics

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model/segment"
	"inkling/stream"
)

// page returns what a scrape gets.
func page(t testing.TB, s *Set) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// value returns a figure of the page, by its name and labels in the order of the page.
func value(t testing.TB, page, figure string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(figure) + ` (.*)$`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has no %s:\n%s", figure, page)
	}
	return m[1]
}

func confirmed(label, running string, agrees bool) *stream.Event {
	e := stream.NewConfirmed(stream.Header{Segment: 1}, stream.Answer{Label: label}, stream.Outcome{Running: running, Agrees: agrees, LatencyMS: 3},
		stream.Span{EndedBy: segment.BySilence}, stream.HeldBack{})
	return &e
}

func TestFigures(t *testing.T) {
	s := New()
	m := s.Pipeline("kitchen")
	m.Begin(func() stream.Load {
		return stream.Load{Streams: 3, Workers: 2, Blocks: 5, Samples: 500, Sinks: []stream.SinkLoad{{Events: 7, Bytes: 700, Lost: 1}}}
	})
	m.Block(1600, 16000, 4*time.Millisecond)
	m.Turn(10, time.Second)
	m.Event(confirmed("clap", "clap", true))
	m.Event(confirmed("clap", "snap", false))
	rejected := confirmed("", "snap", false)
	rejected.Rejected, rejected.Rule = true, "threshold"
	m.Event(rejected)
	early := stream.NewEarly(stream.Header{}, "clap", 1)
	m.Event(&early)
	dropped := stream.NewDropped(stream.Header{}, stream.Span{}, stream.HeldBack{Rule: "short"})
	m.Event(&dropped)
	for _, reason := range []string{"", "format", ""} {
		gap := stream.NewGap(stream.Header{}, 100, "reset", reason)
		m.Event(&gap)
	}
	for _, state := range []capture.Health{capture.Up, capture.Down, capture.Up} {
		status := stream.NewStatus(stream.Header{}, state, "")
		m.Event(&status)
	}
	text := page(t, s)
	for figure, want := range map[string]string{
		`inkling_samples_total{pipeline="kitchen"}`:                                                 "1600",
		`inkling_signal_seconds_total{pipeline="kitchen"}`:                                          "0.1",
		`inkling_steps_total{pipeline="kitchen"}`:                                                   "10",
		`inkling_busy_seconds_total{pipeline="kitchen"}`:                                            "1",
		`inkling_segments_total{ended_by="silence",label="clap",pipeline="kitchen"}`:                "2",
		`inkling_segments_rejected_total{ended_by="silence",pipeline="kitchen",reason="threshold"}`: "1",
		`inkling_segments_dropped_total{pipeline="kitchen",reason="short"}`:                         "1",
		`inkling_overturned_total{pipeline="kitchen",running="snap"}`:                               "2",
		`inkling_early_total{label="clap",pipeline="kitchen"}`:                                      "1",
		`inkling_gaps_total{pipeline="kitchen",reason="lost"}`:                                      "2",
		`inkling_lost_samples_total{pipeline="kitchen",reason="lost"}`:                              "200",
		`inkling_lost_samples_total{pipeline="kitchen",reason="format"}`:                            "100",
		`inkling_status_total{pipeline="kitchen",state="up"}`:                                       "2",
		`inkling_source_reconnects_total{pipeline="kitchen"}`:                                       "1",
		`inkling_streams{pipeline="kitchen"}`:                                                       "3",
		`inkling_queue_blocks{pipeline="kitchen"}`:                                                  "5",
		`inkling_sink_queue_events{pipeline="kitchen",sink="1"}`:                                    "7",
		`inkling_sink_lost_events_total{pipeline="kitchen",sink="1"}`:                               "1",
		`inkling_confirm_latency_seconds_count{pipeline="kitchen"}`:                                 "3",
		`inkling_block_latency_seconds_bucket{pipeline="kitchen",le="0.005"}`:                       "1",
	} {
		if got := value(t, text, figure); got != want {
			t.Errorf("%s is %s, want %s", figure, got, want)
		}
	}
}

// Whatever labels come, the page has at most mostValues of them and one for the others.
func TestLabelsAreBounded(t *testing.T) {
	s := New()
	m := s.Pipeline("p")
	for i := range 3 * mostValues {
		m.Event(confirmed(fmt.Sprintf("label\xff%d", i), "", false))
	}
	text := page(t, s)
	if n := strings.Count(text, "\ninkling_segments_total{"); n != mostValues+1 {
		t.Errorf("%d lines of segments, want %d", n, mostValues+1)
	}
	if got := value(t, text, `inkling_segments_total{ended_by="(other)",label="(other)",pipeline="p"}`); got != fmt.Sprint(2*mostValues) {
		t.Errorf("%s others, want %d", got, 2*mostValues)
	}
}

func TestForgetAndComeBack(t *testing.T) {
	s := New()
	m := s.Pipeline("p")
	if s.Pipeline("p") != m {
		t.Error("the same name has another meter")
	}
	s.Forget("p")
	if strings.Contains(page(t, s), `pipeline="p"`) {
		t.Error("a forgotten pipeline is on the page")
	}
	s.Pipeline("p").Turn(1, 0)
	if got := value(t, page(t, s), `inkling_steps_total{pipeline="p"}`); got != "1" {
		t.Errorf("%s steps, want 1", got)
	}
}

func TestCountingDoesNotAllocate(t *testing.T) {
	m := New().Pipeline("p")
	m.Begin(func() stream.Load { return stream.Load{} })
	e, gap := confirmed("clap", "snap", false), stream.NewGap(stream.Header{}, 1, "reset", "")
	count := func() {
		m.Block(160, 16000, time.Millisecond)
		m.Turn(1, time.Microsecond)
		m.Event(e)
		m.Event(&gap)
	}
	count()
	if n := testing.AllocsPerRun(100, count); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The share is of the last window at least, whoever asks how often.
func TestUsage(t *testing.T) {
	var u usage
	now := time.Unix(1, 0)
	u.begin(now, 0)
	busy := int64(0)
	for i := range 100 {
		now = now.Add(time.Second)
		if i < 50 {
			busy += int64(time.Second) // one of two workers
		}
		got := u.share(now, busy, 2)
		if i < 50 && got != 0.5 || i >= 75 && got != 0 {
			t.Fatalf("second %d: %v", i, got)
		}
	}
}
