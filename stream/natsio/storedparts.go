package natsio

import (
	"container/list"
	"errors"
	"maps"
	"slices"
	"strings"

	"inkling/capture"
	"inkling/internal/codec"
)

var _ capture.Parted = (*Stored)(nil)

// joined is what a position that Join has made begins with: the length of no name.
var joined = []byte("\xff\xff\xff\xff\xff\xff\xff\xff")

// AppendShared implements capture.Parted.
func (s *Stored) AppendShared(dst []byte) []byte {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	k := codec.Writer(dst)
	s.visitShared(k)
	k.Uint64(&s.in.places.turn)
	for _, l := range []*list.List{&s.in.full, &s.in.waiting} {
		names := namesIn(nil, l)
		codec.List(k, &names, len(names), k.String)
	}
	return k.Bytes()
}

func namesIn(dst []string, l *list.List) []string {
	for e := l.Front(); e != nil; e = e.Next() {
		dst = append(dst, e.Value.(*place).stream)
	}
	return dst
}

// Changed implements capture.Parted. What has samples to be read, or rows that wait, may change
// without a message of its own.
func (s *Stored) Changed(all bool) []string {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	p := &s.in.places
	if all || p.touched == nil {
		p.touched = map[string]bool{}
		for name := range p.of {
			p.touched[name] = true
		}
	}
	busy := namesIn(namesIn(nil, &s.in.full), &s.in.waiting)
	for _, name := range busy {
		p.touched[name] = true
	}
	names := slices.Sorted(maps.Keys(p.touched))
	clear(p.touched)
	for _, name := range busy {
		p.touched[name] = true // also what they become until the next time
	}
	return names
}

// AppendPart implements capture.Parted.
func (s *Stored) AppendPart(dst []byte, stream string) []byte {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	e := s.in.places.of[stream]
	if e == nil {
		return dst
	}
	p := e.Value.(*place)
	k := codec.Writer(dst)
	k.Uint64(&p.turn)
	p.visit(k, s.in)
	return k.Bytes()
}

// Join implements capture.Parted.
func (s *Stored) Join(shared []byte, parts map[string][]byte) ([]byte, error) {
	type part struct {
		turn uint64
		name string
		data []byte
	}
	all := make([]part, 0, len(parts))
	for name, data := range parts {
		p := part{name: name, data: data}
		k := codec.Reader(data)
		if k.Uint64(&p.turn); k.Bad() {
			return nil, errors.New("the position of the stream " + name + " is damaged")
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b part) int {
		if a.turn != b.turn {
			return int(min(max(int64(a.turn-b.turn), -1), 1))
		}
		return strings.Compare(a.name, b.name)
	})
	k := codec.Writer(append(slices.Clone(joined), shared...))
	n := len(all)
	k.Int(&n, 0, n)
	for _, p := range all {
		k.String(&p.name)
		k.Data(&p.data)
	}
	return k.Bytes(), nil
}

// readParts reads a position that Join has made.
func (s *Stored) readParts(k *codec.Codec) {
	s.visitShared(k)
	var turn uint64
	var full, waiting []string
	k.Uint64(&turn)
	codec.List(k, &full, s.in.places.most, k.String)
	codec.List(k, &waiting, s.in.places.most, k.String)
	n := 0
	k.Int(&n, 0, s.in.places.most)
	at := map[string]*place{}
	for range n {
		var name string
		var data []byte
		k.String(&name)
		if k.Data(&data); k.Bad() || at[name] != nil {
			k.Fail()
			return
		}
		of := codec.Reader(data)
		p := s.in.places.find(name)
		of.Uint64(&p.turn)
		p.visit(of, s.in)
		if rest, err := of.Rest(); err != nil || len(rest) > 0 {
			k.Fail()
			return
		}
		at[name] = p
	}
	s.in.places.turn, s.in.places.touched = turn, map[string]bool{} // of all that whoever keeps the parts has
	for i, name := range append(full, waiting...) {
		s.in.enlist(k, at[name], i >= len(full))
		s.in.places.touched[name] = true
	}
}
