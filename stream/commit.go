package stream

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"inkling/internal/codec"
)

// A commit is what a Store keeps of a Run at one moment: its head, and the records that have
// changed since the commit before. Records of earlier commits still count. It lies between
// commitMagic and a SHA-256 of all before it.
var commitMagic = fmt.Sprintf("inkling commit %d\n", stateVersion)

// A recordKind says what a record is of.
type recordKind int

const (
	ofStream   recordKind = iota // a stream: a savedOf, behind the key of its identity
	ofPart                       // a stream's part of the position of the source
	ofPast                       // a stream that was dropped: a lastOf, by the hash of its name
	ofIdentity                   // of streams, by its key
	ofLineup                     // the models that streams go on with
	lastKind   = ofLineup
)

// A recordKey names a record: there is one of each key at a time.
type recordKey struct {
	kind recordKind
	name string
}

// A record is what a commit says under a key. Without data it says that there is nothing any
// more.
type record struct {
	recordKey
	data []byte
}

func (r *record) visit(k *codec.Codec) {
	k.Int((*int)(&r.kind), 0, int(lastKind))
	k.String(&r.name)
	k.Data(&r.data)
}

// recordCost is about what a record takes beside its name and data.
const recordCost = 32

func (r *record) size() int { return len(r.name) + len(r.data) + recordCost }

// visitCommitted has the head of a commit. Streams is their number.
func (s *savedRun) visitCommitted(k *codec.Codec, streams *int) {
	s.visitRun(k)
	s.past.visitShared(k)
	k.Int(streams, 0, 1<<31-1)
}

// appendCommit appends what comes before the outputs.
func appendCommit(dst []byte, s *savedRun, streams int, records []record) []byte {
	k := codec.Writer(append(dst, commitMagic...))
	s.visitCommitted(k, &streams)
	codec.List(k, &records, len(records), func(r *record) { r.visit(k) })
	return k.Bytes()
}

// closeCommit appends the outputs and the checksum.
func closeCommit(dst []byte, s *savedRun) []byte {
	k := codec.Writer(dst)
	s.visitOutputs(k)
	sum := sha256.Sum256(k.Bytes())
	return append(k.Bytes(), sum[:]...)
}

// parseCommit reads a commit.
func parseCommit(data []byte) (s *savedRun, streams int, records []record, err error) {
	if !bytes.HasPrefix(data, []byte(commitMagic)) {
		if i := bytes.IndexByte(data[:min(len(data), 32)], '\n'); i > 0 && bytes.HasPrefix(data, []byte("inkling ")) {
			return nil, 0, nil, fmt.Errorf("it is written as %q, this program reads %q", data[:i], commitMagic[:len(commitMagic)-1])
		}
		return nil, 0, nil, errors.New("it is no state")
	}
	n := len(data) - sha256.Size
	if n < len(commitMagic) {
		return nil, 0, nil, errDamaged
	}
	if sum := sha256.Sum256(data[:n]); !bytes.Equal(sum[:], data[n:]) {
		return nil, 0, nil, errDamaged
	}
	return parseCommitted(data[len(commitMagic):n])
}

func parseCommitted(data []byte) (s *savedRun, streams int, records []record, err error) {
	s = &savedRun{}
	k := codec.Reader(data)
	s.visitCommitted(k, &streams)
	codec.List(k, &records, 1<<31-1, func(r *record) { r.visit(k) })
	s.visitOutputs(k)
	if rest, err := k.Rest(); err != nil || len(rest) > 0 {
		return nil, 0, nil, errDamaged
	}
	return s, streams, records, nil
}

// readCommits reads the state that commits make, and what of it lies in which of them. join
// makes a position of its parts; nil: it has none.
func readCommits(commits [][]byte, join func(shared []byte, parts map[string][]byte) ([]byte, error)) (*savedRun, *journal, error) {
	j := newJournal()
	of := map[recordKey][]byte{}
	var last *savedRun
	streams := 0
	for i, data := range commits {
		s, n, records, err := parseCommit(data)
		if err != nil {
			return nil, nil, fmt.Errorf("commit %d of %d: %w", i+1, len(commits), err)
		}
		last, streams = s, n
		j.begin()
		for i := range records {
			r := &records[i]
			if j.add(r); len(r.data) > 0 {
				of[r.recordKey] = r.data
			} else {
				delete(of, r.recordKey)
			}
		}
		j.end(len(data))
	}
	if err := last.gather(of); err != nil {
		return nil, nil, err
	}
	if len(last.streams) != streams {
		return nil, nil, fmt.Errorf("it has %d streams of %d: commits are missing", len(last.streams), streams)
	}
	if join != nil {
		parts := map[string][]byte{}
		for key, data := range of {
			if key.kind == ofPart {
				parts[key.name] = data
			}
		}
		var err error
		if last.position, err = join(last.position, parts); err != nil {
			return nil, nil, err
		}
	}
	return last, j, nil
}

// gather completes s with what records have.
func (s *savedRun) gather(of map[recordKey][]byte) error {
	identities := map[string]*identity{}
	for key, data := range of {
		if key.kind == ofIdentity {
			id := &identity{}
			k := codec.Reader(data)
			if id.visit(k); k.Bad() {
				return errDamaged
			}
			identities[key.name] = id
		}
	}
	for key, data := range of {
		k := codec.Reader(data)
		switch key.kind {
		case ofStream:
			o := savedOf{}
			o.visitRecord(k)
			if o.identity = identities[o.identityKey]; o.identity == nil || o.name != key.name {
				return errDamaged
			}
			s.streams = append(s.streams, o)
		case ofPast:
			var last lastOf
			last.visit(k)
			if len(key.name) != 8 {
				return errDamaged
			}
			s.past.last[binary.LittleEndian.Uint64([]byte(key.name))] = last
		case ofLineup:
			s.lineup = &lineup{}
			s.lineup.visit(k)
		}
		if k.Bad() {
			return errDamaged
		}
	}
	slices.SortFunc(s.streams, func(a, b savedOf) int { return cmp.Compare(a.turn, b.turn) })
	return nil
}

// visitRecord has what a record of a stream has.
func (o *savedOf) visitRecord(k *codec.Codec) {
	k.String(&o.identityKey)
	k.Uint64(&o.turn)
	o.count.visit(k)
	o.visit(k)
}

// key returns a short name of the identity.
func (id *identity) key() string {
	k := codec.Writer(nil)
	id.visit(k)
	sum := sha256.Sum256(k.Bytes())
	return string(sum[:8])
}

func pastKey(hash uint64) recordKey {
	return recordKey{ofPast, string(binary.LittleEndian.AppendUint64(nil, hash))}
}
