package natsio

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"inkling/capture"
)

// letterOf is a message of a stream that takes a number of bytes.
func letterOf(stream string, bytes int) *letterIn { return &letterIn{stream: stream, bytes: bytes} }

// Messages that are pushed, held, released, dropped and read in any order: those of a
// stream come in their order, the bound holds, and all that is neither dropped nor held is
// read in the end.
func TestInboxAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(0, 300).Draw(t, "most")
		in := newInbox(most)
		want, held := map[string][]*letterIn{}, map[string]bool{}
		remove := func(l *letterIn) {
			if q := want[l.stream]; len(q) == 0 || q[0] != l {
				t.Fatalf("%s: not its oldest message", l.stream)
			}
			want[l.stream] = want[l.stream][1:]
		}
		bytes := func() (n int) {
			for _, q := range want {
				for _, l := range q {
					n += l.bytes
				}
			}
			return n
		}
		for range rapid.IntRange(1, 200).Draw(t, "operations") {
			subject := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "subject")
			stream := subject + rapid.SampledFrom([]string{"", "#x", "#y"}).Draw(t, "name")
			switch rapid.IntRange(0, 5).Draw(t, "operation") {
			case 0:
				in.hold(stream)
				held[stream] = true
			case 1:
				in.release(stream)
				delete(held, stream)
			case 2:
				if l := in.pop(); l != nil {
					if held[l.stream] {
						t.Fatalf("%s is held", l.stream)
					}
					remove(l)
				} else {
					for stream, q := range want {
						if len(q) > 0 && !held[stream] {
							t.Fatalf("%s has a message to read", stream)
						}
					}
				}
			default:
				l := letterOf(stream, rapid.IntRange(1, 100).Draw(t, "bytes"))
				want[stream] = append(want[stream], l)
				in.push(subject, l)
				for l := in.drop(); l != nil; l = in.drop() {
					remove(l)
				}
			}
			if in.bytes != bytes() || in.bytes > most {
				t.Fatalf("%d bytes, want %d, at most %d", in.bytes, bytes(), most)
			}
		}
		for stream := range maps.Clone(held) {
			in.release(stream)
		}
		for l := in.pop(); l != nil; l = in.pop() {
			remove(l)
		}
		if in.bytes != 0 || bytes() != 0 || len(in.subjects)+len(in.queues)+len(in.next.items)+len(in.heaviest.items) > 0 {
			t.Fatalf("%d bytes are left, %+v", bytes(), in)
		}
	})
}

// A stream that is within its share loses nothing to others, however many names they
// take, and comes before their backlog.
func TestAFloodNeitherDropsNorDelaysOthers(t *testing.T) {
	for _, names := range []int{1, 1000} {
		t.Run(fmt.Sprint(names, " names"), func(t *testing.T) {
			in, rng := newInbox(100_000), rand.New(rand.NewPCG(1, 1))
			in.push("good", letterOf("good", 1000))
			in.push("good", letterOf("good", 1000))
			for range 10_000 {
				in.push("evil", letterOf(fmt.Sprint("evil#", rng.IntN(names)), 50+rng.IntN(1000)))
				for l := in.drop(); l != nil; l = in.drop() {
					if l.stream == "good" {
						t.Fatal("a message of the good stream is dropped")
					}
				}
			}
			if in.bytes < 90_000 {
				t.Errorf("%d bytes wait, although there is room", in.bytes)
			}
			for range 100 { // it comes at once, also later
				in.pop()
			}
			in.pop()
			in.push("good", letterOf("good", 1000))
			if l := in.pop(); l.stream != "good" {
				t.Errorf("%s comes before the good stream", l.stream)
			}
		})
	}
}

// Streams of one subject share what the subject gets.
func TestSubjectsTakeTurns(t *testing.T) {
	in := newInbox(1 << 20)
	for i := range 10 {
		for _, stream := range []string{"a#1", "a#2"} {
			in.push("a", letterOf(stream, 100+i%2))
		}
		in.push("b", letterOf("b", 100))
		in.push("b", letterOf("b", 100))
	}
	n := map[string]int{}
	for range 20 {
		n[in.pop().stream]++
	}
	if n["b"] < 9 || n["b"] > 11 || n["a#1"] < 4 || n["a#2"] < 4 {
		t.Errorf("%v of 20 messages", n)
	}
}

// Dropping takes the same time however much has been dropped before: no rescans.
func BenchmarkDrop(b *testing.B) {
	in := newInbox(256e6)
	for b.Loop() {
		in.push("a", letterOf("a", 600))
		in.drop()
	}
}

// What the memory of a message is counted at is not less than what it takes.
func TestMemoryOfMessages(t *testing.T) {
	for name, h := range map[string]nats.Header{
		"no header": nil, "long value": {"A": {string(make([]byte, 4000))}},
		"many values": {"A": slices.Repeat([]string{"b"}, 100)},
	} {
		t.Run(name, func(t *testing.T) {
			const n = 2000
			var total int
			grown := heapOf(func() any {
				all := make([]*nats.Msg, n)
				for i := range all {
					m := &nats.Msg{Subject: "a", Data: make([]byte, 100), Header: nats.Header{}}
					for k, values := range h {
						for _, v := range values {
							m.Header.Add(k, string([]byte(v)))
						}
					}
					all[i] = m
					total += memoryOf(m)
				}
				return all
			})
			if total < grown {
				t.Errorf("%d bytes are counted, %d are taken", total/n, grown/n)
			}
		})
	}
}

// Streams are forgotten, the one longest without a message first.
func TestPlacesAreBounded(t *testing.T) {
	p := places{most: 3}
	put := func(stream string) uint64 {
		d := &message{samples: make([]float32, 10), format: capture.Format{Channels: 1}}
		p.find(stream).put(d)
		return d.offset
	}
	for i, c := range []struct {
		stream string
		want   uint64
	}{{"a", 0}, {"b", 0}, {"a", 10}, {"c", 0}, {"d", 0}, {"a", 20}, {"b", 0}, {"d", 10}, {"c", 0}} {
		if got := put(c.stream); got != c.want {
			t.Errorf("%d: %s is at %d, want %d", i, c.stream, got, c.want)
		}
	}
	for i := range 1000 {
		put(fmt.Sprint(i))
	}
	if len(p.of) != 3 || p.used.Len() != 3 {
		t.Errorf("%d and %d streams are known", len(p.of), p.used.Len())
	}
}

// heapOf returns by how many bytes the heap grows by what make returns.
func heapOf(make func() any) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := make()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}
