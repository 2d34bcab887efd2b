package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
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
