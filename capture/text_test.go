package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
)

// readText reads a source of text to its end.
func readText(t testkit.TB, src Source) (text string, streams []string, err error) {
	t.Helper()
	got := play(t, src)
	got.inOrder(t)
	for _, b := range got.blocks {
		if b.Format != (Format{Channels: 1}) {
			t.Fatalf("format %+v", b.Format)
		}
		for _, v := range b.Samples {
			text += string(rune(v))
		}
		if b.Done {
			streams = append(streams, b.Stream)
		}
	}
	return text, streams, got.err
}

// split returns one of its parts a Read.
type split [][]byte

func (s *split) Read(p []byte) (int, error) {
	if len(*s) == 0 {
		return 0, io.EOF
	}
	n := copy(p, (*s)[0])
	if (*s)[0] = (*s)[0][n:]; len((*s)[0]) == 0 {
		*s = (*s)[1:]
	}
	return n, nil
}

func TestTextOnAnySplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "text")
		data := []byte(want)
		var parts split
		for len(data) > 0 {
			n := rapid.IntRange(1, len(data)).Draw(t, "read")
			parts, data = append(parts, data[:n]), data[n:]
		}
		got, streams, err := readText(t, Text(&parts, "s"))
		if err != nil || got != strings.TrimPrefix(want, "\ufeff") || fmt.Sprint(streams) != "[s]" {
			t.Fatalf("%q of %v, %v, want %q", got, streams, err, want)
		}
	})
}

func TestTextEndsBeforeABadByte(t *testing.T) {
	const advice = " is not UTF-8: convert the text, for example with iconv -f WINDOWS-1252 -t UTF-8"
	for _, c := range []struct{ name, text, want, err string }{
		{"a byte", "ab\nç\xffd", "ab\nç", "s:2: column 2: byte 0xff" + advice},
		{"a surrogate", "\xed\xa0\x80", "", "s:1: column 1: byte 0xed" + advice},
		{"half a character at the end", "ab\xe4\xb8", "ab", "s:1: column 3: byte 0xe4" + advice},
	} {
		t.Run(c.name, func(t *testing.T) {
			for way, r := range map[string]io.Reader{"at once": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text)),
				"with its end": iotest.DataErrReader(strings.NewReader(c.text))} {
				got, _, err := readText(t, Text(r, "s"))
				testkit.Message(t, way, err, c.err)
				if got != c.want {
					t.Errorf("%s: %q, want %q", way, got, c.want)
				}
			}
		})
	}
	broken := errors.New("broken")
	got, _, err := readText(t, Text(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), "s"))
	testkit.Message(t, "an error of the reader", err, "s: broken")
	if got != "abc" || !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTextFilesPlayOneAfterAnother(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("世é", 5000)
	a, b := testkit.WriteFile(t, dir, "a.txt", []byte("\ufeffeins\n")), testkit.WriteFile(t, dir, "b.txt", nil)
	c := testkit.WriteFile(t, dir, "c.txt", []byte(long))
	text, streams, err := readText(t, TextFiles(a, b, c))
	if want := fmt.Sprint([]string{a, b, c}); err != nil || fmt.Sprint(streams) != want || text != "eins\n"+long {
		t.Errorf("%d characters of %q, %v", utf8.RuneCountInString(text), streams, err)
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("\ufeffab\n\xe4\xb8\x96\xff"), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		var parts split
		for rest := data; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			parts, rest = append(parts, rest[:n]), rest[n:]
		}
		got, _, err := readText(t, Text(&parts, "s"))
		if whole := bytes.TrimPrefix(data, []byte("\ufeff")); (err == nil) != utf8.Valid(data) || !strings.HasPrefix(string(whole), got) || err == nil && got != string(whole) {
			t.Fatalf("%q, %v of %q", got, err, data)
		}
	})
}
