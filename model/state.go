package model

import (
	"encoding/binary"
	"errors"
	"math"
)

// arrays lists what of a state outlives a step.
func (s *State) arrays() [][]float32 {
	var a [][]float32
	for _, l := range s.layers {
		a = append(a, l.H, l.C)
	}
	return append(a, s.evidence, s.steps, s.last)
}

// AppendState appends the state: for each layer h and c, then the running
// evidence and the number of steps, of a network with Next its last frame, as
// little-endian float32. The length follows from the model.
func (s *State) AppendState(dst []byte) []byte {
	for _, a := range s.arrays() {
		for _, v := range a {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

// Restore takes back what AppendState wrote from the front of data and returns
// the rest.
func (s *State) Restore(data []byte) ([]byte, error) {
	for _, a := range s.arrays() {
		if len(data) < 4*len(a) {
			return nil, errors.New("model: saved state is cut off")
		}
		for i := range a {
			a[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		data = data[4*len(a):]
	}
	return data, nil
}
