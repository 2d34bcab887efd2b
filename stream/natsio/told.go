package natsio

import (
	"fmt"
	"strings"
	"time"
)

// told counts reports that say the same.
type told struct {
	n    int // so far
	when time.Time
}

// tellAgain is how long the count of reports that were told waits.
const tellAgain = time.Minute

// mostRemembered bounds the reports that are known again.
const mostRemembered = 4096

// first returns f if it is to be told: when it comes for the first time, and then with its
// count, at most once in a minute. Numbers do not make reports differ. The caller holds s.mu.
func (s *Source) first(f fault) (fault, bool) {
	key := f.stream + "\x00" + string(f.State) + alike(f.Reason)
	now := s.now()
	t := s.told[key]
	if t == nil {
		if len(s.told) >= mostRemembered {
			clear(s.told)
		}
		s.told[key] = &told{1, now}
		return f, true
	}
	t.n++
	if now.Sub(t.when) < tellAgain {
		return f, false
	}
	t.when = now
	f.Reason = cut(fmt.Sprintf("%d like it so far; %s", t.n, f.Reason))
	return f, true
}

// alike returns a text without its numbers.
func alike(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < '0' || c > '9' {
			b.WriteByte(c)
		} else if i == 0 || text[i-1] < '0' || text[i-1] > '9' {
			b.WriteByte('0')
		}
	}
	return b.String()
}
