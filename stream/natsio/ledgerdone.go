package natsio

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"inkling/stream"
)

// A done is how many events of each stream are stored beyond a state. More events than one
// batch holds are stored in several, and only the last one has the state that they led to. If
// a process is killed in between, the next one goes on from the state before, gets the same
// events of each stream again, in their order, and leaves out so many of them.
type done map[streamKey]uint64

// A streamKey is the beginning of a hash of a stream's name.
type streamKey [8]byte

func keyOf(name string) (k streamKey) {
	sum := sha256.Sum256([]byte(name))
	copy(k[:], sum[:])
	return k
}

// counts reports whether an event counts: those of no stream come when a process ends, and not
// again.
func counts(e *stream.Event) bool { return e.Stream != "" }

// take reports whether an event of a stream is stored already, which it is once for each time
// that it counts.
func (d done) take(k streamKey) bool {
	n, ok := d[k]
	switch {
	case !ok:
		return false
	case n <= 1:
		delete(d, k)
	default:
		d[k] = n - 1
	}
	return true
}

// append appends d to dst: keys and numbers, by their keys.
func (d done) append(dst []byte) []byte {
	keys := slices.SortedFunc(maps.Keys(d), func(a, b streamKey) int { return slices.Compare(a[:], b[:]) })
	for _, k := range keys {
		dst = binary.AppendUvarint(append(dst, k[:]...), d[k])
	}
	return dst
}

// add adds what append has written.
func (d done) add(data []byte) error {
	for len(data) > 0 {
		var k streamKey
		if len(data) <= len(k) {
			return errDone
		}
		copy(k[:], data)
		n, size := binary.Uvarint(data[len(k):])
		if size <= 0 || n == 0 || n > 1<<40 {
			return errDone
		}
		d[k] += n
		data = data[len(k)+size:]
	}
	return nil
}

var errDone = errors.New("the state is damaged: what was stored after it is not readable")
