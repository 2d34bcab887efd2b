package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// arrays returns the parts of s, beside the layers, that persist from step to step.
func (s *State) arrays() [][]float32 { return [][]float32{s.evidence, s.steps, s.last} }

// AppendState appends s to dst, little-endian: h and c of each layer as cell.State.Append
// does, then as float32 the running evidence, the number of steps and, if the network
// predicts the next frame, the last frame. The length follows from the model.
func (s *State) AppendState(dst []byte) []byte {
	for _, l := range s.layers {
		dst = l.Append(dst)
	}
	return appendFloats(dst, s.arrays())
}

// Restore reads a state that AppendState wrote from the front of data, and returns
// the rest of data.
func (s *State) Restore(data []byte) (rest []byte, err error) {
	for _, l := range s.layers {
		if data, err = l.Restore(data); err != nil {
			return nil, fmt.Errorf("model: the saved state: %w", err)
		}
	}
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
