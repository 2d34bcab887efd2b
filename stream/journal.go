package stream

import "container/list"

// A journal knows in which commit of a Store the last record of each key lies. Commits before
// the oldest of those need not be kept. So that they do not pile up behind a key that seldom
// changes, the keys that were written longest ago are to be written again once all commits
// that are kept take more than twice what still counts: each byte is written at most twice.
type journal struct {
	of      map[recordKey]*list.Element
	order   list.List // of *entry, the one written longest ago at the front
	live    int       // bytes of the entries
	commits []int     // bytes of the commits that are kept, the oldest first
	total   int       // of them
	number  int       // of the last commit, from 1
}

// An entry is where the last record of a key lies.
type entry struct {
	key    recordKey
	commit int
	bytes  int
}

// journalSlack is how many bytes of commits are kept in any case.
const journalSlack = 256 << 10

func newJournal() *journal { return &journal{of: map[recordKey]*list.Element{}} }

// begin begins a commit.
func (j *journal) begin() { j.number++ }

// add notes a record of the commit.
func (j *journal) add(r *record) {
	e := j.of[r.recordKey]
	if e != nil {
		j.live -= e.Value.(*entry).bytes
	}
	if len(r.data) == 0 {
		if e != nil {
			j.order.Remove(e)
			delete(j.of, r.recordKey)
		}
		return
	}
	if e == nil {
		e = j.order.PushBack(&entry{key: r.recordKey})
		j.of[r.recordKey] = e
	}
	at := e.Value.(*entry)
	at.commit, at.bytes = j.number, r.size()
	j.live += at.bytes
	j.order.MoveToBack(e)
}

// stale returns the key that is to be written again in this commit, of which bytes have been
// written so far.
func (j *journal) stale(bytes int) (key recordKey, ok bool) {
	e := j.order.Front()
	if e == nil || j.total+bytes <= 2*j.live+journalSlack {
		return recordKey{}, false
	}
	at := e.Value.(*entry)
	if at.commit == j.number {
		return recordKey{}, false
	}
	j.drop(at.commit)
	return at.key, j.total+bytes > 2*j.live+journalSlack
}

// drop forgets the commits before one.
func (j *journal) drop(before int) {
	for first := j.number - len(j.commits); first < before && len(j.commits) > 0; first++ {
		j.total -= j.commits[0]
		j.commits = j.commits[1:]
	}
}

// end ends the commit, whose size in bytes is given, and returns how many commits, it included,
// are to be kept.
func (j *journal) end(bytes int) int {
	oldest := j.number
	if e := j.order.Front(); e != nil {
		oldest = e.Value.(*entry).commit
	}
	j.drop(oldest)
	j.commits = append(j.commits, bytes)
	j.total += bytes
	return j.number - oldest + 1
}
