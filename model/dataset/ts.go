package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/table"
)

// The .ts format of the UEA and UCR archives has lines that begin with "@", the last of
// them "@data", then one example per line. ":" separates channels, "," separates values,
// and the last field is the label.

// readTS reads a .ts file.
func (g *gatherer) readTS(fsys fs.FS, f seqFile) error {
	r, closer, err := plain(fsys, f.name)
	if err != nil {
		return err
	}
	defer closer.Close()
	p := &tsParser{name: f.name, skipBad: g.o.SkipBad}
	if err := p.parse(r); err != nil {
		return err
	}
	g.set.Skipped = append(g.set.Skipped, p.skipped...)
	g.declare(p.labels, p.spaced)
	for i := range p.examples {
		e := &p.examples[i]
		if err := g.add(sequence{name: e.Name, label: p.names[i], split: f.split, samples: e.Samples, channels: p.channels, from: f.name}); err != nil {
			return err
		}
	}
	return nil
}

type tsParser struct {
	name     string
	skipBad  bool
	line     int
	seen     map[string]bool // header keys
	labels   []string        // of @classLabel
	channels int             // 0: not yet known
	length   int             // of every series; 0: unknown or different
	equal    bool
	data     bool

	examples []Example
	names    []string // label of each example
	skipped  []error
	twice    bool // @classLabel lists a word twice, which labels with blanks alone may do
	spaced   bool // a label has blanks: what @classLabel lists are words
}

func (p *tsParser) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", p.name, p.line, fmt.Errorf(format, args...))
}

func (p *tsParser) parse(r io.Reader) error {
	b := bufio.NewReaderSize(table.LimitLines(r), 1<<16)
	p.seen = map[string]bool{}
	var line []byte
	for {
		line = line[:0]
		var err error
		for more := true; more; {
			var part []byte
			part, err = b.ReadSlice('\n')
			line = append(line, part...)
			more = err == bufio.ErrBufferFull
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: after line %d: %w", p.name, p.line, err)
		}
		p.line++
		if e := p.parseLine(line); e != nil {
			return e
		}
		if err == io.EOF {
			break
		}
	}
	if p.twice && !p.spaced && p.data {
		return fmt.Errorf("%s: @classLabel names a label twice", p.name)
	}
	if !p.data {
		return fmt.Errorf("%s: there is no @data line: the file is cut off, or not a .ts file; copy it again", p.name)
	}
	return nil
}

func (p *tsParser) parseLine(line []byte) error {
	if p.line == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	line = bytes.TrimSpace(line)
	switch {
	case len(line) == 0 || line[0] == '#' || line[0] == '%':
		return nil
	case !p.data && line[0] == '@':
		return p.header(string(line))
	case !p.data:
		return p.errorf("expected a line that begins with @, # or %%, before @data")
	}
	err := p.example(line)
	if err != nil && p.skipBad {
		p.skipped = append(p.skipped, err)
		return nil
	}
	return err
}

func (p *tsParser) header(line string) error {
	f := strings.Fields(line)
	key, value := strings.ToLower(f[0]), ""
	if len(f) > 1 {
		value = f[1]
	}
	if p.seen[key] {
		return p.errorf("%s is there twice: delete one line", f[0])
	}
	p.seen[key] = true
	switch key {
	case "@timestamps":
		return p.refuse(f[0], value, "series with time stamps cannot be read: resample them to equal steps and write @timeStamps false")
	case "@univariate":
		yes, err := p.boolean(f[0], value)
		if err != nil || !yes {
			return err
		}
		return p.setChannels(f[0], 1)
	case "@dimension", "@dimensions":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return p.errorf("%s: %q is not a number of channels: write 1 or more", f[0], value)
		}
		return p.setChannels(f[0], n)
	case "@equallength":
		var err error
		p.equal, err = p.boolean(f[0], value)
		return err
	case "@serieslength":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return p.errorf("%s: %q is not a length: write 0 or more", f[0], value)
		}
		p.length = n
	case "@targetlabel":
		return p.refuse(f[0], value, "this is a regression problem: a classifier needs @classLabel true and the labels")
	case "@classlabel":
		return p.classLabel(f[0], value, f)
	case "@data":
		return p.startData()
	}
	return nil
}

func (p *tsParser) boolean(key, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, p.errorf("%s: %q is neither true nor false", key, value)
}

// refuse returns an error if the key is true.
func (p *tsParser) refuse(key, value, why string) error {
	yes, err := p.boolean(key, value)
	if err == nil && yes {
		err = p.errorf("%s", why)
	}
	return err
}

func (p *tsParser) setChannels(key string, n int) error {
	if p.channels != 0 && p.channels != n {
		return p.errorf("%s: the lines above say %d channels: correct one of them", key, p.channels)
	}
	p.channels = n
	return nil
}

func (p *tsParser) classLabel(key, value string, fields []string) error {
	yes, err := p.boolean(key, value)
	if err != nil {
		return err
	}
	if !yes {
		return p.noLabels()
	}
	if p.labels = fields[2:]; len(p.labels) == 0 {
		return p.errorf("%s true names no labels", key)
	}
	p.twice = len(sorted(p.labels)) != len(p.labels)
	return nil
}

func (p *tsParser) noLabels() error {
	return p.errorf("the examples have no labels: a classifier needs @classLabel true and the labels")
}

func (p *tsParser) startData() error {
	if p.data = true; p.labels == nil {
		return p.noLabels()
	}
	if !p.equal {
		p.length = 0
	}
	return nil
}

// example parses one line of data.
func (p *tsParser) example(line []byte) error {
	cut := bytes.LastIndexByte(line, ':')
	if cut < 0 {
		return p.errorf("there is no label: write values, a colon, and one of the labels %s", p.list())
	}
	label := string(bytes.TrimSpace(line[cut+1:]))
	if !p.knows(label) {
		return p.errorf("the label %.40q is not one of @classLabel (%s): the line may be cut off", label, p.list())
	}
	line = line[:cut]
	channels := bytes.Count(line, []byte(":")) + 1
	if p.channels != 0 && channels != p.channels {
		return p.errorf("%d channels, but the lines before have %d: complete the line or delete it", channels, p.channels)
	}
	first, _, _ := bytes.Cut(line, []byte(":"))
	length := bytes.Count(first, []byte(",")) + 1
	if p.length != 0 && length != p.length {
		return p.errorf("a series of %d values, but all must have %d: correct it, or write @equalLength false", length, p.length)
	}
	if len(line) < 2*length*channels-1 { // checked before memory is allocated: a digit and a separator per value
		return p.errorf("the channels differ in length, or values are empty: complete the line or delete it")
	}
	samples := make([]float32, length*channels)
	for c := range channels {
		var values []byte
		values, line, _ = bytes.Cut(line, []byte(":"))
		if err := p.channel(samples[c:], values, c, channels, length); err != nil {
			return err
		}
	}
	p.channels = channels
	if p.equal && p.length == 0 {
		p.length = length
	}
	p.examples = append(p.examples, Example{Name: fmt.Sprintf("%s:%d", p.name, p.line), Samples: samples})
	p.names = append(p.names, label)
	return nil
}

// knows reports whether a label is one of @classLabel, or consists of words that follow one
// another there: blanks separate labels, so a label with blanks is listed as its words.
func (p *tsParser) knows(label string) bool {
	if slices.Contains(p.labels, label) {
		return true
	}
	words := strings.Fields(label)
	for i := 0; len(words) > 1 && i+len(words) <= len(p.labels); i++ {
		if slices.Equal(p.labels[i:i+len(words)], words) {
			p.spaced = true
			return true
		}
	}
	return false
}

func (p *tsParser) list() string {
	const most = 12
	if len(p.labels) > most {
		return strings.Join(p.labels[:most], " ") + " …"
	}
	return strings.Join(p.labels, " ")
}

// channel parses the values of channel c into dst[0], dst[stride] and so on.
func (p *tsParser) channel(dst []float32, values []byte, c, stride, length int) error {
	if n := bytes.Count(values, []byte(",")) + 1; n != length {
		return p.errorf("channel %d has %d values, channel 1 has %d: give all channels of an example one length", c+1, n, length)
	}
	for i := range length {
		var field []byte
		field, values, _ = bytes.Cut(values, []byte(","))
		field = bytes.TrimSpace(field)
		v, err := strconv.ParseFloat(string(field), 32)
		if err == nil && v-v == 0 {
			dst[i*stride] = float32(v)
			continue
		}
		where := fmt.Sprintf("channel %d, value %d", c+1, i+1)
		switch {
		case len(field) == 0 || field[0] == '?' || strings.EqualFold(string(field), "nan"):
			return p.errorf("%s is missing: fill missing values (interpolate, or repeat the last) or drop the examples that have them", where)
		case field[0] == '(':
			return p.errorf("%s has a time stamp: resample the series to equal steps and write plain values", where)
		case err == nil || errors.Is(err, strconv.ErrRange):
			return p.errorf("%s is %.40s, which is infinite or too large for a 32-bit float: correct it", where, field)
		}
		return p.errorf("%s is %.40q, which is not a number", where, field)
	}
	return nil
}
