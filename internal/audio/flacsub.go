package audio

import (
	"errors"
	"fmt"
)

// subframe decodes a subframe (section 9.2) of this number of bits per sample into x.
func (f *flacReader) subframe(x []int64, bits uint) error {
	b := f.b
	head := b.read(8)
	if head&0x80 != 0 {
		return errors.New("reserved bit of a subframe header")
	}
	wasted := uint64(0)
	if head&1 != 0 {
		wasted = b.unary() + 1
	}
	if wasted >= uint64(bits) {
		return fmt.Errorf("%d wasted bits of %d", wasted, bits)
	}
	bits -= uint(wasted)
	var err error
	switch kind := int(head >> 1); {
	case kind == 0:
		v := b.signed(bits)
		for i := range x {
			x[i] = v
		}
	case kind == 1:
		for i := range x {
			x[i] = b.signed(bits)
		}
	case kind >= 8 && kind <= 12:
		err = f.fixed(x, bits, kind-8)
	case kind >= 32:
		err = f.linear(x, bits, kind-31)
	default:
		err = fmt.Errorf("reserved subframe type %d", kind)
	}
	if wasted > 0 {
		for i := range x {
			x[i] <<= wasted
		}
	}
	return err
}

// warmUp reads the unpredicted first samples.
func (f *flacReader) warmUp(x []int64, bits uint, order int) error {
	if order > len(x) {
		return fmt.Errorf("prediction of order %d in a block of %d", order, len(x))
	}
	for i := range order {
		x[i] = f.b.signed(bits)
	}
	return nil
}

// fixed decodes a subframe with a fixed predictor (section 9.2.5).
func (f *flacReader) fixed(x []int64, bits uint, order int) error {
	if err := f.warmUp(x, bits, order); err != nil {
		return err
	}
	if err := f.residual(x, order); err != nil {
		return err
	}
	switch order {
	case 1:
		for i := 1; i < len(x); i++ {
			x[i] += x[i-1]
		}
	case 2:
		for i := 2; i < len(x); i++ {
			x[i] += 2*x[i-1] - x[i-2]
		}
	case 3:
		for i := 3; i < len(x); i++ {
			x[i] += 3*(x[i-1]-x[i-2]) + x[i-3]
		}
	case 4:
		for i := 4; i < len(x); i++ {
			x[i] += 4*(x[i-1]+x[i-3]) - 6*x[i-2] - x[i-4]
		}
	}
	return nil
}

// linear decodes a subframe with a linear predictor (section 9.2.6).
func (f *flacReader) linear(x []int64, bits uint, order int) error {
	if err := f.warmUp(x, bits, order); err != nil {
		return err
	}
	precision := uint(f.b.read(4)) + 1
	shift := f.b.signed(5)
	if precision == 16 || shift < 0 {
		return errors.New("reserved precision or shift of a predictor")
	}
	c := f.coeff[:order]
	for i := range c {
		c[order-1-i] = f.b.signed(precision) // in the order of the samples
	}
	if err := f.residual(x, order); err != nil {
		return err
	}
	predict(x, c, uint(shift))
	return nil
}

// predict adds to each x[i] the prediction from the len(c) samples before it.
func predict(x, c []int64, shift uint) {
	for i := len(c); i < len(x); i++ {
		sum := int64(0)
		for j, v := range x[i-len(c) : i] {
			sum += c[j] * v
		}
		x[i] += sum >> shift
	}
}

// residual decodes Rice codes (section 9.2.7) into x[order:].
func (f *flacReader) residual(x []int64, order int) error {
	b := f.b
	method, parts := b.read(2), 1<<b.read(4)
	if method > 1 {
		return errors.New("reserved coding of residuals")
	}
	size := len(x) / parts
	if size*parts != len(x) || size < order {
		return fmt.Errorf("%d partitions of a block of %d", parts, len(x))
	}
	width := uint(4 + method)
	for p := range parts {
		part := x[max(p*size, order) : (p+1)*size]
		k := uint(b.read(width))
		if k == 1<<width-1 {
			raw := uint(b.read(5))
			for i := range part {
				part[i] = b.signed(raw)
			}
		} else {
			for i := range part {
				u := b.unary()<<k | b.read(k)
				part[i] = int64(u>>1) ^ -int64(u&1)
			}
		}
		if b.err != nil {
			return nil // the caller checks b.err
		}
	}
	return nil
}
