package model

import (
	"encoding/binary"
	"errors"
	"math"
)

// arrays returns the parts of s that persist from step to step.
func (s *State) arrays() [][]float32 {
	var a [][]float32
	for _, l := range s.layers {
		a = append(a, l.H, l.C)
	}
	return append(a, s.evidence, s.steps, s.last)
}

// AppendState appends s to dst as little-endian float32: h and c of each layer, the
// running evidence, the number of steps and, if the network predicts the next frame,
// the last frame. The length follows from the model.
func (s *State) AppendState(dst []byte) []byte { return appendFloats(dst, s.arrays()) }

// Restore reads a state that AppendState wrote from the front of data, and returns
// the rest of data.
func (s *State) Restore(data []byte) ([]byte, error) {
	rest, ok := readFloats(s.arrays(), data)
	if !ok {
		return nil, errors.New("model: the saved state is cut off")
	}
	return rest, nil
}

func appendFloats(dst []byte, arrays [][]float32) []byte {
	for _, a := range arrays {
		for _, v := range a {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

// readFloats fills arrays from the front of data and returns the rest, or false if data is
// too short.
func readFloats(arrays [][]float32, data []byte) (rest []byte, ok bool) {
	for _, a := range arrays {
		if len(data) < 4*len(a) {
			return nil, false
		}
		for i := range a {
			a[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		data = data[4*len(a):]
	}
	return data, true
}
