package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/stream"
)

// Options configure Work.
type Options struct {
	Bucket     jetstream.KeyValue // of the members; see Bucket
	ID         string             // of this member: letters, digits, - and _
	Partitions int
	Lease      time.Duration // of the bucket

	// Run works on a partition until ctx ends, and returns when everything is stored. It
	// returns stream.ErrTaken if another member has taken the partition over, and is begun
	// again, after a while, for as long as the partition is this member's.
	Run func(ctx context.Context, partition int) error

	Log func(format string, args ...any) // if set, is told what happens
}

// A crew is the partitions that a member works on.
type crew struct {
	o     *Options
	ctx   context.Context // of all
	ended sync.WaitGroup
	among []string // the members that mine is by
	mine  []int    // partitions
	mu    sync.Mutex
	of    map[int]context.CancelFunc // by partition: those that are worked on
}

// Work works on this member's share of the partitions until ctx ends. Then it finishes what
// it has and leaves, so that others go on at once.
func Work(ctx context.Context, o *Options) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	c := &crew{o: o, ctx: working, of: map[int]context.CancelFunc{}}
	w := &lookout{bucket: o.Bucket, begun: make(chan sighted, 1)}
	defer w.stop()
	w.again(ctx)
	self := Member{ID: o.ID, Since: time.Now()}
	self.Host, _ = os.Hostname()
	r := &roster{self: o.ID, lease: o.Lease, last: map[string]time.Time{}}
	pulse := time.NewTicker(o.Lease / 4)
	defer pulse.Stop()
	c.announce(ctx, &self)
	known := false // what the bucket has at first
	for {
		select {
		case e, ok := <-w.updates:
			switch {
			case !ok && ctx.Err() != nil:
				return c.leave(nil)
			case !ok: // the client could not renew it while a server was away
				w.stop()
			case e == nil:
				known = true
			default:
				r.hear(e, time.Now())
				if e.Key() == o.ID {
					w.heard = time.Now()
				}
			}
		case <-pulse.C:
			c.announce(ctx, &self)
			if w.watch != nil && time.Since(w.heard) < 2*o.Lease {
				break
			}
			// A watch can stall, after an outage as well. Another one begins with what there is.
			w.again(ctx)
		case s := <-w.begun:
			if err := w.take(s); err == nil {
				known = false
			} else if ctx.Err() == nil {
				c.log("the members cannot be seen: %v; trying again", err)
			}
		case <-ctx.Done():
			return c.leave(nil)
		}
		// Whoever sees nothing changes nothing: others have taken over what was lost to them.
		if now := time.Now(); known && r.sees(now) {
			c.share(r.members(now))
		}
	}
}

// A lookout watches the members.
type lookout struct {
	bucket  jetstream.KeyValue
	watch   jetstream.KeyWatcher // nil: there is none
	updates <-chan jetstream.KeyValueEntry
	end     context.CancelFunc
	heard   time.Time    // when this member last heard of itself, or the watch was begun
	begun   chan sighted // gets the watch that is being begun
	busy    bool         // there is one
}

type sighted struct {
	watch jetstream.KeyWatcher
	end   context.CancelFunc
	err   error
}

// longestWatch is how long a watch may take to begin.
const longestWatch = 5 * time.Second

// again begins another watch, which takes seconds while servers choose their leader. Until
// begun has it the one that there is stays.
func (w *lookout) again(ctx context.Context) {
	if w.busy {
		return
	}
	w.busy, w.heard = true, time.Now()
	go func() {
		ctx, cancel := context.WithCancel(ctx) // of the whole watch, also if nobody waits for it
		late := time.AfterFunc(longestWatch, cancel)
		watch, err := w.bucket.WatchAll(ctx)
		if !late.Stop() {
			err = fmt.Errorf("no answer within %v", longestWatch)
		}
		w.begun <- sighted{watch, cancel, err}
	}()
}

// take goes on with a watch that was begun.
func (w *lookout) take(s sighted) error {
	w.busy = false
	if s.err != nil {
		s.end()
		return s.err
	}
	w.stop()
	w.watch, w.updates, w.end, w.heard = s.watch, s.watch.Updates(), s.end, time.Now()
	return nil
}

func (w *lookout) stop() {
	if w.watch != nil {
		w.watch.Stop()
		w.end()
	}
	w.watch, w.updates = nil, nil
}

// announce writes that this member is there. An error shows in that the others do not see it.
func (c *crew) announce(ctx context.Context, self *Member) {
	c.mu.Lock()
	self.Partitions = self.Partitions[:0]
	for k := range c.of {
		self.Partitions = append(self.Partitions, k)
	}
	c.mu.Unlock()
	slices.Sort(self.Partitions)
	data, err := json.Marshal(self)
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Lease/2)
	defer cancel()
	if _, err := c.o.Bucket.Put(ctx, c.o.ID, data); err != nil && ctx.Err() == nil {
		c.log("the members do not hear of this one: %v", err)
	}
}

func (c *crew) log(format string, args ...any) {
	if c.o.Log != nil {
		c.o.Log(format, args...)
	}
}

// share begins and ends work by who the members are.
func (c *crew) share(members []string) {
	if !slices.Equal(members, c.among) {
		c.among = members
		c.mine = c.mine[:0]
		for k := range c.o.Partitions {
			if owner(members, k) == c.o.ID {
				c.mine = append(c.mine, k)
			}
		}
	}
	c.mu.Lock()
	var missing []int
	for _, k := range c.mine {
		if c.of[k] == nil {
			missing = append(missing, k)
		}
	}
	for k, end := range c.of {
		if _, mine := slices.BinarySearch(c.mine, k); !mine {
			end()
		}
	}
	c.mu.Unlock()
	for _, k := range missing {
		c.begin(k)
	}
}

// begin works on a partition until it is another's.
func (c *crew) begin(k int) {
	ctx, cancel := context.WithCancel(c.ctx)
	c.mu.Lock()
	c.of[k] = cancel
	c.mu.Unlock()
	c.ended.Go(func() {
		defer func() {
			cancel()
			c.mu.Lock()
			delete(c.of, k)
			c.mu.Unlock()
		}()
		for ctx.Err() == nil {
			err := c.o.Run(ctx, k)
			switch {
			case ctx.Err() != nil:
				return
			case errors.Is(err, stream.ErrTaken):
				c.log("partition %d is another's", k)
			case err != nil:
				c.log("partition %d: %v; trying again", k, err)
			default:
				return // its source has ended
			}
			select { // whoever has it may see the members sooner
			case <-ctx.Done():
			case <-time.After(c.o.Lease / 2):
			}
		}
	})
}

// leave finishes all work, and says that this member is gone.
func (c *crew) leave(err error) error {
	c.mu.Lock()
	for _, end := range c.of {
		end()
	}
	c.mu.Unlock()
	c.ended.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), c.o.Lease)
	defer cancel()
	if gone := c.o.Bucket.Delete(ctx, c.o.ID); gone != nil && err == nil {
		c.log("the members see that this one has left only after its lease: %v", gone)
	}
	return err
}
