package natsio

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"inkling/capture"
	"inkling/internal/table"
)

// wait keeps a row of a part whose clock is not known yet.
func (d *feed) wait(r rawRow) error {
	p := &d.parts[r.part]
	p.ahead = append(p.ahead, r)
	d.ahead++
	if p.guess == nil {
		if err := d.guess(p, false); p.guess == nil {
			return err
		}
	}
	at, err := p.guess.At(r.time)
	if err != nil {
		p.ahead = p.ahead[:len(p.ahead)-1]
		d.ahead--
		return err
	}
	if d.base != nil { // the others have begun
		return d.start()
	}
	d.newest, d.oldest = max(d.newest, at), min(d.oldest, at)
	if len(d.parts) == 1 && d.newest-d.oldest < d.grid.late() && d.ahead < mostAhead {
		return nil
	}
	if len(d.parts) > 1 && !d.spread() && d.ahead < mostAhead {
		return nil
	}
	return d.start()
}

// spread reports whether the rows of some part are as far apart as any row may be late.
func (d *feed) spread() bool {
	for i := range d.parts {
		p := &d.parts[i]
		if p.guess == nil {
			continue
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, r := range p.ahead {
			if at, err := p.guess.At(r.time); err == nil {
				low, high = min(low, at), max(high, at)
			}
		}
		if high-low >= d.grid.late() {
			return true
		}
	}
	return false
}

// mostGuess is the number of rows after which a unit that cannot be told is an error.
const mostGuess = 16

// guess finds out what the times of a part are, from the rows so far. With all set, or if
// more rows would not help, that it cannot is an error, and the rows are left out.
func (d *feed) guess(p *feedPart, all bool) (err error) {
	times := sortedTimes(p.ahead)
	step := p.ahead[0].hint.NeedsStep(times[0])
	if step && times[0] == times[len(times)-1] && !all && len(times) < mostAhead {
		return nil
	}
	if p.guess, err = table.NewClock(times, p.ahead[0].hint); err == nil || step && !all && len(times) < mostGuess {
		return nil
	}
	p.ahead, d.ahead = nil, d.ahead-len(times)
	return err
}

// sortedTimes returns the times of rows; numbers are sorted.
func sortedTimes(rows []rawRow) []table.Time {
	times := make([]table.Time, len(rows))
	for i, r := range rows {
		times[i] = r.time
	}
	slices.SortStableFunc(times, func(a, b table.Time) int {
		if a.Text != "" || b.Text != "" {
			return 0
		}
		return cmp.Compare(a.Number, b.Number)
	})
	return times
}

// start begins with the rows that waited.
func (d *feed) start() (bad error) {
	for i := range d.parts {
		p := &d.parts[i]
		if p.clock != nil || len(p.ahead) == 0 || p.guess == nil {
			continue
		}
		slices.SortStableFunc(p.ahead, func(a, b rawRow) int {
			x, _ := p.guess.At(a.time)
			y, _ := p.guess.At(b.time)
			return cmp.Compare(x, y)
		})
		times := make([]table.Time, len(p.ahead))
		for k, r := range p.ahead {
			times[k] = r.time
		}
		var err error
		if p.clock, err = table.NewClock(times, p.ahead[0].hint); err != nil {
			bad, d.ahead, p.ahead, p.guess = err, d.ahead-len(p.ahead), nil, nil
			continue
		}
		if note := p.clock.Note(); note != "" {
			d.tell(capture.Up, note)
		}
	}
	if d.base == nil {
		if d.base = d.first(); d.base == nil {
			return bad
		}
		d.origin = d.base.Start()
		d.newest, d.oldest = math.Inf(-1), math.Inf(1)
	}
	if err := d.startParts(); err != nil {
		return err
	}
	return bad
}

// first returns the clock of the part that begins first.
func (d *feed) first() (first *table.Clock) {
	for i := range d.parts {
		c := d.parts[i].clock
		if c == nil {
			continue
		}
		if first == nil {
			first = c
		} else if s, err := c.Since(first); err == nil && s < 0 {
			first = c
		}
	}
	return first
}

// startParts gives the rows that waited to the order.
func (d *feed) startParts() (bad error) {
	for i := range d.parts {
		p := &d.parts[i]
		if p.clock == nil || p.ahead == nil {
			continue
		}
		shift, err := p.clock.Since(d.base)
		ahead := p.ahead
		p.shift, p.ahead, p.guess = shift, nil, nil
		d.ahead -= len(ahead)
		if err != nil {
			p.clock = nil
			bad = fmt.Errorf("%s and the other subjects have %w", p.subject, err)
			continue
		}
		for _, r := range ahead {
			d.line--
			if err := d.push(r); err != nil && bad == nil {
				bad = err
			}
		}
	}
	return bad
}
