package cell

import "fmt"

// A Batch is the states of N streams that StepBatch moves on together. Streams
// that live elsewhere are brought in by Load and taken out by Store.
type Batch struct {
	n, hidden int
	states    []*State
}

// NewBatch returns a batch of n streams, each in the zero state.
func (l *LSTM) NewBatch(n int) *Batch {
	b := &Batch{hidden: l.hidden}
	b.Resize(l, n)
	return b
}

// Resize makes b a batch of n streams. Those that were in it keep their states,
// new ones have none until Load or Reset. It allocates only when n was never as
// large before.
func (b *Batch) Resize(l *LSTM, n int) {
	for len(b.states) < n {
		b.states = append(b.states, l.NewState())
	}
	b.n = n
}

// Len is N.
func (b *Batch) Len() int { return b.n }

// Load makes stream i's state that of s, Store the reverse.
func (b *Batch) Load(i int, s *State)  { b.states[i].CopyFrom(s) }
func (b *Batch) Store(i int, s *State) { s.CopyFrom(b.states[i]) }

// Reset makes stream i's state zero.
func (b *Batch) Reset(i int) { b.states[i].Reset() }

// H is stream i's hidden state, valid until the next call on b.
func (b *Batch) H(i int) []float32 { return b.states[i].H }

// StepBatch moves every stream of b on by one timestep: x has N×D features. To
// the bit it is Step of each. It allocates nothing.
func (l *LSTM) StepBatch(b *Batch, x []float32) {
	if len(x) != b.n*l.in || b.hidden != l.hidden {
		panic(fmt.Sprintf("cell: StepBatch: %d inputs of %d streams with %d units, want N×%d and %d", len(x), b.n, b.hidden, l.in, l.hidden))
	}
	for i := range b.n {
		l.Step(b.states[i], x[i*l.in:(i+1)*l.in])
	}
}
