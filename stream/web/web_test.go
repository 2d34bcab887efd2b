package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/model"
	"inkling/model/notes"
	"inkling/stream"
)

// A rig is a page that shows a run over the first seconds of the bundled minute.
type rig struct {
	page     *Page
	pipeline *Pipeline
	model    *model.Model
	options  stream.Options
	clip     *audio.Clip
	setup    Setup
}

var minute = sync.OnceValues(func() (*audio.Clip, error) { return audio.Decode(bytes.NewReader(notes.Minute()), "minute.flac") })

func newRig(t testing.TB, o Options, seconds float64) *rig {
	t.Helper()
	m, err := notes.Model()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := minute()
	if err != nil {
		t.Fatal(err)
	}
	clip := *whole
	clip.Samples = clip.Samples[:int(seconds*clip.Rate)]
	r := &rig{page: New(o), model: m, clip: &clip, options: stream.Options{Probs: true, Aside: true}}
	t.Cleanup(r.page.Close)
	r.setup = Setup{Now: func() (*model.Model, *stream.Options) { return r.model, &r.options }}
	r.pipeline = r.page.Pipeline("bench", r.setup)
	return r
}

// blocks returns the clip in blocks of n samples, as the stream of a name.
func (r *rig) blocks(name string, n int) (all []capture.Block) {
	for at := 0; at < len(r.clip.Samples); at += n {
		all = append(all, capture.Block{Stream: name, Format: capture.Format{Rate: r.clip.Rate, Channels: 1}, Offset: uint64(at), Samples: r.clip.Samples[at:min(at+n, len(r.clip.Samples))]})
	}
	return all
}

// run labels the clip as the stream "notes", and returns the events.
func (r *rig) run(t testing.TB, o stream.Options) []stream.Event {
	t.Helper()
	var got collected
	ro := &stream.RunOptions{Options: o, Finite: true, Taps: []func(string) stream.Tap{r.pipeline.Tap}, Meter: r.pipeline}
	if err := stream.Run(context.Background(), capture.NewMemory(r.blocks("notes", 882)...), r.model, ro, &got, r.pipeline); err != nil {
		t.Fatal(err)
	}
	return got
}

type collected []stream.Event

func (c *collected) Write(_ context.Context, e *stream.Event) error {
	*c = append(*c, e.Clone())
	return nil
}
func (c *collected) Flush(context.Context) error { return nil }
func (c *collected) Close() error                { return nil }

// ask sends a request to the page and returns the answer.
func (r *rig) ask(method, path, body string, header ...string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, "http://localhost:8177"+path, strings.NewReader(body))
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.page.Handler().ServeHTTP(w, q)
	return w
}

// outcome is what of a segment has to be the same.
func outcome(e *stream.Event) string {
	c := *e
	c.LatencyMS, c.Session, c.Number = 0, "", 0
	return string(stream.AppendJSON(nil, &c))
}

func outcomes(events []stream.Event) (all []string) {
	for i := range events {
		if e := &events[i]; e.Type == stream.Confirmed || e.Type == stream.Dropped {
			all = append(all, outcome(e))
		}
	}
	return all
}

// A replay gives the very events of a run with these thresholds, and without another rule
// those of the run that goes on.
func TestReplayGivesTheEventsOfARun(t *testing.T) {
	r := newRig(t, Options{}, 15)
	r.run(t, r.options)
	for _, change := range []func(*rules){
		func(*rules) {},
		func(q *rules) { q.Threshold = 0.93 },
		func(q *rules) { q.On = map[string]float64{"piano": 0.999}; q.Threshold = 0.5 },
		func(q *rules) { q.OnDB, q.OffDB, q.LevelDBFS = 30, 25, -30 },
		func(q *rules) { q.Minimum, q.Silence = 0, 0.01 },
		func(q *rules) { q.Smooth, q.Hold = 20, 30 },
	} {
		with := rulesOf(r.model, &r.options)
		change(with)
		body, _ := json.Marshal(map[string]any{"stream": "notes", "rules": with})
		w := r.ask("POST", "/api/replay", string(body))
		var got struct {
			Whole  bool
			Events []stream.Event
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || !got.Whole {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		o, err := with.apply(r.model, &r.options)
		if err != nil {
			t.Fatal(err)
		}
		other := newRig(t, Options{}, 15)
		want := outcomes(slices.DeleteFunc(other.run(t, *o), func(e stream.Event) bool { return e.EndedBy == "eof" }))
		if got := outcomes(got.Events); len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%+v:\n%s\nwant\n%s", with, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestReplayRefuses(t *testing.T) {
	r := newRig(t, Options{}, 2)
	r.run(t, r.options)
	for body, want := range map[string]string{
		`{"stream":"notes"}`:            "give rules",
		`{"stream":"x","rules":{}}`:     "no stream",
		`{"stream":"notes","rules":{}}`: "load the page again",
		`{"stream":"notes","rules":{"kind":"activity","threshold":2,"maximum":60}}`: "0 to 1",
		`{"pipeline":"x","stream":"notes","rules":{}}`:                              "no pipeline",
		`{"stream":"notes","epoch":3,"rules":{}}`:                                   "begun anew",
		`{"nonsense":1}`: "not the JSON",
		`{`:              "not the JSON",
	} {
		if w := r.ask("POST", "/api/replay", body); w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %q", body, w.Code, w.Body, want)
		}
	}
	if w := r.ask("POST", "/api/replay", `{}`, "Content-Type", "text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a form: %d", w.Code)
	}
}

func TestWhyTellsTheLedger(t *testing.T) {
	r := newRig(t, Options{}, 5)
	r.options.Threshold = 0.999
	for _, e := range r.run(t, r.options) {
		if e.Type != stream.Confirmed || e.EndedBy == "eof" {
			continue
		}
		body, _ := json.Marshal(map[string]any{"stream": "notes", "start": e.Start, "end": e.End})
		w := r.ask("POST", "/api/why", string(body))
		var got struct{ Reasons []reason }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Reasons) == 0 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		i := slices.IndexFunc(got.Reasons, func(r reason) bool { return strings.Contains(r.Text, "threshold of 0.999") })
		if i < 0 || got.Reasons[i].Passed == e.Rejected {
			t.Errorf("%v of %s", got.Reasons, outcome(&e))
		}
	}
	if w := r.ask("POST", "/api/why", `{"stream":"notes","start":7,"end":9}`); w.Code != http.StatusGone {
		t.Errorf("no segment: %d %s", w.Code, w.Body)
	}
}

func TestSoundIsTheSegment(t *testing.T) {
	r := newRig(t, Options{}, 3)
	r.run(t, r.options)
	w := r.ask("GET", "/api/sound?stream=notes&epoch=0&start=1000&end=45100", "")
	clip, err := audio.Decode(w.Body, "x.wav")
	if err != nil || w.Code != 200 || clip.Rate != 44100 || len(clip.Samples) != 44100 {
		t.Fatalf("%d, %v", w.Code, err)
	}
	for i, v := range clip.Samples {
		if d := v - r.clip.Samples[1000+i]; d > 1e-4 || d < -1e-4 {
			t.Fatalf("sample %d is %v, want %v", i, v, r.clip.Samples[1000+i])
		}
	}
	for q, code := range map[string]int{"start=0&end=99999999": 400, "start=5&end=5": 400, "start=x&end=5": 400, "start=1000&end=1000000": 410, "start=18446744073709551615&end=1": 400} {
		if w := r.ask("GET", "/api/sound?stream=notes&epoch=0&"+q, ""); w.Code != code {
			t.Errorf("%s: %d %s, want %d", q, w.Code, w.Body, code)
		}
	}
}

func TestCorrectHandsOnTheSegment(t *testing.T) {
	r := newRig(t, Options{}, 3)
	r.run(t, r.options)
	const body = `{"stream":"notes","segment":1,"start":100,"end":200,"told":"flute","label":"<b>höre</b>"}`
	if w := r.ask("POST", "/api/correct", body); w.Code != http.StatusConflict {
		t.Errorf("without a place: %d %s", w.Code, w.Body)
	}
	var got Correction
	r.setup.Correct = func(c Correction) (string, error) { got = c; return "there", nil }
	r.page.Pipeline("bench", r.setup)
	w := r.ask("POST", "/api/correct", body)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "there") || got.Label != "<b>höre</b>" || got.Told != "flute" ||
		got.Segment != 1 || got.Start != 100 || got.Rate != 44100 || !slices.Equal(got.Samples, r.clip.Samples[100:200]) {
		t.Errorf("%d %s: %+v", w.Code, w.Body, got)
	}
	for _, label := range []string{"a\nb", "\x1b[31m", strings.Repeat("x", 201), "\u202e"} {
		q, _ := json.Marshal(map[string]any{"stream": "notes", "start": 100, "end": 200, "label": label})
		if w := r.ask("POST", "/api/correct", string(q)); w.Code != 400 {
			t.Errorf("label %q: %d %s", label, w.Code, w.Body)
		}
	}
}

func TestSaveMakesTheThresholdsTheModels(t *testing.T) {
	r := newRig(t, Options{}, 1)
	var got *model.Model
	r.setup.Save = func(m *model.Model, _ *stream.Options) (string, error) { got = m; return "file", nil }
	r.page.Pipeline("bench", r.setup)
	with := rulesOf(r.model, &r.options)
	with.Threshold, with.OnDB = 0.77, 20
	body, _ := json.Marshal(map[string]any{"rules": with})
	if w := r.ask("POST", "/api/save", string(body)); w.Code != 200 || got == nil || got.Config.Decision.Threshold != 0.77 || got.Config.Segment.OnDB != 20 || got.Config.Segment.OffDB != r.model.Config.Segment.OffDB {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The page asks nothing of other hosts, runs no inline script, and stays small.
func TestPageStandsAlone(t *testing.T) {
	size := 0
	away := regexp.MustCompile(`(?i)(src|href|url\(|import|fetch\()[^\n]{0,4}["'( ](https?:)?//`)
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|\son\w+\s*=\s*"|style\s*=\s*"|innerHTML|insertAdjacentHTML|document\.write`)
	err := fs.WalkDir(static, "static", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(static, path)
		if size += len(data); away.Match(data) {
			t.Errorf("%s: %s", path, away.Find(data))
		}
		if !strings.Contains(path, "uplot") && inline.Match(data) {
			t.Errorf("%s: %s", path, inline.Find(data))
		}
		return err
	})
	if err != nil || size > 200_000 {
		t.Errorf("%d bytes, %v: want 200 kB at most", size, err)
	}
	r := newRig(t, Options{}, 1)
	for path, kind := range map[string]string{"/": "text/html", "/page/page.js": "text/javascript", "/page/page.css": "text/css", "/page/uplot-license.txt": "text/plain"} {
		if w := r.ask("GET", path, ""); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/page/../web.go", "/page/x", "/x", "/page/"} {
		if w := r.ask("GET", path, ""); w.Code == 200 {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}

func TestWhomThePageIsFor(t *testing.T) {
	const token = "correct horse"
	for _, c := range []struct {
		name   string
		o      Options
		method string
		path   string
		header []string
		code   int
	}{
		{"this machine", Options{}, "GET", "/", nil, 200},
		{"its own script", Options{}, "GET", "/page/page.js", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:8177"}, 200},
		{"another origin", Options{}, "GET", "/api/sound", []string{"Origin", "http://evil.example"}, 403},
		{"another port", Options{}, "POST", "/api/replay", []string{"Origin", "http://localhost:81"}, 403},
		{"no origin at all", Options{}, "POST", "/api/replay", []string{"Origin", "null"}, 403},
		{"another site", Options{}, "GET", "/api/live", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"a frame of another site", Options{}, "GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"a link of another site", Options{}, "GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a form of another site", Options{}, "POST", "/api/save", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 403},
		{"open, without a token", Options{Open: true}, "GET", "/", nil, 403},
		{"without the token", Options{Open: true, Token: token}, "GET", "/", nil, 401},
		{"with another token", Options{Open: true, Token: token}, "GET", "/?token=x", nil, 403},
		{"with the token", Options{Open: true, Token: token}, "GET", "/?token=correct+horse", nil, 303},
		{"with the token elsewhere", Options{Token: token}, "GET", "/page/page.js?token=correct+horse", nil, 401},
		{"a program with the token", Options{Token: token}, "GET", "/", []string{"Authorization", "Bearer correct horse"}, 200},
		{"a cookie", Options{Token: token}, "GET", "/", []string{"Cookie", "inkling_8177=" + seal(token)}, 200},
		{"the token as a cookie", Options{Token: token}, "GET", "/", []string{"Cookie", "inkling_8177=correct horse"}, 401},
	} {
		r := &rig{page: New(c.o)}
		w := r.ask(c.method, c.path, "", c.header...)
		if w.Code != c.code {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.code)
		}
		if at := w.Header().Get("Location"); c.code == 303 && (at != "/" || !strings.Contains(w.Header().Get("Set-Cookie"), "HttpOnly; SameSite=Strict")) {
			t.Errorf("%s: %v", c.name, w.Header())
		}
	}
}

// Whatever a browser sends, it gets an answer, and nothing is kept of it.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/api/replay", `{"stream":"notes","rules":{"kind":"activity","threshold":0.5,"maximum":1}}`, "")
	f.Add("POST", "/api/why", `{"stream":"notes","start":1,"end":18446744073709551615}`, "")
	f.Add("POST", "/api/correct", `{"stream":"notes","start":1,"end":2,"label":"x"}`, "")
	f.Add("GET", "/api/sound?stream=notes&start=0&end=1&epoch=0", "", "")
	f.Add("GET", "/?token=%00", "", "x-1-2-3")
	r := newRig(f, Options{}, 1)
	r.run(f, r.options)
	held := r.page.bytes
	f.Fuzz(func(t *testing.T, method, path, body, id string) {
		q, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(q.URL.Path, "/api/live") {
			t.Skip()
		}
		q.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		r.page.Handler().ServeHTTP(w, q)
		if w.Code >= 500 {
			t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		g := &guest{page: r.page, stream: body, query: path}
		g.goOn(id)
		g.news(nil, r.pipeline.work.since)
		if r.page.bytes != held || len(r.pipeline.lanes) != 1 {
			t.Errorf("%d bytes are remembered, %d before", r.page.bytes, held)
		}
	})
}
