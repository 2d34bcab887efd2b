package natsio

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"inkling/internal/testkit"
)

func TestStreamsAreNamedBySubject(t *testing.T) {
	for _, c := range []struct {
		subject, header string
		trust           bool
		want            string
	}{
		{"sensors.a", "", false, "sensors.a"},
		{"sensors.a", "x", false, "sensors.a#x"},
		{"sensors.evil", "sensors.good", false, "sensors.evil#sensors.good"},
		{"sensors.a#x", "", false, "sensors.a#x#"},
		{"sensors.a#x", "y", false, "sensors.a#x#y"},
		{"sensors.a", "sensors.b", true, "sensors.b"},
		{"sensors.a", "b#c", true, "b#c"},
		{"sensors.a#x", "", true, "sensors.a#x"},
	} {
		got, err := streamOf(c.subject, header(HeaderStream, c.header), c.trust)
		if got != c.want || err != nil {
			t.Errorf("%s, %q: %q, %v; want %q", c.subject, c.header, got, err, c.want)
		}
	}
}

func TestBadNamesAreRefused(t *testing.T) {
	long := strings.Repeat("a", 250)
	for name, c := range map[string]struct {
		subject, header string
		trust           bool
		want            string
	}{
		"divided twice": {"a", "b#c", false, `Inkling-Stream "b#c": give a name without #, which stands between subject and name`},
		"long subject":  {long + ".bcdefg", "", false, "a stream name of 257 bytes: give one of at most 256"},
		"long together": {long, "abcdef", false, "a stream name of 257 bytes: give one of at most 256"},
		"long name":     {"a", long + "bcdefgh", true, "a stream name of 257 bytes: give one of at most 256"},
		"escape":        {"a", "x\x1b[31m", false, `the stream name "a#x\x1b[31m" has characters that cannot be seen: leave them out`},
		"in a subject":  {"a\x07", "", false, `the stream name "a\a" has characters that cannot be seen: leave them out`},
		"direction":     {"a", "x\u202ey", true, `the stream name "x\u202ey" has characters that cannot be seen: leave them out`},
		"encoding":      {"a\xff", "", false, `the stream name "a\xff" is not UTF-8`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := streamOf(c.subject, header(HeaderStream, c.header), c.trust)
			testkit.Message(t, "streamOf", err, c.want)
		})
	}
}

// No two pairs of subject and header give the same stream, so nobody writes into the
// stream of a subject on which he may not publish.
func FuzzNoSubjectReachesAnother(f *testing.F) {
	for _, s := range [][4]string{{"a", "b", "a#b", ""}, {"a", "b#c", "a#b", "c"}, {"a#", "", "a", "#"}, {"a#b#", "", "a#b", ""},
		{"a", "", "b", "a"}, {"a##", "x", "a", "#x"}, {"é", "e\u0301", "e\u0301", "é"}} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	f.Fuzz(func(t *testing.T, subject, name, otherSubject, otherName string) {
		if subject == otherSubject && name == otherName {
			t.Skip()
		}
		a, err := streamOf(subject, nats.Header{HeaderStream: {name}}, false)
		b, err2 := streamOf(otherSubject, nats.Header{HeaderStream: {otherName}}, false)
		if err == nil && err2 == nil && a == b {
			t.Errorf("%q %q and %q %q are both %q", subject, name, otherSubject, otherName, a)
		}
	})
}
