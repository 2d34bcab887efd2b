package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"sort"
)

// The model file is safetensors (github.com/huggingface/safetensors): eight
// bytes of header length, a JSON header, then the tensors' bytes, little
// endian. docs/model-file.md draws it.

const (
	configKey   = "inkling.config"
	checksumKey = "inkling.sha256"
	maxHeader   = 100 << 20 // the format's own limit
	headerAlign = 8
)

type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// Save writes the model file. Equal models give equal bytes.
func (m *Model) Save(w io.Writer) error {
	_, err := w.Write(m.Bytes())
	return err
}

// Bytes returns the contents of the model file.
func (m *Model) Bytes() []byte {
	meta := map[string]string{checksumKey: noChecksum}
	if test := m.selfTestFor(m.hashNow()); test != "" {
		meta[selfTestKey] = test
	}
	data := m.encode(meta)
	setChecksum(data)
	return data
}

// encode returns a model file with entries of __metadata__ beside inkling's own.
func (m *Model) encode(meta map[string]string) []byte {
	config, err := json.Marshal(&m.Config)
	if err != nil {
		panic(err) // a Config that passed Check has only values that JSON can represent
	}
	all := map[string]string{configKey: string(config), "format": "pt"}
	maps.Copy(all, meta)
	header := []byte(`{"__metadata__":`)
	written, _ := json.Marshal(all)
	header = append(header, written...)
	var at int64
	for _, t := range m.Params.Tensors() {
		end := at + t.bytes()
		e, _ := json.Marshal(entry{DType: t.dtype(), Shape: t.Shape, Offsets: [2]int64{at, end}})
		header = append(header, fmt.Sprintf(",%q:%s", t.Name, e)...)
		at = end
	}
	header = append(header, '}')
	for len(header)%headerAlign != 0 {
		header = append(header, ' ')
	}
	out := make([]byte, 0, 8+len(header)+int(at))
	out = binary.LittleEndian.AppendUint64(out, uint64(len(header)))
	out = append(out, header...)
	for _, t := range m.Params.Tensors() {
		out = t.append(out)
	}
	return out
}

// Hash identifies the model: the first 16 hex digits of the SHA-256 of its file without
// checksum and self-test.
func (m *Model) Hash() string {
	m.once.Do(func() { m.hash = m.hashNow() })
	return m.hash
}

func (m *Model) hashNow() string {
	sum := sha256.Sum256(m.encode(nil))
	return hex.EncodeToString(sum[:8])
}

// Load reads a model file. It allocates no more than a small multiple of what it
// reads: a header that describes more than the file holds is an error, and so is a
// tensor that is missing, has another shape or is not finite, and a checksum that does
// not fit. A file without a checksum, as inkling wrote before version 0.2, is taken.
func Load(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	header, body, err := split(data)
	if err != nil {
		return nil, err
	}
	c, meta, entries, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Offsets[1] > int64(len(body)) {
			return nil, fmt.Errorf("model: the file holds %d bytes of tensors and should hold at least %d: it is cut off", len(body), e.Offsets[1])
		}
	}
	if err := checkChecksum(data, meta); err != nil {
		return nil, err
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	need := c.values() * 4
	if c.Integer() {
		need /= 4 // at least
	}
	if need > int64(len(body)) {
		return nil, fmt.Errorf("model: the configuration needs %d bytes of tensors, but the file holds %d: it is cut off or damaged", need, len(body))
	}
	p := NewParams(c, c.dim())
	for _, t := range inOrder(p.Tensors()) {
		if err := fill(t, entries, body); err != nil {
			return nil, err
		}
		delete(entries, t.Name)
	}
	for _, name := range sortedKeys(entries) {
		return nil, fmt.Errorf("model: tensor %q does not belong to this network: the file is damaged or from a newer inkling", name)
	}
	m, err := New(*c, p)
	if err != nil {
		return nil, err
	}
	if m.selfTest = meta[selfTestKey]; m.selfTest != "" {
		if _, err := parseSelfTest(m.selfTest); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func split(data []byte) (header, body []byte, err error) {
	if len(data) < 8 {
		return nil, nil, fmt.Errorf("model: a file of %d bytes is not a model file: give one that `inkling train` wrote", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > maxHeader {
		return nil, nil, errors.New("model: this is no model file, as it does not begin like one: give one that `inkling train` wrote")
	}
	if n > uint64(len(data)-8) {
		return nil, nil, fmt.Errorf("model: the header should have %d bytes, but the file has only %d: it is cut off or not a safetensors file", n, len(data))
	}
	return data[8 : 8+n], data[8+n:], nil
}

func parseHeader(header []byte) (*Config, map[string]string, map[string]entry, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(header, &raw); err != nil {
		return nil, nil, nil, fmt.Errorf("model: header: %w: the file is damaged or not a safetensors file", err)
	}
	var meta map[string]string
	if err := json.Unmarshal(raw["__metadata__"], &meta); err != nil || meta[configKey] == "" {
		return nil, nil, nil, errors.New("model: __metadata__ has no " + configKey + ": this is a safetensors file, but inkling did not write it")
	}
	delete(raw, "__metadata__")
	entries := make(map[string]entry, len(raw))
	for name, v := range raw {
		var e entry
		if err := json.Unmarshal(v, &e); err != nil {
			return nil, nil, nil, fmt.Errorf("model: tensor %q: %w", name, err)
		}
		entries[name] = e
	}
	c := new(Config)
	dec := json.NewDecoder(bytes.NewReader([]byte(meta[configKey])))
	dec.DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		return nil, nil, nil, fmt.Errorf("model: %s: %w (written by a newer inkling?)", configKey, err)
	}
	return c, meta, entries, nil
}

// values returns the number of parameters of the network that c describes, without
// allocating them.
func (c *Config) values() int64 {
	h, n, d := int64(c.Hidden), int64(len(c.Labels)), int64(c.dim())
	direction := func(in int64) int64 { return 4*h*(in+h) + 8*h }
	total, in := 2*d, int64(c.columns(int(d)))
	if c.HasStem() {
		total += c.Stem.Values(int(d))
		in = int64(c.Stem.Dim())
	}
	for range c.Layers - 1 {
		total += direction(in)
		in = h
	}
	total += direction(in)
	if c.Running != RunningNone {
		total += n * (h + 1)
	}
	if c.Confirm {
		total += direction(in) + n*(2*h+1)
	}
	if e := c.Detector; e != nil {
		total += 4*int64(e.Hidden)*(d+int64(e.Hidden)+2) + int64(e.Hidden) + 1
	}
	if c.Next != nil {
		total += int64(c.outputs(int(d))) * (h + 1)
		if !c.Text() {
			total += d
		}
	}
	return total
}

func fill(t Tensor, entries map[string]entry, body []byte) error {
	e, ok := entries[t.Name]
	switch {
	case !ok:
		return fmt.Errorf("model: tensor %s is missing", t.Name)
	case e.DType != t.dtype():
		return fmt.Errorf("model: tensor %s has dtype %q, want %s", t.Name, e.DType, t.dtype())
	case fmt.Sprint(e.Shape) != fmt.Sprint(t.Shape):
		return fmt.Errorf("model: tensor %s has shape %v, the configuration needs %v", t.Name, e.Shape, t.Shape)
	case e.Offsets[0] < 0 || e.Offsets[1] > int64(len(body)) || e.Offsets[1]-e.Offsets[0] != t.bytes():
		return fmt.Errorf("model: tensor %s has data_offsets %v, but there are %d bytes of tensors: the file is cut off or damaged", t.Name, e.Offsets, len(body))
	}
	src := body[e.Offsets[0]:e.Offsets[1]]
	if t.Row != nil {
		return t.fillIntegers(src)
	}
	for i := range t.Data {
		v := math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		if v-v != 0 {
			return fmt.Errorf("model: tensor %s: value %d is %v: the file is damaged, or training diverged", t.Name, i, v)
		}
		t.Data[i] = v
	}
	return nil
}

func sortedKeys(m map[string]entry) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
