package arff

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

const univariate = `% a comment
@relation 'Gun Point'
@attribute att0 numeric
@ATTRIBUTE	att1	REAL
@attribute 'the class' {1, 'sitting down', "it's"}

@data
% another
-0.5,1e-3,1
?, 2 ,'sitting down'
1,2,'it\'s'
`

const multivariate = `@relation Motions
@attribute relationalAtt relational
  @attribute att0 numeric
  @attribute att1 numeric
@end relationalAtt
@attribute activity {Standing,Running}
@data
'1,2\n3,4',Standing
"5,6\n7,8",Running`

func readAll(t *testing.T, text string) (r *Reader, rows [][]string) {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), "x.arff")
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return r, rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

func TestUnivariate(t *testing.T) {
	r, rows := readAll(t, strings.ReplaceAll(univariate, "\n", "\r\n"))
	want := [][]string{{"-0.5", "1e-3", "1"}, {"?", "2", "sitting down"}, {"1", "2", "it's"}}
	if !reflect.DeepEqual(rows, want) || r.Relation != "Gun Point" || r.Line() != 11 {
		t.Errorf("%q of %q, line %d", rows, r.Relation, r.Line())
	}
	if a := r.Attributes[2]; a.Name != "the class" || a.Kind != Nominal || len(a.Values) != 3 || a.Values[1] != "sitting down" {
		t.Errorf("%+v", a)
	}
}

func TestRelational(t *testing.T) {
	r, rows := readAll(t, multivariate)
	if !reflect.DeepEqual(rows, [][]string{{"1,2\n3,4", "Standing"}, {"5,6\n7,8", "Running"}}) {
		t.Errorf("%q", rows)
	}
	if a := r.Attributes[0]; a.Kind != Relational || len(a.Sub) != 2 {
		t.Errorf("%+v", a)
	}
}

// TestErrors names file, line and remedy.
func TestErrors(t *testing.T) {
	const head = "@relation r\n@attribute a numeric\n@attribute c {x,y}\n@data\n"
	for text, want := range map[string]string{
		"":                                 "no @data line",
		"hello\n":                          `x.arff:1: "hello" is where`,
		"@attribute a relational\n@data\n": "has no @end",
		"@end a\n":                         "ends no relational",
		"@data\n":                          "no @attribute",
		"@attribute a numbers\n@data\n":    `the type "numbers"`,
		"@attribute c {a,a}\n@data\n":      "twice",
		"@attribute c {a\n@data\n":         "closing brace",
		"@attribute c {}\n@data\n":         "no values",
		"@attribute\n":                     "neither name nor type",
		"@attribute a relational\n@attribute b string\n@end a\n@data\n": "not numeric",
		head + "{0 1}\n":   "x.arff:5: the row is sparse",
		head + "1\n":       "1 values for 2 attributes",
		head + "1,x,3\n":   "more values",
		head + "'1,x\n":    "not closed",
		head + "'1' 2,x\n": "follows a value",
		head + "1,x,{5}\n": "more values",
	} {
		r, err := NewReader(strings.NewReader(text), "x.arff")
		if err == nil {
			_, err = r.Read()
			if line := (*LineError)(nil); !errors.As(err, &line) {
				t.Errorf("%q: %v is no LineError", text, err)
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(univariate)
	f.Add(multivariate)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := NewReader(strings.NewReader(text), "x.arff")
		if err != nil {
			return
		}
		for {
			row, err := r.Read()
			if err == io.EOF {
				return
			}
			line := (*LineError)(nil)
			if err != nil && !errors.As(err, &line) {
				t.Fatal(err)
			}
			if err == nil && len(row) != len(r.Attributes) {
				t.Fatalf("%d values of %d attributes", len(row), len(r.Attributes))
			}
		}
	})
}
