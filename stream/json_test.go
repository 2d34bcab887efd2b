package stream

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

// AppendJSON writes what encoding/json makes of the fields of docs/events.md: the same names
// in the same order, the same texts, and numbers that read as the same. It appends to what
// was there.
func TestJSONIsThatOfEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		line := AppendJSON([]byte("before"), &e)
		if !bytes.HasPrefix(line, []byte("before{")) || bytes.ContainsAny(line, "\n\r") {
			t.Fatalf("%q", line)
		}
		want := reference(t, &e)
		if line = line[len("before"):]; !sameJSON(t, line, want) {
			t.Fatalf("AppendJSON  %s\nencoding/json  %s", line, want)
		}
	})
}

// anyEvent draws an event with all parts set, to anything: also to bytes that are no text and
// to numbers that JSON does not have.
func anyEvent(t *rapid.T) Event {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a", "\xff\xc3(", "<&>\u2028\u2029\x7f\x00\"\\/\t\r\n", "\ufffd\U0001f3b5", "\xed\xa0\x80"}))
	str := func(name string) string { return text.Draw(t, name) }
	f64 := func(name string) float64 {
		return rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1e-7, 1e21, 123456789, 5e-324, math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1)})).Draw(t, name)
	}
	f32 := func(name string) float32 {
		return rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{0, 1, 0.1, 1e-7, 1e21, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.NaN()), float32(math.Inf(-1))})).Draw(t, name)
	}
	values := func(name string, n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = f32(name)
		}
		return x
	}
	u64 := func(name string) uint64 { return rapid.Uint64().Draw(t, name) }
	yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
	count := func(name string, most int) int { return rapid.IntRange(0, most).Draw(t, name) }

	e := Event{Type: rapid.SampledFrom([]Type{Running, Detector, Early, Confirmed, Dropped, Gap, Status, Summary, Forecast}).Draw(t, "type")}
	e.Header = Header{Session: str("session"), Stream: str("stream"), Segment: u64("segment") >> rapid.SampledFrom([]int{0, 40, 64}).Draw(t, "shift"), Step: count("step", 3), Sample: u64("sample")}
	if yes("has time") {
		e.Time = time.Unix(rapid.Int64Range(-62135596800+1, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanoseconds"))
		e.Clock = rapid.SampledFrom([]capture.Timing{"", capture.ArrivalTime, "sender"}).Draw(t, "clock")
	}
	e.Answer = Answer{Label: str("label"), P: f32("p"), Warm: yes("warm")}
	for range count("scores", 3) {
		e.Top = append(e.Top, Score{str("score"), f32("score's p")})
	}
	e.Outcome = Outcome{Rejected: yes("rejected"), Running: str("running"), Agrees: yes("agrees"), Steps: count("steps", math.MaxInt32), LatencyMS: f64("latency"), Truth: str("truth"), Kept: str("kept")}
	e.Span = Span{Start: u64("start"), End: u64("end"), EndedBy: rapid.SampledFrom([]segment.Ending{segment.BySilence, segment.ByBeat, "\xff"}).Draw(t, "ended"), Peak: u64("peak")}
	e.HeldBack = HeldBack{Rule: decide.Rule(str("rule")), Threshold: f64("threshold"), Value: f64("value")}
	for range count("verdicts", 2) {
		e.Why = append(e.Why, decide.Verdict{Rule: decide.Rule(str("verdict")), Value: f64("verdict's value"), Threshold: f64("verdict's threshold"), Passed: yes("passed")})
	}
	d := 1 + count("values", 2)
	e.Prediction = Prediction{Values: values("value", d), Ahead: values("ahead", d*count("frames", 3)), Bits: f64("bits")}
	if yes("errors") {
		e.Errors = values("error", d)
	}
	for i := range count("levels", 2) {
		e.Levels = append(e.Levels, float64(i+1)/4)
		e.Quantiles = append(e.Quantiles, values("quantile", d)...)
	}
	if yes("text") {
		s := str("character")
		e.Text = &s
	}
	e.Incident = Incident{Reason: str("reason"), Lost: u64("lost"), Policy: decide.Gap(str("policy")), State: capture.Health(str("state")), Version: str("version"), Model: str("model")}
	for range count("counts", 3) {
		e.Counts = append(e.Counts, Count{str("count"), f64("figure")})
	}
	return e
}

// A fields is an object whose members have an order.
type fields struct {
	t *rapid.T
	b bytes.Buffer
}

func (f *fields) add(key string, v any) {
	f.b.WriteString(map[bool]string{true: "{", false: ","}[f.b.Len() == 0])
	for i, part := range []any{key, v} {
		data, err := json.Marshal(part)
		if err != nil {
			f.t.Fatal(err)
		}
		f.b.Write(data)
		f.b.WriteString([]string{":", ""}[i])
	}
}

// orNull adds v, or null if it is empty; ifAny adds nothing then.
func (f *fields) orNull(key, v string) {
	if v == "" {
		f.add(key, nil)
	} else {
		f.add(key, v)
	}
}

func (f *fields) ifAny(key, v string) {
	if v != "" {
		f.add(key, v)
	}
}

// number returns v, or nil if JSON does not have it.
func number[F float32 | float64](v F) any {
	if v-v != 0 {
		return nil
	}
	return v
}

func numbers(x []float32) []any {
	list := []any{}
	for _, v := range x {
		list = append(list, number(v))
	}
	return list
}

func scores(top []Score) []any {
	list := []any{}
	for _, s := range top {
		list = append(list, []any{s.Label, number(s.P)})
	}
	return list
}

// reference writes e by encoding/json, from the table of docs/events.md.
func reference(t *rapid.T, e *Event) []byte {
	f := &fields{t: t}
	f.add("v", 1)
	f.add("type", e.Type)
	f.add("session", e.Session)
	f.add("stream", e.Stream)
	if e.Segment > 0 {
		f.add("segment", e.Segment)
		f.add("step", e.Step)
	}
	if e.Type != Summary {
		f.add("sample", e.Sample)
	}
	if !e.Time.IsZero() {
		f.add("time", e.Time.UTC())
		f.add("clock", map[bool]capture.Timing{true: capture.ArrivalTime, false: e.Clock}[e.Clock == ""])
	}
	held := func() {
		f.add("reason", e.Rule)
		f.add("threshold", number(e.Threshold))
		f.add("value", number(e.Value))
	}
	span := func() {
		f.add("start", e.Start)
		f.add("end", e.End)
		f.add("ended_by", e.EndedBy)
	}
	why := func() {
		if len(e.Why) == 0 {
			return
		}
		type verdict struct {
			Rule      decide.Rule `json:"rule"`
			Value     any         `json:"value"`
			Threshold any         `json:"threshold"`
			Passed    bool        `json:"passed"`
		}
		var list []verdict
		for _, v := range e.Why {
			list = append(list, verdict{v.Rule, number(v.Value), number(v.Threshold), v.Passed})
		}
		f.add("why", list)
	}
	switch e.Type {
	case Running:
		f.orNull("label", e.Label)
		if e.Warm {
			f.add("p", number(e.P))
			f.add("top", scores(e.Top))
		} else {
			f.add("p", nil)
			f.add("top", []any{})
		}
		f.add("warm", e.Warm)
	case Detector:
		f.add("p", number(e.P))
		f.add("threshold", number(e.Threshold))
	case Early:
		f.orNull("label", e.Label)
		f.add("p", number(e.P))
	case Confirmed:
		f.orNull("label", e.Label)
		f.add("p", number(e.P))
		f.add("top", scores(e.Top))
		f.add("rejected", e.Rejected)
		if e.Rejected {
			held()
		}
		f.orNull("running", e.Running)
		f.add("agrees", e.Agrees)
		f.add("steps", e.Steps)
		span()
		if e.EndedBy == segment.ByBeat {
			f.add("peak", e.Peak)
		}
		f.add("latency_ms", number(e.LatencyMS))
		f.ifAny("truth", e.Truth)
		f.ifAny("kept", e.Kept)
		why()
	case Dropped:
		held()
		span()
		why()
	case Gap:
		f.add("lost", e.Lost)
		f.add("policy", e.Policy)
		f.ifAny("reason", e.Reason)
	case Status:
		f.add("state", e.State)
		f.add("reason", e.Reason)
		if e.Version != "" {
			f.add("version", e.Version)
			f.add("model", e.Model)
		}
	case Summary:
		for _, c := range e.Counts {
			f.add(c.Name, number(c.Value))
		}
	case Forecast:
		forecastFields(f, e)
	}
	f.b.WriteByte('}')
	return f.b.Bytes()
}

func forecastFields(f *fields, e *Event) {
	if e.Text != nil {
		f.orNull("text", *e.Text)
		if e.Step > 1 {
			f.add("bits", number(e.Bits))
		}
		f.add("top", scores(e.Top))
		return
	}
	f.add("values", numbers(e.Values))
	if e.Errors != nil {
		f.add("errors", numbers(e.Errors))
	}
	d, rows := len(e.Values), []any{}
	for at := 0; at < len(e.Ahead); at += d {
		rows = append(rows, numbers(e.Ahead[at:at+d]))
	}
	f.add("forecast", rows)
	if len(e.Levels) == 0 {
		return
	}
	rows = nil
	for i, q := range e.Levels {
		rows = append(rows, []any{q, numbers(e.Quantiles[i*d : (i+1)*d])})
	}
	f.add("quantiles", rows)
}

// sameJSON reports whether two documents have the same tokens; numbers of the same value are
// the same.
func sameJSON(t *rapid.T, a, b []byte) bool {
	readers := [2]*json.Decoder{json.NewDecoder(bytes.NewReader(a)), json.NewDecoder(bytes.NewReader(b))}
	for {
		var tokens [2]json.Token
		var errs [2]error
		for i, r := range readers {
			r.UseNumber()
			tokens[i], errs[i] = r.Token()
		}
		if errs[0] == io.EOF && errs[1] == io.EOF {
			return true
		}
		if errs[0] != nil || errs[1] != nil {
			t.Fatalf("%v; %v", errs[0], errs[1])
		}
		x, isNumber := tokens[0].(json.Number)
		y, also := tokens[1].(json.Number)
		if tokens[0] == tokens[1] {
			continue
		}
		if !isNumber || !also {
			return false
		}
		_, whole1 := strconv.ParseUint(string(x), 10, 64)
		_, whole2 := strconv.ParseUint(string(y), 10, 64)
		p, err1 := strconv.ParseFloat(string(x), 64)
		q, err2 := strconv.ParseFloat(string(y), 64)
		if whole1 == nil && whole2 == nil || err1 != nil || err2 != nil || math.Float64bits(p) != math.Float64bits(q) {
			return false
		}
	}
}
