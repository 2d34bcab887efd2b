package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"inkling/internal/table"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The .ts format of the UEA and UCR archives has lines that begin with "@", the last of
// them "@data", then one example per line. ":" separates channels, "," separates values,
// and the last field is the label.

type tsFile struct{ name, split string }

const (
	trainSuffix = "_TRAIN"
	testSuffix  = "_TEST"
)

// splitOfName returns the split of NAME_TRAIN.ts or NAME_TEST.ts, or "".
func splitOfName(name string) string {
	base := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(name), ".gz"), ".ts")
	switch {
	case strings.HasSuffix(base, strings.ToLower(trainSuffix)):
		return TrainSplit
	case strings.HasSuffix(base, strings.ToLower(testSuffix)):
		return TestSplit
	}
	return ""
}

// pairNames returns each NAME of a file NAME_TRAIN.ts.
func pairNames(entries []fs.DirEntry) (names []string) {
	for _, e := range entries {
		base := strings.TrimSuffix(e.Name(), ".gz")
		if name, ok := strings.CutSuffix(base, trainSuffix+".ts"); ok && !e.IsDir() && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func openPair(fsys fs.FS, name string, o Options) (*Set, error) {
	var files []tsFile
	var missing []string
	for _, suffix := range []string{trainSuffix, testSuffix} {
		found := ""
		for _, ext := range []string{".ts", ".ts.gz"} {
			if info, err := fs.Stat(fsys, name+suffix+ext); err == nil && !info.IsDir() && found == "" {
				found = name + suffix + ext
			}
		}
		if found == "" {
			missing = append(missing, name+suffix+".ts")
			continue
		}
		files = append(files, tsFile{found, splitOfName(found)})
	}
	switch len(missing) {
	case 2:
		return nil, fmt.Errorf("%s: there is no such file or folder, and no pair %s", name, strings.Join(missing, " and "))
	case 1:
		return nil, fmt.Errorf("%s: %s, the other file of the pair, is missing; to use one file alone, give its name: %s", name, missing[0], files[0].name)
	}
	return openSeries(fsys, files, o)
}

func openSeries(fsys fs.FS, files []tsFile, o Options) (*Set, error) {
	s := &Set{Kind: Series}
	var names, declared []string
	for i, f := range files {
		p, err := readTS(fsys, f.name, o.SkipBad)
		if err != nil {
			return nil, err
		}
		if s.Channels == 0 {
			s.Channels = p.channels
		}
		if len(p.examples) > 0 && p.channels != s.Channels {
			return nil, fmt.Errorf("%s: has %d channels, but %s has %d", f.name, p.channels, files[0].name, s.Channels)
		}
		for j := range p.examples {
			e := &p.examples[j]
			e.Split, e.Group = f.split, e.Name
			e.Hash = hashExample(p.names[j], 0, s.Channels, e.Samples)
		}
		s.Examples = append(s.Examples, p.examples...)
		s.Skipped = append(s.Skipped, p.skipped...)
		names, declared = append(names, p.names...), append(declared, p.labels...)
		if o.Progress != nil {
			o.Progress(i+1, len(files))
		}
	}
	if len(s.Examples) == 0 {
		if len(s.Skipped) > 0 {
			return nil, fmt.Errorf("none of the examples could be read; the first: %w", s.Skipped[0])
		}
		return nil, fmt.Errorf("%s: there are no examples after @data: add one per line", files[0].name)
	}
	s.finish(names, declared)
	return s, nil
}

func readTS(fsys fs.FS, name string, skipBad bool) (*tsParser, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.EqualFold(path.Ext(name), ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r = z
	}
	p := &tsParser{name: name, skipBad: skipBad}
	return p, p.parse(r)
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
	case len(line) == 0 || line[0] == '#':
		return nil
	case !p.data && line[0] == '@':
		return p.header(string(line))
	case !p.data:
		return p.errorf("expected a line that begins with @ or #, before @data")
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
	sorted := slices.Sorted(slices.Values(p.labels))
	if len(slices.Compact(sorted)) != len(p.labels) {
		return p.errorf("%s names a label twice", key)
	}
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
	if !slices.Contains(p.labels, label) {
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
