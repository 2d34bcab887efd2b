package natsio

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"inkling/internal/table"
)

// senMLRecord holds the fields of a SenML record (RFC 8428) that matter here: base and
// own name, time and value. A field that is nil is absent, which differs from "" and 0: a
// base field holds until another record sets it anew. Sums and other kinds of value are
// ignored.
type senMLRecord struct {
	Version   float64  `json:"bver" cbor:"-1,keyasint,omitempty"`
	BaseName  *string  `json:"bn" cbor:"-2,keyasint,omitempty"`
	BaseTime  *float64 `json:"bt" cbor:"-3,keyasint,omitempty"`
	BaseUnit  *string  `json:"bu" cbor:"-4,keyasint,omitempty"`
	BaseValue *float64 `json:"bv" cbor:"-5,keyasint,omitempty"`
	Name      string   `json:"n" cbor:"0,keyasint,omitempty"`
	Unit      string   `json:"u" cbor:"1,keyasint,omitempty"`
	Value     *float64 `json:"v" cbor:"2,keyasint,omitempty"`
	Time      *float64 `json:"t" cbor:"6,keyasint,omitempty"`
}

// senMLVersion is the version of SenML that RFC 8428 describes.
const senMLVersion = 10

func (m *message) senMLJSON(data []byte, s *schema) error {
	var records []senMLRecord
	if err := json.Unmarshal(data, &records); err != nil {
		return fmt.Errorf("SenML: %w", err)
	}
	if bytes.Contains(data, []byte(`_"`)) {
		if err := mustUnderstand(data); err != nil {
			return err
		}
	}
	return m.senML(records, s)
}

// mustUnderstand refuses fields whose name ends in "_": RFC 8428 has them change what the
// others mean.
func mustUnderstand(data []byte) error {
	var records []map[string]json.RawMessage
	if err := json.Unmarshal(data, &records); err != nil {
		return fmt.Errorf("SenML: %w", err)
	}
	for _, r := range records {
		for field := range r {
			if strings.HasSuffix(field, "_") {
				return fmt.Errorf("SenML: the field %q must be understood, and is not: leave it out", field)
			}
		}
	}
	return nil
}

var senMLMode = func() cbor.DecMode {
	mode, err := cbor.DecOptions{MaxNestedLevels: 8, MaxArrayElements: 1 << 17, MaxMapPairs: 64}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

func (m *message) senMLCBOR(data []byte, s *schema) error {
	var records []senMLRecord
	if err := senMLMode.Unmarshal(data, &records); err != nil {
		return fmt.Errorf("SenML: %w", err)
	}
	return m.senML(records, s)
}

// A point is a value of a channel at a time.
type point struct {
	time    float64
	channel int
	value   float32
}

// senML makes the values of one time a sample. Channels are in the order of names or, if
// there are none, of appearance. If a channel has several values at one time, the first of
// every channel are a sample, then the second ones, and so on.
//
// Times after 0 are those of the sender's clock: samples may then lack channels, whose
// values come in another message. RFC 8428 has others count from now: they only order the
// values.
func (m *message) senML(records []senMLRecord, s *schema) error {
	points, names, err := resolve(records, s)
	if err != nil {
		return err
	}
	m.format.Channels = len(names)
	slices.SortStableFunc(points, func(a, b point) int { return cmp.Compare(a.time, b.time) })
	clock := points[0].time > 0 && s.f.Time != table.None
	count := make([]int, len(names))
	oneTime := sameTime(points[0].time, points[len(points)-1].time)
	for len(points) > 0 {
		n := 1
		for n < len(points) && sameTime(points[0].time, points[n].time) {
			n++
		}
		if err := m.rows(points[:n], names, count, clock && s.names != nil); err != nil {
			return err
		}
		if from := len(m.times); clock {
			for range m.frames() - from {
				m.times = append(m.times, table.Time{Number: points[0].time})
			}
		}
		points = points[n:]
	}
	if clock {
		if m.timeName, m.timeUnit = "t", "s"; s.names == nil {
			s.learn(names)
		}
	}
	if k := m.frames(); clock && oneTime && k > 1 { // they follow one another from that time on
		m.at, m.timed, m.times = m.times[0], true, m.times[:0]
	}
	return nil
}

// sameTime reports whether b, which is not before a, differs by no more than the sum of a
// base time and a time is rounded.
func sameTime(a, b float64) bool {
	most := max(math.Abs(a), math.Abs(b))
	return b-a <= 4*(math.Nextafter(most, math.Inf(1))-most)
}

// rows appends the samples of one time. count is scratch memory for a number a channel. If
// some is set, a sample may lack channels.
func (m *message) rows(points []point, names []string, count []int, some bool) error {
	n, from := len(names), len(m.samples)
	clear(count)
	for _, p := range points {
		count[p.channel]++
	}
	k := slices.Max(count)
	var has table.Mask
	for c, have := range count {
		if have > 0 {
			has |= table.Has(c)
		}
		if have < k && (!some || have > 0 || k > 1) {
			return lacking(points[0].time, names, count, c, slices.Index(count, k))
		}
	}
	for range k * n {
		m.samples = append(m.samples, nan)
	}
	partial := slices.Contains(count, 0)
	clear(count)
	for _, p := range points {
		m.samples[from+count[p.channel]*n+p.channel] = p.value
		count[p.channel]++
	}
	m.mark64(has, k, partial)
	return nil
}

// lacking says that channel c has fewer values at a time than channel full.
func lacking(at float64, names []string, count []int, c, full int) error {
	time := strconv.FormatFloat(at, 'f', -1, 64)
	if count[full] > 1 {
		return fmt.Errorf("SenML: at time %s %q has %d values, and %q %d: give each sample a time of its own", time, names[full], count[full], names[c], count[c])
	}
	var without []string
	for i, n := range names {
		if count[i] == 0 {
			without = append(without, strconv.Quote(n))
		}
	}
	return fmt.Errorf("SenML: at time %s there is no value of %s: each time needs a value of every channel", time, strings.Join(without, ", "))
}

// resolve adds the base fields to the records and numbers their channels. It returns the
// names of the channels.
func resolve(records []senMLRecord, s *schema) ([]point, []string, error) {
	ch := newChannels(s)
	points := make([]point, 0, len(records))
	var name, unit string
	var time, value float64
	for i := range records {
		r := &records[i]
		if r.Version > senMLVersion {
			return nil, nil, fmt.Errorf("SenML: version %v: only versions up to %d are known", r.Version, senMLVersion)
		}
		set(&name, r.BaseName)
		set(&time, r.BaseTime)
		set(&unit, r.BaseUnit)
		set(&value, r.BaseValue)
		if r.Value == nil {
			continue
		}
		c, err := ch.of(name, r.Name)
		if err != nil {
			return nil, nil, err
		}
		v := float32(value + *r.Value)
		if u := cmp.Or(r.Unit, unit); u != "" && ch.fixed {
			conversion, err := s.convert(c, u)
			if err != nil {
				return nil, nil, fmt.Errorf("SenML: %w", err)
			}
			v = conversion.Of(v)
		}
		p := point{time, c, v}
		if r.Time != nil {
			p.time += *r.Time
		}
		if p.time-p.time != 0 {
			return nil, nil, fmt.Errorf("SenML: the time of %q is %v: give a finite number of seconds", name+r.Name, p.time)
		}
		if v-v != 0 {
			return nil, nil, fmt.Errorf("SenML: the value of %q is %v: give a finite number", name+r.Name, v)
		}
		points = append(points, p)
	}
	if len(points) == 0 {
		return nil, nil, errors.New("SenML: no record has a numeric value")
	}
	return points, ch.names, nil
}

// set sets a base value where a record has one.
func set[T any](base, v *T) {
	if v != nil {
		*base = *v
	}
}

// channels numbers the names of one message.
type channels struct {
	s     *schema
	names []string       // of the channels in order
	fixed bool           // names are given; else they are those that appeared
	index map[string]int // of each full name that appeared
	by    map[int]string // the full name that each channel has
	base  string         // of the name found last
	name  string
	last  int
}

func newChannels(s *schema) *channels {
	return &channels{s: s, names: slices.Clone(s.names), fixed: len(s.names) > 0, index: map[string]int{}, by: map[int]string{}, last: -1}
}

// of returns the channel of a name, which follows base: that of the full name, or of the
// name alone.
func (ch *channels) of(base, name string) (int, error) {
	if ch.last >= 0 && ch.name == name && ch.base == base {
		return ch.last, nil
	}
	full := base + name
	c, ok := ch.index[full]
	if !ok {
		var err error
		if c, err = ch.add(full, name); err != nil {
			return 0, err
		}
	}
	ch.base, ch.name, ch.last = base, name, c
	return c, nil
}

// add numbers a name that has not appeared yet.
func (ch *channels) add(full, name string) (int, error) {
	c := len(ch.names)
	if ch.fixed {
		if c = slices.Index(ch.names, full); c < 0 {
			c = slices.Index(ch.names, name)
		}
		if c < 0 && name != "" {
			c = ch.s.target(name).channel
		}
		if c < 0 {
			c = ch.s.target(full).channel
		}
		if c < 0 {
			return 0, fmt.Errorf("SenML: the name %q is none of the channels, which are %q: rename it, or list the names in the order of the model's channels (Format.Names)", full, ch.names)
		}
	} else {
		ch.names = append(ch.names, full)
	}
	if other, ok := ch.by[c]; ok {
		return 0, fmt.Errorf("SenML: both %q and %q are the channel %q: send them in messages on different subjects, or list full names (Format.Names)", other, full, ch.names[c])
	}
	if c >= mostChannels {
		return 0, fmt.Errorf("SenML: more than %d names: at most %d channels are allowed", mostChannels, mostChannels)
	}
	if ch.fixed {
		if err := ch.s.came(c, ch.s.part+full); err != nil {
			return 0, fmt.Errorf("SenML: %w", err)
		}
	}
	ch.index[full], ch.by[c] = c, full
	return c, nil
}

// looksLikeCBOR reports whether a payload begins as an array of maps does in CBOR.
func looksLikeCBOR(data []byte) bool {
	isArray := func(b byte) bool { return b >= 0x81 && b <= 0x9b || b == 0x9f }
	at := 1
	if len(data) > 0 && data[0] >= 0x98 && data[0] <= 0x9b {
		at += 1 << (data[0] - 0x98) // the length follows
	}
	return len(data) > at+2 && isArray(data[0]) && (data[at] >= 0xa1 && data[at] <= 0xbb || data[at] == 0xbf)
}
