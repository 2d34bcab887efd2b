package audio

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// A flacSum compares the decoded samples with the MD5 sum of STREAMINFO (section 8.2): of
// all samples, channels interleaved, little-endian, in whole bytes.
type flacSum struct {
	want [md5.Size]byte
	hash hash.Hash // nil: nothing is compared
	buf  []byte    // the samples of a frame
}

// begin takes the sum of STREAMINFO. It is 0 if the encoder did not know it.
func (s *flacSum) begin(want [md5.Size]byte) {
	if s.want = want; want != [md5.Size]byte{} {
		s.hash = md5.New()
	}
}

// add takes the decoded frame of f.
func (s *flacSum) add(f *flacReader) {
	if s.hash == nil {
		return
	}
	width := int(f.bits+7) / 8
	step := width * f.channels
	if size := step * f.n; cap(s.buf) < size {
		s.buf = make([]byte, size)
	}
	s.buf = s.buf[:step*f.n]
	for c, x := range f.block[:f.channels] {
		for i, v := range x[:f.n] {
			p := s.buf[i*step+c*width:]
			switch width {
			case 1:
				p[0] = byte(v)
			case 2:
				binary.LittleEndian.PutUint16(p, uint16(v))
			case 3:
				p[0], p[1], p[2] = byte(v), byte(v>>8), byte(v>>16)
			default:
				binary.LittleEndian.PutUint32(p, uint32(v))
			}
		}
	}
	s.hash.Write(s.buf)
}

// end returns io.EOF, or an error if the samples are not those that were encoded.
func (s *flacSum) end() error {
	if s.hash == nil {
		return io.EOF
	}
	if sum := [md5.Size]byte(s.hash.Sum(nil)); sum != s.want {
		return fmt.Errorf("the samples are not those that were encoded: their MD5 is %x, and the header says %x: fetch the file again, or, if it sounds right, write a copy of it (ffmpeg -i in.flac out.flac)", sum, s.want)
	}
	return io.EOF
}
