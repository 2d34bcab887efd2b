package plain

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func TestTextShowsControlCharactersAsEscapes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"clap", "clap"},
		{"größer, 日本, 👩‍🔬, می\u200cخواهم", "größer, 日本, 👩‍🔬, می\u200cخواهم"},
		{`C:\a\b`, `C:\a\b`},
		{"\x1b[31mred\x1b[0m", `\u001b[31mred\u001b[0m`},
		{"\x1b]0;pwned\a", `\u001b]0;pwned\u0007`},
		{"a\r\nb\tc\x00\b\x7f", `a\u000d\nb\tc\u0000\u0008\u007f`},
		{"\u009b31m", `\u009b31m`},
		{"\x9b31m", `\x9b31m`},
		{"cut \xe2\x82", `cut \xe2\x82`},
		{"abc\u202egnp.exe\u2066", `abc\u202egnp.exe\u2066`},
		{"a\u2028b\ufeff", `a\u2028b\ufeff`},
		{"tag \U000e0041", `tag \udb40\udc41`},
		{"kept \ufffd, gone \uffff", "kept \ufffd, gone " + `\uffff`},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("Text(%q) is %q, want %q", c.in, got, c.want)
		}
	}
}

func TestWriterKeepsLinesAndValidJSON(t *testing.T) {
	label := "\x1b[2Jpwned\u009b\u202e\U000e0041é"
	line := `{"label":"` + strings.ReplaceAll(label, "\x1b", `\u001b`) + "\"}\n\tnext\x1b\n"
	var b bytes.Buffer
	if _, err := NewWriter(&b).Write([]byte(line)); err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(b.String(), "\n")
	var e struct{ Label string }
	if err := json.Unmarshal([]byte(first), &e); err != nil || e.Label != label {
		t.Errorf("%s is read as %q, %v; want %q", first, e.Label, err, label)
	}
	if want := "\tnext\\u001b\n"; rest != want {
		t.Errorf("the lines after it are %q, want %q", rest, want)
	}
}

func TestWriterReportsErrors(t *testing.T) {
	if _, err := NewWriter(iotest.TruncateWriter(failing{}, 10)).Write([]byte("x")); err == nil {
		t.Error("an error of the writer below is lost")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }

// Whatever comes in whatever pieces, nothing that a terminal obeys goes out, and text
// without such is left as it is.
func FuzzWriter(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[31m", "é\u009b\xe2\x82\xacx", "\xff\xfe", "a\nb\tc\rd", "\u202e\U000e0041"} {
		f.Add(s, uint8(1))
	}
	f.Fuzz(func(t *testing.T, s string, size uint8) {
		var b bytes.Buffer
		w := NewWriter(&b)
		step := int(size%7) + 1
		for rest := s; rest != ""; {
			n := min(step, len(rest))
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		out := b.String()
		if !utf8.ValidString(out) {
			t.Fatalf("%q becomes %q, which is not UTF-8", s, out)
		}
		for _, r := range out {
			if !shown(r) && r != '\n' && r != '\t' {
				t.Fatalf("%q becomes %q, which holds %U", s, out, r)
			}
		}
		if one := Text(s); strings.ContainsAny(one, "\n\t\x1b") || Text(one) != one {
			t.Fatalf("Text(%q) is %q", s, one)
		}
	})
}
