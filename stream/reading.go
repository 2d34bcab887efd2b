package stream

import (
	"context"
	"errors"
	"fmt"
	"inkling/capture"
	"io"
	"time"
)

// loop reads blocks and gives them to the workers. Reads of a source that does not end
// have a deadline, so that the segments of idle streams end.
func (r *runner) loop(ctx context.Context, src capture.Source) error {
	defer func() {
		if r.cancel != nil {
			r.cancel()
		}
	}()
	var b capture.Block
	for {
		if err := r.fan.err(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		err := r.read(ctx, src, &b)
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			if r.clock != nil {
				r.expire()
			}
			return nil
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, context.DeadlineExceeded):
			r.expire()
			if r.keeper != nil {
				r.keeper.due()
			}
			continue
		default:
			return err
		}
		if err := r.block(&b, ready(src)); err != nil {
			return err
		}
		if r.keeper != nil {
			r.keeper.due()
		}
		if (!r.o.Finite || r.clock != nil) && r.streamTime().Sub(r.swept) >= min(r.o.Idle, time.Second)/4 {
			r.expire() // other streams may be idle
		}
	}
}

// drain labels what the source has taken in and not given yet, in most of the time that
// there is: the rest is for what comes after it. What is left is told as a gap.
func (r *runner) drain(src capture.Source) error {
	d, ok := src.(capture.Drainer)
	if !ok {
		return nil
	}
	d.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), r.o.Drain*4/5)
	defer cancel()
	var left error
	var b capture.Block
	for {
		err := src.Read(ctx, &b)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && left == nil:
			left = fmt.Errorf("not everything that had arrived could be labelled within the %s of RunOptions.Drain: gaps say what is missing", r.o.Drain)
			d.Abandon()
			ctx = context.Background()
			continue
		case errors.Is(err, io.EOF):
			return left
		case err != nil:
			return errors.Join(left, err)
		}
		if err := r.block(&b, ready(src)); err != nil {
			return errors.Join(left, err)
		}
	}
}

// ready reports whether src has another block right now.
func ready(src capture.Source) bool {
	s, ok := src.(capture.Readier)
	return ok && s.Ready()
}

// read reads a block, with a deadline unless the source ends. All reads before a deadline
// share it.
func (r *runner) read(ctx context.Context, src capture.Source, b *capture.Block) error {
	if r.o.Finite {
		return src.Read(ctx, b)
	}
	if r.limited == nil || r.limited.Err() != nil {
		if r.cancel != nil {
			r.cancel()
		}
		most := min(r.o.Idle, time.Second)
		if r.o.Store != nil {
			most = min(most, r.o.Save)
		}
		r.limited, r.cancel = context.WithTimeout(ctx, most)
	}
	return src.Read(r.limited, b)
}
