package natsio

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/capture"
)

// The consumer that messages come by is lost, as with its server, again and again: each message
// is read once, in its order, and nothing is told.
func TestStoredGoesOnWithoutItsConsumer(t *testing.T) {
	nc, js := store(t, jetstream.StreamConfig{})
	s := stored(t, nc, "", StoredOptions{})
	st, err := js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for i := range 12 {
		m := nats.NewMsg("s.raw.a")
		m.Header.Set("Content-Type", "audio/L16;rate=8000;channels=2")
		m.Data = make([]byte, 4*(i+1))
		publish(t, js, []*nats.Msg{m})
		var b capture.Block
		if err := s.Read(t.Context(), &b); err != nil || b.Fault != nil || len(b.Samples) != 2*(i+1) || b.Offset != uint64(i*(i+1)/2) {
			t.Fatalf("message %d gave %d samples at %d, %v, %v", i, len(b.Samples), b.Offset, b.Fault, err)
		}
		if i%3 == 2 {
			for name := range st.ConsumerNames(t.Context()).Name() {
				if st.DeleteConsumer(t.Context(), name) == nil {
					lost++
				}
			}
		}
	}
	if lost < 3 {
		t.Errorf("%d consumers were lost", lost)
	}
}
