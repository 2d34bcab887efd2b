package natsio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/capture"
	"inkling/internal/codec"
	"inkling/internal/testkit"
	"inkling/internal/testkit/testnats"
)

// store returns a connection to a server with a stream S of the subjects s.>.
func store(t *testing.T, c jetstream.StreamConfig) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, js := testnats.JetStream(t)
	c.Name, c.Storage = "S", jetstream.MemoryStorage
	if c.Subjects == nil {
		c.Subjects = []string{"s.>"}
	}
	if _, err := js.CreateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return nc, js
}

// devices are messages of several devices: rows with times, in batches, some late, twice or
// never; samples by themselves; and what cannot be read.
func devices(rng *rand.Rand, n int) (all []*nats.Msg) {
	add := func(subject, kind, data string) {
		m := nats.NewMsg(subject)
		m.Data = []byte(data)
		if kind != "" {
			m.Header.Set("Content-Type", kind)
		}
		all = append(all, m)
	}
	for i := range n {
		t := 1760000000 + float64(i)/50
		for d := range 3 {
			at := t + float64(d)*0.3 + rng.Float64()*0.002
			if rng.IntN(50) == 0 {
				at -= 0.07
			}
			row := fmt.Sprintf(`{"t":%.6f,"x":%v,"y":%v}`, at, i%7, i%11)
			switch rng.IntN(30) {
			case 0: // lost
			case 1:
				add(fmt.Sprint("s.rows.", d), "", "["+row+","+row+"]")
			default:
				add(fmt.Sprint("s.rows.", d), "", row)
			}
		}
		if i%5 == 0 {
			add("s.raw.a", "audio/L16;rate=8000", string(bytes.Repeat([]byte{byte(i), 1}, 1+rng.IntN(20))))
		}
		if i%40 == 0 {
			add("s.raw.a", "application/json", `{"what":`)
		}
	}
	return all
}

func publish(t *testing.T, js jetstream.JetStream, all []*nats.Msg) {
	t.Helper()
	for _, m := range all {
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

func stored(t *testing.T, nc *nats.Conn, subject string, o StoredOptions) *Stored {
	t.Helper()
	o.Format.Names, o.Grid.Rate, o.Grid.Late = []string{"x", "y"}, 50, 100*time.Millisecond
	s, err := NewStored(t.Context(), nc, "S", subject, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// next returns the next block as text, without the time at which it was read; "" at the end.
func next(t *testing.T, s *Stored) string {
	t.Helper()
	var b capture.Block
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := s.Read(ctx, &b)
	if err == io.EOF {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	fault := ""
	if b.Fault != nil {
		fault = fmt.Sprint(*b.Fault)
	}
	return fmt.Sprint(b.Stream, b.Format, b.Offset, b.Time.UnixNano(), b.Clock, b.Mark, b.Samples, fault, s.Reached().UnixNano())
}

// A source that goes on from a position in another place gives what it would have given, at
// any block.
func TestStoredGoesOn(t *testing.T) {
	nc, js := store(t, jetstream.StreamConfig{})
	rng := rand.New(rand.NewPCG(1, 2))
	publish(t, js, devices(rng, 150))
	for _, subject := range []string{"", "s.rows.*", "s.raw.{x}"} {
		var want []string
		whole := stored(t, nc, subject, StoredOptions{AtHand: true})
		for b := next(t, whole); b != ""; b = next(t, whole) {
			want = append(want, b)
		}
		if len(want) < 30 {
			t.Fatalf("%s: %d blocks", subject, len(want))
		}
		var got []string
		s := stored(t, nc, subject, StoredOptions{AtHand: true})
		for {
			if rng.IntN(len(want)/15) == 0 {
				position := s.AppendPosition(nil)
				s.Close()
				s = stored(t, nc, subject, StoredOptions{AtHand: true})
				if err := s.Seek(t.Context(), position); err != nil {
					t.Fatal(err)
				}
				if again := s.AppendPosition(nil); !bytes.Equal(again, position) {
					i := 0
					for i < len(again) && i < len(position) && again[i] == position[i] {
						i++
					}
					t.Fatalf("%s: after Seek the position is another: %d %d at %d\n%q\n%q", subject, len(again), len(position), i, position[max(i-100, 0):i+60], again[max(i-100, 0):i+60])
				}
			}
			b := next(t, s)
			if b == "" {
				break
			}
			if got = append(got, b); len(got) > len(want) || b != want[len(got)-1] {
				t.Fatalf("%s: block %d is %.300s, want %.300s", subject, len(got)-1, b, want[min(len(got), len(want))-1])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d blocks, want %d", subject, len(got), len(want))
		}
	}
}

// The parts of a position that have changed, put over those before, make the whole position.
func TestStoredPositionInParts(t *testing.T) {
	nc, js := store(t, jetstream.StreamConfig{})
	rng := rand.New(rand.NewPCG(3, 2))
	publish(t, js, devices(rng, 150))
	for _, most := range []int{0, 3} { // of 4 streams: one is forgotten again and again
		o := StoredOptions{AtHand: true}
		o.Streams = most
		s := stored(t, nc, "", o)
		parts, written, blocks := map[string][]byte{}, 0, 0
		for b := "-"; b != ""; b = next(t, s) {
			if blocks++; rng.IntN(3) > 0 {
				continue
			}
			for _, name := range s.Changed(false) {
				written++
				if part := s.AppendPart(nil, name); len(part) > 0 {
					parts[name] = part
				} else {
					delete(parts, name)
				}
			}
			shared := s.AppendShared(nil)
			seq, at, err := ReadPosition(shared)
			if err != nil || seq != s.seq || !at.Equal(s.at) {
				t.Fatal(seq, at, err)
			}
			position, err := s.Join(shared, parts)
			if err != nil {
				t.Fatal(err)
			}
			again := stored(t, nc, "", o)
			if err := again.Seek(t.Context(), position); err != nil {
				t.Fatalf("most %d, after %d blocks: %v", most, blocks, err)
			}
			if !bytes.Equal(again.AppendPosition(nil), s.AppendPosition(nil)) {
				t.Fatalf("most %d, after %d blocks the parts make another position", most, blocks)
			}
			if rng.IntN(10) == 0 {
				s.Close()
				s = again
			} else {
				again.Close()
			}
		}
		if most == 0 && written > blocks {
			t.Errorf("%d parts were written for %d blocks", written, blocks)
		}
	}
}

// Stored messages give the samples that they give on their subjects.
func TestStoredGivesWhatItsSubjectsGive(t *testing.T) {
	nc, js := store(t, jetstream.StreamConfig{})
	live, err := NewSource(nc, "s.>", SourceOptions{Format: Format{Names: []string{"x", "y"}}, Grid: GridOptions{Rate: 50, Late: 100 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	live.quiet = time.Hour
	all := devices(rand.New(rand.NewPCG(3, 4)), 150)
	publish(t, js, all)
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	live.Drain()
	collect := func(src capture.Source) map[string]string {
		of := map[string]string{}
		for {
			var b capture.Block
			err := src.Read(t.Context(), &b)
			if err == io.EOF {
				return of
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Len() {
				of[b.Stream] += fmt.Sprint(b.Offset+uint64(i), b.Samples[i*b.Format.Channels:(i+1)*b.Format.Channels], " ")
			}
		}
	}
	want, got := collect(live), collect(stored(t, nc, "", StoredOptions{AtHand: true}))
	if len(want) != 4 {
		t.Fatalf("%d streams", len(want))
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: stored gives %.200s, the subject %.200s", name, got[name], want[name])
		}
	}
}

// Where a source begins and ends.
func TestStoredSinceAndUntil(t *testing.T) {
	nc, js := store(t, jetstream.StreamConfig{})
	var at []time.Time
	for i := range 10 {
		if _, err := js.Publish(t.Context(), "s.x", []byte(fmt.Sprintf("[%d,0]", i))); err != nil {
			t.Fatal(err)
		}
		st, err := js.Stream(t.Context(), "S")
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, st.CachedInfo().State.LastTime)
	}
	values := func(s *Stored) (all []int) {
		for {
			var b capture.Block
			err := s.Read(t.Context(), &b)
			if err == io.EOF {
				return all
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(b.Samples); i += 2 {
				all = append(all, int(b.Samples[i]))
			}
		}
	}
	for _, c := range []struct {
		o    StoredOptions
		want []int
	}{
		{StoredOptions{AtHand: true}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{StoredOptions{AtHand: true, Since: Since{Sequence: 8}}, []int{7, 8, 9}},
		{StoredOptions{AtHand: true, Since: Since{Time: at[6]}}, []int{6, 7, 8, 9}},
		{StoredOptions{Since: Since{Time: at[2]}, Until: at[4]}, []int{2, 3, 4}},
		{StoredOptions{AtHand: true, Since: Since{New: true}}, nil},
		{StoredOptions{Since: Since{Sequence: 10}, Until: at[9].Add(time.Millisecond)}, []int{9}}, // and nothing comes
	} {
		if got := values(stored(t, nc, "", c.o)); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.o, got, c.want)
		}
	}
	if got := values(stored(t, nc, "s.nothing", StoredOptions{AtHand: true})); len(got) > 0 {
		t.Errorf("of a subject without messages: %v", got)
	}
}

// What the stream no longer keeps is told, and a stream made anew is not gone on with.
func TestStoredTellsWhatIsGone(t *testing.T) {
	nc, js := store(t, jetstream.StreamConfig{})
	publish(t, js, devices(rand.New(rand.NewPCG(1, 2)), 20))
	s := stored(t, nc, "", StoredOptions{AtHand: true})
	next(t, s)
	position := s.AppendPosition(nil)
	st, err := js.Stream(t.Context(), "S")
	if err == nil {
		err = st.Purge(t.Context(), jetstream.WithPurgeSequence(31))
	}
	if err != nil {
		t.Fatal(err)
	}
	again := stored(t, nc, "", StoredOptions{AtHand: true})
	if err := again.Seek(t.Context(), position); err != nil {
		t.Fatal(err)
	}
	told := false
	for b := next(t, again); b != ""; b = next(t, again) {
		told = told || bytes.Contains([]byte(b), []byte("keeps nothing before sequence 31 any more: "))
	}
	if !told {
		t.Error("that messages are gone was not told")
	}
	for _, bad := range [][]byte{nil, position[:len(position)-1], append(slices.Clone(position), 0)} {
		if err := again.Seek(t.Context(), bad); err == nil {
			t.Error("a damaged position was taken")
		}
	}
	if err := js.DeleteStream(t.Context(), "S"); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}}); err != nil {
		t.Fatal(err)
	}
	if err := stored(t, nc, "", StoredOptions{}).Seek(t.Context(), position); err == nil {
		t.Error("a position of a stream that was made anew was taken")
	}
}

func TestStoredRefuses(t *testing.T) {
	nc, js := store(t, jetstream.StreamConfig{})
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "W", Subjects: []string{"w"}, Retention: jetstream.WorkQueuePolicy}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ stream, subject, prefix, want string }{
		{"T", "", "", "there is no JetStream stream T: there is S, W"},
		{"W", "", "", "the JetStream stream W is a work queue, which gives each message once and keeps none: make a stream with limits retention, which may take its messages from this one"},
		{"S", "other.x", "", "the stream S has no subject that other.x could be: it has s.>"},
		{"S", "", "s.out", "the stream S takes s.>, which overlaps the output s.out.>: the program would read what it writes; name a subject of the stream, or choose another SourceOptions.Prefix"},
	} {
		_, err := NewStored(t.Context(), nc, c.stream, c.subject, StoredOptions{SourceOptions: SourceOptions{Prefix: c.prefix}})
		testkit.Message(t, c.stream, err, c.want)
	}
	plain, err := nats.Connect("", nats.InProcessServer(testnats.New(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := NewStored(t.Context(), plain, "S", "", StoredOptions{}); err == nil || !errors.Is(err, jetstream.ErrJetStreamNotEnabled) && !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("a server without JetStream: %v", err)
	}
}

// Whatever a position holds, Seek takes it or refuses it, and reading does not crash.
func FuzzPosition(f *testing.F) {
	s := &Stored{stream: "S", in: &Source{places: places{most: 100}, o: SourceOptions{Streams: 100, Format: Format{Names: []string{"x", "y"}}, Grid: GridOptions{Rate: 50, Late: 100 * time.Millisecond}}}}
	s.in.pattern, _ = parsePattern("s.>")
	s.in.in = newInbox(1 << 20)
	s.in.now = func() time.Time { return s.at }
	s.in.ready = make(chan struct{}, 1)
	s.in.forgetAll()
	for i, m := range devices(rand.New(rand.NewPCG(1, 2)), 40) {
		s.at, s.seq = time.Unix(1760000000, int64(i)*1e7), uint64(i+1)
		s.in.receive(m)
		var b capture.Block
		for s.in.pop(&b) && i%3 > 0 {
		}
		if i%20 == 0 {
			f.Add(s.AppendPosition(nil))
			parts := map[string][]byte{}
			for _, name := range s.Changed(true) {
				parts[name] = s.AppendPart(nil, name)
			}
			joined, err := s.Join(s.AppendShared(nil), parts)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(joined)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s.Seek(t.Context(), data) != nil {
			return
		}
		w := codec.Writer(nil)
		s.visit(w)
		var b capture.Block
		for range 100 {
			if !s.in.pop(&b) {
				break
			}
		}
		for i, m := range devices(rand.New(rand.NewPCG(1, 3)), 3) {
			s.at = s.at.Add(time.Duration(i) * time.Millisecond)
			s.in.receive(m)
			for s.in.pop(&b) {
			}
		}
	})
}
