package stream

import (
	"encoding/binary"

	"inkling/capture"
	"inkling/internal/codec"
)

// A committer makes the commits of a keeper with a Store. Its methods are called by the
// goroutine that reads, between two blocks.
type committer struct {
	r       *runner
	store   Store
	parted  capture.Parted // nil: the position has no parts
	journal *journal
	again   bool // everything is to be written again

	changed []*live  // since the last commit
	gone    []string // streams that were dropped since
	lineup  lineup   // of the last commit

	records []record
	bytes   int    // of records
	buf     []byte // of the last commit
	out     savedOf
}

func newCommitter(r *runner, src capture.Source, store Store) *committer {
	c := &committer{r: r, store: store, journal: newJournal(), again: true}
	c.parted, _ = src.(capture.Parted)
	c.watch()
	return c
}

// watch has the Run note which dropped streams it remembers.
func (c *committer) watch() { c.r.past.noted, c.r.past.changed = true, map[uint64]bool{} }

// touch notes that a stream will change.
func (c *committer) touch(s *live) {
	if !s.changed {
		s.changed = true
		c.changed = append(c.changed, s)
	}
}

// goOn returns the state that commits make.
func (c *committer) goOn(commits [][]byte) (*savedRun, error) {
	var join func([]byte, map[string][]byte) ([]byte, error)
	if c.parted != nil {
		join = c.parted.Join
	}
	s, j, err := readCommits(commits, join)
	if err == nil {
		f, ok := c.store.(Forked)
		c.journal, c.again = j, ok && f.Forked()
	}
	return s, err
}

// commit returns the commit of s but for its end, and how many commits are to be kept then.
func (c *committer) commit(s *savedRun) (data []byte, keep int) {
	if c.again {
		c.all()
	}
	c.journal.begin()
	for _, l := range c.changed {
		if l.changed = false; c.r.streams[l.name] == l {
			c.add(recordKey{ofStream, l.name})
		}
	}
	for _, name := range c.gone {
		if c.r.streams[name] == nil {
			c.add(recordKey{ofStream, name})
		}
	}
	c.changed, c.gone = c.changed[:0], c.gone[:0]
	for hash := range c.r.past.changed {
		c.add(pastKey(hash))
	}
	clear(c.r.past.changed)
	if u := c.r.o.Switch.lineup(c.r.plan); u != c.lineup {
		c.lineup = u
		c.add(recordKey{ofLineup, ""})
	}
	if c.parted != nil {
		for _, name := range c.parted.Changed(c.again) {
			c.add(recordKey{ofPart, name})
		}
		s.position = c.parted.AppendShared(nil)
	}
	c.again = false
	for {
		key, ok := c.journal.stale(c.bytes)
		if !ok {
			break
		}
		c.add(key)
	}
	c.buf = appendCommit(c.buf[:0], s, len(c.r.streams), c.records)
	clear(c.records)
	c.records, c.bytes = c.records[:0], 0
	return c.buf, c.journal.end(len(c.buf))
}

// all has everything written, as if there were no commit before.
func (c *committer) all() {
	c.lineup = lineup{}
	c.journal = newJournal()
	for _, l := range c.r.streams {
		c.touch(l)
	}
	for hash := range c.r.past.last {
		c.r.past.changed[hash] = true
	}
}

// add adds the record of a key to the commit. There is no record of what there never was.
func (c *committer) add(key recordKey) {
	r := record{recordKey: key, data: c.state(key)}
	if len(r.data) == 0 && c.journal.of[key] == nil {
		return
	}
	c.journal.add(&r)
	c.records, c.bytes = append(c.records, r), c.bytes+r.size()
}

// state returns what there is under a key; nil: nothing any more.
func (c *committer) state(key recordKey) []byte {
	switch key.kind {
	case ofPart:
		return c.parted.AppendPart(nil, key.name)
	case ofPast:
		last, ok := c.r.past.last[binary.LittleEndian.Uint64([]byte(key.name))]
		if !ok {
			return nil
		}
		k := codec.Writer(nil)
		last.visit(k)
		return k.Bytes()
	case ofLineup:
		k := codec.Writer(nil)
		c.lineup.visit(k)
		return k.Bytes()
	case ofIdentity:
		for _, l := range c.r.streams { // one of the last that have it, as a rule
			if l.c.plan.key() == key.name {
				k := codec.Writer(nil)
				l.c.identity().visit(k)
				return k.Bytes()
			}
		}
		return nil
	}
	l := c.r.streams[key.name]
	if l == nil {
		return nil
	}
	o := &c.out
	o.identityKey, o.turn, o.name, o.state = l.c.plan.key(), l.turn, l.name, l.c.fields(o.state[:0])
	o.count = l.c.last()
	if c.r.clock != nil {
		o.last, o.idle = l.lastBlock, l.idle
	}
	if id := (recordKey{ofIdentity, o.identityKey}); c.journal.of[id] == nil {
		c.add(id)
	}
	k := codec.Writer(nil)
	o.visitRecord(k)
	return k.Bytes()
}
