package web

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"inkling/internal/audio"
)

// A Designer says what a Design page shows. Its methods may be called by several goroutines.
// An error may be a *Problem.
type Designer interface {
	// Subject describes the data, and lists what can be chosen.
	Subject(context.Context) (*Subject, error)
	// Sketch describes the network that choices make: values by the names of fields.
	Sketch(ctx context.Context, choices map[string]string) (*Sketch, error)
	// Train trains the network of choices until ctx ends, and tells how that goes on.
	Train(ctx context.Context, choices map[string]string, tell func(News)) error
	// Pick chooses examples by their numbers, such as "1 2 5-8", or n at random.
	Pick(ctx context.Context, numbers string, n int, seed uint64) (*Picked, error)
	// Example returns an example by its number, the first being 1.
	Example(ctx context.Context, number int) (*Example, error)
}

// A Subject is the data that a network is designed for.
type Subject struct {
	Data     string   `json:"data"`  // its name
	Lines    []string `json:"lines"` // what is in it
	Examples int      `json:"examples"`
	Sound    bool     `json:"sound"` // examples can be heard
	Fields   []Field  `json:"fields"`
}

// A Field is something that can be chosen.
type Field struct {
	Name    string   `json:"name"`
	Words   string   `json:"words"`
	Group   string   `json:"group"`
	Help    string   `json:"help"`
	Choices []string `json:"choices,omitempty"` // nil: a number or a text
	Text    bool     `json:"text,omitempty"`    // no number
}

// A Sketch describes a network before its training.
type Sketch struct {
	Command string            `json:"command"` // that trains it
	Values  map[string]string `json:"values"`  // of the fields, also of those that were left open
	Fields  []string          `json:"fields"`  // that have a meaning with these choices
	Layers  []Layer           `json:"layers"`
	Numbers int               `json:"numbers"` // parameters
	Words   []string          `json:"words"`   // on the whole
	Notes   []Problem         `json:"notes"`   // what may not be meant
	Picture []byte            `json:"picture"` // SVG
	Train   string            `json:"train"`   // what a training replaces or says before; "" for nothing
}

// A Layer is a part of a network.
type Layer struct {
	Name    string `json:"name"`
	Shapes  string `json:"shapes"`
	Numbers int    `json:"numbers"` // parameters
}

// A Problem is what is wrong with choices, or may not be meant.
type Problem struct {
	Field string `json:"field"` // its name; "" if it is of none
	Text  string `json:"text"`
}

func (p *Problem) Error() string { return p.Text }

// News is what a training has to tell: an epoch, how far it is, or a line.
type News struct {
	Epoch    *Epoch
	Progress *Progress
	Line     string
}

// An Epoch is a point of the curves of a training. Accuracies are shares; NaN was not
// measured.
type Epoch struct {
	Updates                               int
	Loss, Confirm, Running                float64 // training
	ValidLoss, ValidConfirm, ValidRunning float64
}

// Progress says how far a training is.
type Progress struct {
	Part  string        // of the training
	Share float64       // of all of it
	Loss  float64       // mean since the last one
	At    int           // updates of the model; 0: it is not what is trained now
	Left  time.Duration // 0: unknown
}

// Picked are chosen examples.
type Picked struct {
	Numbers []int  `json:"numbers"`
	Command string `json:"command"` // that plays or draws them
}

// An Example is one of a data set.
type Example struct {
	Label, Name string
	Words       string // its length
	Text        string // of an example of text
	Picture     []byte // SVG; nil of text
	Rate        float64
	Channels    int
	Samples     []float32 // of sound, channels interleaved; nil: it cannot be heard
}

// A Design is a page on which a network is designed for a data set, and trained. Its methods
// may be called by several goroutines.
type Design struct {
	host
	d        Designer
	training training
}

// NewDesign returns the page of d. A training that the page has begun ends with Close.
func NewDesign(o Options, d Designer) *Design {
	return &Design{host: newHost(o), d: d}
}

// Close lets the browsers go, and ends a training as soon as it can.
func (p *Design) Close() {
	p.host.Close()
	p.training.stop(true)
}

// Handler serves the page at "/" and what it asks for.
func (p *Design) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { file(w, r, "design.html") })
	mux.HandleFunc("GET /page/{name}", func(w http.ResponseWriter, r *http.Request) { file(w, r, r.PathValue("name")) })
	mux.HandleFunc("GET /api/training", p.follow)
	mux.HandleFunc("GET /api/waveform", p.waveform)
	mux.HandleFunc("GET /api/sound", p.sound)
	mux.HandleFunc("POST /api/subject", post(p.subject))
	mux.HandleFunc("POST /api/sketch", post(p.sketch))
	mux.HandleFunc("POST /api/train", post(p.train))
	mux.HandleFunc("POST /api/stop", post(p.stop))
	mux.HandleFunc("POST /api/pick", post(p.pick))
	mux.HandleFunc("POST /api/example", post(p.example))
	return p.guard(mux)
}

// A wish is what a browser asks of a Design; each call reads the fields that it needs.
type wish struct {
	Choices map[string]string `json:"choices"`
	Numbers string            `json:"numbers"`
	N       int               `json:"n"`
	Seed    uint64            `json:"seed"`
}

// check refuses choices that nobody types.
func (q *wish) check() error {
	if len(q.Choices) > 200 {
		return refuse(http.StatusBadRequest, "these are %d choices, and nobody makes so many", len(q.Choices))
	}
	for name, v := range q.Choices {
		if len(v) > 200 || !utf8.ValidString(v) || !printable(v) {
			return &Problem{name, "give at most 200 characters that can be printed"}
		}
	}
	return nil
}

// alone waits until nothing else that takes long is done.
func (p *host) alone(ctx context.Context) (leave func(), err error) {
	select {
	case p.busy <- struct{}{}:
		return func() { <-p.busy }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.ended:
		return nil, refuse(http.StatusServiceUnavailable, "the server ends")
	}
}

func (p *Design) subject(ctx context.Context, _ *wish) (any, error) {
	leave, err := p.alone(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return p.d.Subject(ctx)
}

// sketch answers with a Sketch or a Problem.
func (p *Design) sketch(ctx context.Context, q *wish) (any, error) {
	if err := q.check(); err != nil {
		return sketched(nil, err)
	}
	leave, err := p.alone(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return sketched(p.d.Sketch(ctx, q.Choices))
}

func sketched(s *Sketch, err error) (any, error) {
	if wrong := (*Problem)(nil); errors.As(err, &wrong) {
		return map[string]any{"problem": wrong, "sketch": s}, nil
	}
	return map[string]any{"sketch": s}, err
}

// train begins a training.
func (p *Design) train(ctx context.Context, q *wish) (any, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	leave, err := p.alone(ctx)
	if err != nil {
		return nil, err
	}
	s, err := p.d.Sketch(ctx, q.Choices)
	leave()
	if err != nil {
		return nil, err
	}
	if err := p.training.begin(s.Command, func(ctx context.Context, tell func(News)) error { return p.d.Train(ctx, q.Choices, tell) }); err != nil {
		return nil, err
	}
	return map[string]string{}, nil
}

func (p *Design) stop(context.Context, *wish) (any, error) {
	p.training.stop(false)
	return map[string]string{}, nil
}

func (p *Design) pick(ctx context.Context, q *wish) (any, error) {
	if len(q.Numbers) > 1000 || q.N > 100 {
		return nil, refuse(http.StatusBadRequest, "choose at most 100 examples at once")
	}
	picked, err := p.d.Pick(ctx, q.Numbers, q.N, q.Seed)
	if err == nil && len(picked.Numbers) > 100 {
		picked.Numbers = picked.Numbers[:100]
	}
	return picked, err
}

func (p *Design) example(ctx context.Context, q *wish) (any, error) {
	e, err := p.d.Example(ctx, q.N)
	if err != nil {
		return nil, err
	}
	return map[string]any{"label": e.Label, "name": e.Name, "words": e.Words, "text": e.Text, "sound": e.Samples != nil}, nil
}

// numbered returns the example that r asks for; nil: it has answered.
func (p *Design) numbered(w http.ResponseWriter, r *http.Request) *Example {
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil {
		http.Error(w, "give n, the number of an example", http.StatusBadRequest)
		return nil
	}
	e, err := p.d.Example(r.Context(), n)
	if err != nil {
		fail(w, err, http.StatusUnprocessableEntity)
		return nil
	}
	return e
}

// waveform serves GET /api/waveform: the picture of an example.
func (p *Design) waveform(w http.ResponseWriter, r *http.Request) {
	switch e := p.numbered(w, r); {
	case e == nil:
	case e.Picture == nil:
		http.Error(w, "this example is not drawn", http.StatusNotFound)
	default:
		writeSVG(w, e.Picture)
	}
}

// sound serves GET /api/sound: an example as a WAV file.
func (p *Design) sound(w http.ResponseWriter, r *http.Request) {
	e := p.numbered(w, r)
	if e == nil {
		return
	}
	if e.Samples == nil {
		http.Error(w, "this example is no sound", http.StatusUnsupportedMediaType)
		return
	}
	serveSound(w, r, &audio.Clip{Rate: e.Rate, Channels: e.Channels, Samples: e.Samples})
}

// number is a float64 that is null in JSON where it was not measured.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', 6, 64), nil
}

// serveSound answers with a clip as a WAV file.
func serveSound(w http.ResponseWriter, r *http.Request, clip *audio.Clip) {
	var out bytes.Buffer
	if err := audio.EncodeWAV(&out, clip, audio.PCM16); err != nil {
		fail(w, err, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(out.Bytes()))
}
