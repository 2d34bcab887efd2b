package parity

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"

	"inkling/model"
)

// Serve continues streams of m for a Remote at the other end of r and w, until r ends.
func Serve(m *model.Model, r io.Reader, w io.Writer) error {
	in, out := gob.NewDecoder(r), gob.NewEncoder(w)
	for {
		var p Piece
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var s served
		a, err := Here(m).Continue(&p)
		if s.Answer = a; err != nil {
			s.Error = err.Error()
		}
		if err := out.Encode(&s); err != nil {
			return err
		}
	}
}

// served is an Answer on its way between processes.
type served struct {
	Answer Answer
	Error  string
}

// A Remote continues streams in the process that runs Serve.
type Remote struct {
	in  *gob.Decoder
	out *gob.Encoder
}

// NewRemote returns a Remote that writes to Serve's r and reads from its w.
func NewRemote(r io.Reader, w io.Writer) *Remote {
	return &Remote{in: gob.NewDecoder(r), out: gob.NewEncoder(w)}
}

// Continue implements Continuer.
func (r *Remote) Continue(p *Piece) (Answer, error) {
	if err := r.out.Encode(p); err != nil {
		return Answer{}, fmt.Errorf("the other process: %w", err)
	}
	var s served
	if err := r.in.Decode(&s); err != nil {
		return Answer{}, fmt.Errorf("the other process: %w", err)
	}
	if s.Error != "" {
		return Answer{}, fmt.Errorf("the other process: %s", s.Error)
	}
	return s.Answer, nil
}
