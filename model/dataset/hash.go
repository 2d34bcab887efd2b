package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
)

// hashExample returns 16 hex digits over label, shape and samples. A recording has the
// same hash as WAV and as FLAC.
func hashExample(label string, rate float64, channels int, samples []float32) string {
	h := sha256.New()
	buf := make([]byte, 0, 4096)
	buf = binary.LittleEndian.AppendUint64(buf, uint64(len(label)))
	buf = append(buf, label...)
	buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(rate))
	buf = binary.LittleEndian.AppendUint64(buf, uint64(channels))
	for _, v := range samples {
		if len(buf) > 4000 {
			h.Write(buf)
			buf = buf[:0]
		}
		buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
	}
	h.Write(buf)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (s *Set) rehash() {
	all := make([]string, len(s.Examples))
	for i := range s.Examples {
		all[i] = s.Examples[i].Hash
	}
	slices.Sort(all)
	h := sha256.New()
	for _, v := range all {
		h.Write([]byte(v))
	}
	s.Hash = hex.EncodeToString(h.Sum(nil)[:8])
}

// noteCopies notes how many examples are copies, and how many are so across splits.
func (s *Set) noteCopies() {
	first := make(map[string]int, len(s.Examples))
	copies, leaks := 0, 0
	for i := range s.Examples {
		e := &s.Examples[i]
		if j, ok := first[e.Hash]; !ok {
			first[e.Hash] = i
		} else if copies++; s.Examples[j].Split != e.Split {
			leaks++
		}
	}
	if copies > 0 {
		s.note("%d examples are exact copies of others, %d of them of an example in another split", copies, leaks)
	}
}

func (s *Set) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// noteContradictions notes examples with equal samples but different labels. Examples with a
// label for every sample do not count.
func (s *Set) noteContradictions() {
	seed := maphash.MakeSeed()
	first := make(map[uint64]int, len(s.Examples))
	pairs, where := 0, ""
	for i := range s.Examples {
		e := &s.Examples[i]
		if e.Steps != nil || len(e.Samples) == 0 {
			continue
		}
		key := sumSamples(seed, e.Samples)
		j, seen := first[key]
		if !seen {
			first[key] = i
			continue
		}
		if f := &s.Examples[j]; f.Label != e.Label && slices.Equal(f.Samples, e.Samples) {
			if pairs++; pairs == 1 {
				where = fmt.Sprintf("%s (%s) and %s (%s)", f.Name, s.Labels[f.Label], e.Name, s.Labels[e.Label])
			}
		}
	}
	if pairs > 0 {
		s.note("%d examples are copies of others with another label, the first: %s: correct one of the labels, or delete one", pairs, where)
	}
}

// sumSamples returns a hash that is valid within this process.
func sumSamples(seed maphash.Seed, x []float32) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	var buf [4096]byte
	for len(x) > 0 {
		n := min(len(x), len(buf)/4)
		for i, v := range x[:n] {
			binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
		}
		h.Write(buf[:4*n])
		x = x[n:]
	}
	return h.Sum64()
}
