package keep

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"inkling/capture"
	"inkling/internal/atomicfile"
	"inkling/internal/disk"
	"inkling/internal/lockfile"
)

// An Example is a segment of which a person has said what it was: a row of the index of a
// folder of corrections, which is a data set to train on.
type Example struct {
	File    string // relative to the folder; "" for a text
	Text    string // of a text
	Label   string // the right one
	Told    string // what the model said
	P       float64
	Time    time.Time
	Stream  string // also the group of the data set: what comes from one stream stays in one split
	Session string
	Segment uint64
	At      uint64 // the first sample, as the source counts them
	Model   string // the model's hash
}

// of reports whether e and x are of the same segment.
func (e *Example) of(x *Example) bool {
	return e.Session == x.Session && e.Stream == x.Stream && e.Segment == x.Segment
}

var exampleColumns = []string{"file", "label", "group", "told", "p", "time", "session", "segment", "at", "model"}

func exampleHeader(text bool) string {
	head := strings.Join(exampleColumns, ",") + "\n"
	if text {
		return "text" + strings.TrimPrefix(head, "file")
	}
	return head
}

// CorrectedDir is the folder of corrections of a folder of kept segments.
func CorrectedDir(dir string) string { return filepath.Join(dir, "corrected") }

// Correct puts a segment with its signal into the folder of corrections dir, in place of
// what was said of it before, and returns the file that has it. For a text, signal is nil.
// Several processes may call it for one folder.
func Correct(dir string, e Example, format capture.Format, signal []float32) (file string, err error) {
	j := job{format: format, signal: signal}
	if e.Text == "" {
		if len(signal) == 0 {
			return "", errors.New("there is no signal to learn from")
		}
		j.clip.File = "x" + extension(&j)
	}
	var b bytes.Buffer
	if e.Text == "" {
		if err := encode(&b, &j); err != nil {
			return "", err
		}
	}
	return correct(dir, e, filepath.Ext(j.clip.File), b.Bytes())
}

// CorrectKept is Correct for a segment that is kept in the folder kept, with the right
// label.
func CorrectKept(dir, kept string, c Clip, label string) (file string, err error) {
	var data []byte
	if c.File != "" {
		if data, err = os.ReadFile(filepath.Join(kept, filepath.FromSlash(c.File))); err != nil {
			return "", err
		}
	}
	return correct(dir, exampleOf(&c, label), filepath.Ext(c.File), data)
}

func exampleOf(c *Clip, label string) Example {
	return Example{Text: c.Text, Label: label, Told: c.Label, P: c.P, Time: c.Time, Stream: c.Stream, Session: c.Session, Segment: c.Segment, At: c.At, Model: c.Model}
}

// CheckLabel returns an error if label is no name of a label.
func CheckLabel(label string) error {
	switch {
	case label != strings.TrimSpace(label) || label == "" || len(label) > 200 || !utf8.ValidString(label):
		return fmt.Errorf("label: %q: give 1 to 200 bytes of UTF-8 without spaces at the ends", label)
	case strings.ContainsFunc(label, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("label: %q has a character that cannot be printed", label)
	}
	return nil
}

func correct(dir string, e Example, ext string, data []byte) (file string, err error) {
	if err := CheckLabel(e.Label); err != nil {
		return "", err
	}
	if !(e.P >= 0 && e.P <= 1) {
		return "", fmt.Errorf("p: %v is no probability: give 0 to 1", e.P)
	}
	if y := e.Time.UTC().Year(); y < 0 || y > 9999 { // RFC 3339 has no others
		return "", fmt.Errorf("time: the year %d cannot be written: give the time of the segment", y)
	}
	if ext != "" {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d", e.Session, e.Stream, e.Segment))
		e.File = fmt.Sprintf("%s-%d-%s%s", plainName(e.Stream), e.Segment, hex.EncodeToString(sum[:4]), ext)
		file = filepath.Join(dir, e.File)
	}
	err = change(dir, func(all []Example) ([]Example, error) {
		if len(all) > 0 && (all[0].File == "") != (e.File == "") {
			return nil, fmt.Errorf("%s lists %s, and this is %s: keep corrections in another folder", filepath.Join(dir, indexName), kind(all[0].File == ""), kind(e.File == ""))
		}
		if file != "" {
			if err := atomicfile.WriteFileIn(disk.Keep, file, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
				return nil, err
			}
		}
		return append(slices.DeleteFunc(all, func(x Example) bool { return x.of(&e) }), e), nil
	})
	return file, err
}

// Undo takes back what was said of a segment, and reports whether there was something.
func Undo(dir string, c Clip) (was bool, err error) {
	e := exampleOf(&c, "")
	var gone []string
	err = change(dir, func(all []Example) ([]Example, error) {
		return slices.DeleteFunc(all, func(x Example) bool {
			if x.of(&e) {
				was = true
				gone = append(gone, x.File)
			}
			return x.of(&e)
		}), nil
	})
	for _, f := range gone {
		if f != "" && err == nil {
			err = disk.Keep.Remove(filepath.Join(dir, f))
		}
	}
	return was, err
}

// changing has the goroutines of this process wait for one another without polling.
var changing sync.Mutex

// change rewrites the index of a folder of corrections.
func change(dir string, with func([]Example) ([]Example, error)) error {
	if err := disk.Keep.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	changing.Lock()
	defer changing.Unlock()
	index := filepath.Join(dir, indexName)
	release, err := takeSoon(index)
	if err != nil {
		return err
	}
	defer release()
	atomicfile.Sweep(index)
	all, err := Corrections(dir)
	if err != nil {
		return err
	}
	if all, err = with(all); err != nil {
		return err
	}
	return atomicfile.WriteFileIn(disk.Keep, index, func(w io.Writer) error {
		text := len(all) > 0 && all[0].File == ""
		_, err := io.WriteString(w, exampleHeader(text))
		for i := range all {
			if err == nil {
				_, err = io.WriteString(w, all[i].row(text))
			}
		}
		return err
	})
}

// takeSoon takes the lock of a file, which others hold for moments only.
func takeSoon(path string) (release func(), err error) {
	for range 1000 {
		release, err = lockfile.Take(path)
		if used := (*lockfile.InUseError)(nil); err == nil || !errors.As(err, &used) {
			return release, err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, err
}

func (e *Example) row(text bool) string {
	first := e.File
	if text {
		first = e.Text
	}
	return cells(first, e.Label, e.Stream, e.Told, number(e.P), e.Time.UTC().Format(time.RFC3339Nano), e.Session,
		strconv.FormatUint(e.Segment, 10), strconv.FormatUint(e.At, 10), e.Model)
}

// Corrections returns what a folder of corrections has, in the order in which it came; none
// if there is no such folder.
func Corrections(dir string) (all []Example, err error) {
	name := filepath.Join(dir, indexName)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseExamples(name, data)
}

func parseExamples(name string, data []byte) (all []Example, err error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = len(exampleColumns)
	text := false
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w: correct it, or move the folder away", name, err)
		}
		if first {
			text = row[0] == "text"
			if strings.Join(row, ",")+"\n" != exampleHeader(text) {
				return nil, fmt.Errorf("%s: the first line is not that of a folder of corrections: name another folder", name)
			}
			continue
		}
		e := Example{File: row[0], Label: row[1], Stream: row[2], Told: row[3], Session: row[6], Model: row[9]}
		if text {
			e.Text, e.File = e.File, ""
		} else if !filepath.IsLocal(e.File) || strings.ContainsAny(e.File, `/\`) {
			err = fmt.Errorf("file: %q is not in the folder", e.File)
		}
		var when error
		e.Time, when = time.Parse(time.RFC3339Nano, row[5])
		for _, read := range []error{err, when, probability(&e.P)(row[4]), count(&e.Segment)(row[7]), count(&e.At)(row[8])} {
			if read != nil {
				line, _ := r.FieldPos(0)
				return nil, fmt.Errorf("%s:%d: %w: correct it, or delete the line", name, line, read)
			}
		}
		all = append(all, e)
	}
}
