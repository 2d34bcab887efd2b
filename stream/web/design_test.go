package web

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A toyDesigner designs nothing; its training ends when it is told to.
type toyDesigner struct {
	trained chan map[string]string // choices of trainings that have begun
	goOn    chan News              // what the training tells; closed: it is over
}

func newToyDesigner() *toyDesigner {
	return &toyDesigner{trained: make(chan map[string]string, 1), goOn: make(chan News)}
}

func (d *toyDesigner) Subject(context.Context) (*Subject, error) {
	return &Subject{Data: "toys", Examples: 3, Fields: []Field{{Name: "hidden"}}}, nil
}

func (d *toyDesigner) Sketch(_ context.Context, choices map[string]string) (*Sketch, error) {
	if choices["hidden"] == "bad" {
		return nil, &Problem{"hidden", "bad units"}
	}
	return &Sketch{Command: "train --hidden " + choices["hidden"]}, nil
}

func (d *toyDesigner) Train(ctx context.Context, choices map[string]string, tell func(News)) error {
	d.trained <- choices
	for {
		select {
		case n, more := <-d.goOn:
			if !more {
				return errors.New("it went wrong")
			}
			tell(n)
		case <-ctx.Done():
			return errors.New("interrupted")
		}
	}
}

func (d *toyDesigner) Pick(_ context.Context, numbers string, n int, seed uint64) (*Picked, error) {
	return &Picked{Numbers: make([]int, 300)}, nil
}

func (d *toyDesigner) Example(_ context.Context, number int) (*Example, error) {
	switch number {
	case 1:
		return &Example{Label: "a", Rate: 8000, Channels: 1, Samples: make([]float32, 80), Picture: []byte("<svg/>")}, nil
	case 2:
		return &Example{Text: "text"}, nil
	}
	return nil, &Problem{Text: "there are 2"}
}

func askDesign(p *Design, method, path, body string, header ...string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, "http://localhost:8177"+path, strings.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, q)
	return w
}

// Whoever may not see the page may not train on it either.
func TestWhomTheDesignIsFor(t *testing.T) {
	const token = "correct horse"
	for _, c := range []struct {
		name   string
		o      Options
		header []string
		code   int
	}{
		{"another origin", Options{}, []string{"Origin", "http://evil.example"}, 403},
		{"another site", Options{}, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a form", Options{}, []string{"Content-Type", "text/plain"}, 415},
		{"open, without a token", Options{Open: true}, nil, 403},
		{"without the token", Options{Open: true, Token: token}, nil, 401},
		{"a program with the token", Options{Open: true, Token: token}, []string{"Authorization", "Bearer " + token}, 200},
		{"its own script", Options{}, []string{"Origin", "http://localhost:8177", "Sec-Fetch-Site", "same-origin"}, 200},
	} {
		d := newToyDesigner()
		p := NewDesign(c.o, d)
		if w := askDesign(p, "POST", "/api/train", `{"choices":{"hidden":"3"}}`, c.header...); w.Code != c.code {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.code)
		}
		if c.code == 200 {
			<-d.trained
		}
		p.Close()
		select {
		case <-d.trained:
			t.Errorf("%s: it trains", c.name)
		default:
		}
	}
}

// follow returns what a follower is told next.
func (f *follower) told(t *testing.T, p *Design) (r report) {
	t.Helper()
	out := string(f.news(nil, &p.training, time.Now()))
	out, ok := strings.CutPrefix(out, "data: ")
	if !ok {
		t.Fatalf("%q", out)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// One training runs at a time; it can be stopped, and ends with the page.
func TestTrainingOfTheDesign(t *testing.T) {
	d := newToyDesigner()
	p := NewDesign(Options{}, d)
	defer p.Close()
	f := &follower{number: -1}
	if r := f.told(t, p); r.Number != 0 || r.State != "" {
		t.Errorf("before: %+v", r)
	}
	train := func(hidden string, code int, words string) {
		t.Helper()
		if w := askDesign(p, "POST", "/api/train", `{"choices":{"hidden":"`+hidden+`"}}`); w.Code != code || !strings.Contains(w.Body.String(), words) {
			t.Errorf("%d %s, want %d %s", w.Code, w.Body, code, words)
		}
	}
	train("bad", 422, "bad units")
	train("3", 200, "")
	if c := <-d.trained; c["hidden"] != "3" {
		t.Errorf("%v", c)
	}
	train("4", 409, "a training runs")
	if r := f.told(t, p); !r.Begins || r.Command != "train --hidden 3" || r.State != "running" {
		t.Errorf("%+v", r)
	}
	nan := math.NaN()
	for _, n := range []News{{Line: "reading"}, {Progress: &Progress{Part: "model", Share: 0.5, Loss: 2, At: 7}}, {Progress: &Progress{Part: "fold"}}, {Epoch: &Epoch{Updates: 9, Loss: 1, ValidLoss: nan}}} {
		d.goOn <- n
	}
	d.goOn <- News{Line: "more"} // so the one before has been taken
	r := f.told(t, p)
	if len(r.Lines) < 1 || len(r.Losses) != 1 || len(r.Epochs) != 1 || r.Epochs[0][0] != 9 || r.Part != "fold" {
		t.Errorf("%+v", r)
	}
	if late := (&follower{number: -1}).told(t, p); !late.Begins || len(late.Epochs) != 1 {
		t.Errorf("a browser that comes later: %+v", late)
	}
	if askDesign(p, "POST", "/api/stop", `{}`); !ended(p) {
		t.Error("it goes on")
	}
	if r := f.told(t, p); r.State != "stopped" || r.Why != "interrupted" || r.Begins {
		t.Errorf("%+v", r)
	}
	train("5", 200, "")
	<-d.trained
	close(d.goOn)
	if !ended(p) {
		t.Error("it goes on")
	}
	if r := f.told(t, p); r.State != "failed" || r.Why != "it went wrong" || !r.Begins || len(r.Epochs) != 0 {
		t.Errorf("%+v", r)
	}
	p.Close()
	train("6", 503, "the server ends")
}

// ended waits for the end of the training.
func ended(p *Design) bool {
	p.training.mu.Lock()
	done := p.training.done
	p.training.mu.Unlock()
	<-done
	return true
}

// What is kept of a long training is bounded, and still shows all of it.
func TestLongTrainingIsThinned(t *testing.T) {
	var tr training
	for i := range 5 * mostLosses {
		tr.tell(News{Progress: &Progress{At: i + 1, Loss: 1}, Line: "line"})
	}
	if n := len(tr.losses); n > mostLosses || tr.losses[0][0] != 1 || tr.losses[n-1][0] != 5*mostLosses || len(tr.lines) > mostLines {
		t.Errorf("%d losses, %v to %v, %d lines", n, tr.losses[0], tr.losses[n-1], len(tr.lines))
	}
	p := &Design{}
	p.training.number, p.training.losses, p.training.thinned = 1, tr.losses, tr.thinned
	f := &follower{number: 1, version: -1, thinned: tr.thinned - 1, losses: 17}
	if r := f.told(t, p); !r.Begins || len(r.Losses) != len(tr.losses) {
		t.Errorf("after thinning: begins %v, %d losses", r.Begins, len(r.Losses))
	}
}

func TestExamplesOfTheDesign(t *testing.T) {
	p := NewDesign(Options{}, newToyDesigner())
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"GET", "/api/sound?n=1", "", 200, "WAVE"},
		{"GET", "/api/sound?n=2", "", 415, "no sound"},
		{"GET", "/api/sound?n=3", "", 422, "there are 2"},
		{"GET", "/api/sound?n=x", "", 400, "give n"},
		{"GET", "/api/waveform?n=1", "", 200, "<svg/>"},
		{"GET", "/api/waveform?n=2", "", 404, "not drawn"},
		{"POST", "/api/example", `{"n":2}`, 200, `"text":"text"`},
		{"POST", "/api/pick", `{"n":101}`, 400, "at most 100"},
		{"POST", "/api/sketch", `{"choices":{"hidden":"bad"}}`, 200, `"problem":{"field":"hidden","text":"bad units"}`},
		{"POST", "/api/sketch", `{"choices":{"hidden":"1\u001b"}}`, 200, `"field":"hidden","text":"give at most`},
		{"POST", "/api/subject", `{}`, 200, `"examples":3`},
		{"GET", "/", "", 200, "design.js"},
	} {
		if w := askDesign(p, c.method, c.path, c.body); w.Code != c.code || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %s: %d %.200s, want %d %s", c.method, c.path, c.body, w.Code, w.Body, c.code, c.want)
		}
	}
	var picked Picked
	if err := json.Unmarshal(askDesign(p, "POST", "/api/pick", `{"numbers":"1-300"}`).Body.Bytes(), &picked); err != nil || len(picked.Numbers) != 100 {
		t.Errorf("%d examples at once, %v", len(picked.Numbers), err)
	}
}

// Whatever a browser sends to a design, it gets an answer.
func FuzzDesignRequest(f *testing.F) {
	f.Add("POST", "/api/sketch", `{"choices":{"hidden":"3","x":"y"}}`)
	f.Add("POST", "/api/pick", `{"numbers":"1 2 5-8","n":3,"seed":1}`)
	f.Add("GET", "/api/waveform?n=1", "")
	f.Add("POST", "/api/example", `{"n":-1}`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		q, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(q.URL.Path, "/api/training") || strings.HasPrefix(q.URL.Path, "/api/train") {
			t.Skip()
		}
		q.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		NewDesign(Options{}, newToyDesigner()).Handler().ServeHTTP(w, q)
		if w.Code >= 500 {
			t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	})
}
