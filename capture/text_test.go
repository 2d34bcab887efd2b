package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// readText reads a source to its end.
func readText(t interface{ Fatal(...any) }, s Source) (text string, streams []string, err error) {
	defer s.Close()
	var b Block
	next, done := uint64(0), true
	for {
		if err := s.Read(background, &b); errors.Is(err, io.EOF) {
			return text, streams, nil
		} else if err != nil {
			return text, streams, err
		}
		if done {
			streams, next = append(streams, b.Stream), 0
		}
		if done = b.Done; b.Offset != next || b.Format != (Format{Channels: 1}) {
			t.Fatal("offset", b.Offset, "want", next, b.Format)
		}
		next += uint64(b.Len())
		for _, v := range b.Samples {
			text += string(rune(v))
		}
	}
}

// split gives its parts one a Read.
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

// Characters are whole however reads divide their bytes.
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
		if err != nil || got != strings.TrimPrefix(want, "\ufeff") || len(streams) != 1 {
			t.Fatalf("%q of %v, %v, want %q", got, streams, err, want)
		}
	})
}

func TestTextThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"ab\nç\xffd": "s:2: column 2: the byte 0xff is no UTF-8: convert", "\xed\xa0\x80": "s:1: column 1", "ab\xe4\xb8": "s:1: column 3: the byte 0xe4",
	} {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			got, _, err := readText(t, Text(r, "s"))
			if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(text, got) || len(got) < 2 && len(text) > 3 {
				t.Errorf("%q: %q, %v, want %q", text, got, err, want)
			}
		}
	}
	broken := errors.New("broken")
	if got, _, err := readText(t, Text(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), "s")); got != "abc" || !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTextFiles(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for name, text := range map[string]string{"a.txt": "\ufeffeins\n", "b.txt": "", "c.txt": strings.Repeat("世é", 5000)} {
		paths = append(paths, filepath.Join(dir, name))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, streams, err := readText(t, TextFiles(filepath.Join(dir, "a.txt"), filepath.Join(dir, "b.txt"), filepath.Join(dir, "c.txt")))
	if err != nil || len(streams) != 3 || text != "eins\n"+strings.Repeat("世é", 5000) {
		t.Errorf("%d characters of %q, %v", utf8.RuneCountInString(text), streams, err)
	}
	if _, _, err := readText(t, TextFiles(paths[0], filepath.Join(dir, "none.txt"))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
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
		s := &textSource{r: &parts, stream: "s"}
		got, _, err := readText(t, s)
		if whole := bytes.TrimPrefix(data, []byte("\ufeff")); (err == nil) != utf8.Valid(data) || !strings.HasPrefix(string(whole), got) || err == nil && got != string(whole) {
			t.Fatalf("%q, %v of %q", got, err, data)
		}
	})
}
