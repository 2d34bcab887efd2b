package natsio

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSubjectsAreLegal(t *testing.T) {
	for stream, want := range map[string]string{
		"hall.mic":   "inkling.confirmed.hall.mic",
		"a b*>%":     "inkling.confirmed.a%20b%2A%3E%25",
		"a..b":       "inkling.confirmed.a.%.b",
		"":           "inkling.confirmed.%",
		"/x/été.wav": "inkling.confirmed./x/été.wav",
	} {
		if got := Subject("inkling", "confirmed", stream); got != want {
			t.Errorf("%q: %s, want %s", stream, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := Subject("inkling", "running", rapid.String().Draw(t, "stream"))
		if !valid(s) || strings.ContainsAny(s, "*> \t\r\n") {
			t.Fatalf("%q cannot be published to", s)
		}
	})
}

func TestOverlapsFindsCommonSubjects(t *testing.T) {
	token := rapid.SampledFrom([]string{"a", "b", "*"})
	pattern := func(t *rapid.T, name string) string {
		p := strings.Join(rapid.SliceOfN(token, 1, 3).Draw(t, name), ".")
		if rapid.Bool().Draw(t, name+" rest") {
			p += ".>"
		}
		return p
	}
	var subjects []string
	for _, a := range []string{"a", "b"} {
		subjects = append(subjects, a)
		for _, b := range []string{"a", "b"} {
			subjects = append(subjects, a+"."+b)
			for _, c := range []string{"a", "b"} {
				subjects = append(subjects, a+"."+b+"."+c, a+"."+b+"."+c+".a", a+"."+b+"."+c+".b")
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p, q := pattern(t, "p"), pattern(t, "q")
		want := false
		for _, s := range subjects {
			want = want || matches(p, s) && matches(q, s)
		}
		if got := overlaps(p, q); got != want {
			t.Fatalf("overlaps(%q, %q) = %v", p, q, got)
		}
	})
}

func matches(pattern, subject string) bool {
	p, s := strings.Split(pattern, "."), strings.Split(subject, ".")
	for i, t := range p {
		if t == ">" {
			return len(s) > i
		}
		if i >= len(s) || t != "*" && t != s[i] {
			return false
		}
	}
	return len(p) == len(s)
}
