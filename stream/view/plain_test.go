package view

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"

	"inkling/model/decide"
	"inkling/stream"
)

// mean is a label, a name or a reason that means harm: it clears the screen, sets the title
// and adds a line.
const mean = "\x1b[2J\x1b]0;pwned\a\u009b31m\r\nforged\u202e"

// fill sets every string below v to mean, and gives every slice one element.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(mean)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "Time" {
				fill(v.Field(i))
			}
		}
	}
}

func TestNothingOfAnEventControlsTheTerminal(t *testing.T) {
	for _, typ := range []stream.Type{stream.Running, stream.Early, stream.Confirmed, stream.Dropped, stream.Forecast, stream.Gap, stream.Status, stream.Summary, mean} {
		for _, rule := range []decide.Rule{"", mean, decide.Threshold, decide.CUSUM} {
			for _, text := range []bool{false, true} {
				var e stream.Event
				fill(reflect.ValueOf(&e).Elem())
				e.Type, e.Rule, e.Rejected, e.Warm = typ, rule, rule != "", true
				if !text {
					e.Text = nil
				}
				var buf bytes.Buffer
				v := New(&buf, Options{Live: true, Width: 10000})
				if err := v.Write(context.Background(), &e); err != nil {
					t.Fatal(err)
				}
				if err := v.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
				got := buf.String()
				if strings.ContainsAny(got, "\x1b\a\r\u009b\u202e") || strings.Contains(got, "\nforged") {
					t.Errorf("%.20q, rule %.20q: %q", typ, rule, got)
				}
			}
		}
	}
}
