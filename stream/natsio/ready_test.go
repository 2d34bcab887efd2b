package natsio

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
)

// A pulse is as much of a server as a connection needs that is asked whether it is well:
// it answers pings, over pipes, so that a fake clock can say when.
type pulse struct {
	mu     sync.Mutex
	goesOn sync.Cond // it hangs no more
	gone   bool      // it refuses connections
	hangs  bool      // it answers nothing until it goes on
	all    []net.Conn
}

// Dial implements nats.CustomDialer.
func (p *pulse) Dial(string, string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return nil, errors.New("connection refused")
	}
	client, server := net.Pipe()
	p.all = append(p.all, server)
	go p.serve(server)
	return client, nil
}

func (p *pulse) serve(c net.Conn) {
	fmt.Fprintf(c, "INFO {\"server_id\":\"pulse\",\"version\":\"2.12.0\",\"proto\":1,\"max_payload\":1048576}\r\n")
	pings := make(chan bool, 1000)
	defer close(pings)
	go func() {
		for range pings {
			p.mu.Lock()
			for p.hangs {
				p.goesOn.Wait()
			}
			p.mu.Unlock()
			fmt.Fprintf(c, "PONG\r\n")
		}
	}()
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "PING") {
			pings <- true
		}
	}
}

// set makes the server go or hang; one that goes takes its connections with it.
func (p *pulse) set(gone, hangs bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone, p.hangs = gone, hangs; gone {
		for _, c := range p.all {
			c.Close()
		}
	}
	p.goesOn.Broadcast()
}

// A source and a sink are not ready within a second of the loss of their server, whether it
// goes or hangs, and ready within a second of its return.
func TestReadyWithinASecond(t *testing.T) {
	const variable = "INKLING_TEST_LOSS"
	if loss := os.Getenv(variable); loss != "" {
		synctest.Test(t, func(t *testing.T) { loseAndReturn(t, loss == "hangs") })
		return
	}
	// nats.go keeps timers for later use, which a fake clock does not allow: each case has
	// a process of its own.
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, loss := range []string{"goes", "hangs"} {
		p := exec.Command(exe, "-test.run", "^TestReadyWithinASecond$", "-test.v")
		p.Env = append(os.Environ(), variable+"="+loss)
		out, err := p.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestReadyWithinASecond") {
			t.Errorf("a server that %s: %v\n%s", loss, err, out)
		} else {
			t.Logf("%s", out)
		}
	}
}

// loseAndReturn loses the server twice and has it return.
func loseAndReturn(t *testing.T, hangs bool) {
	server := &pulse{}
	server.goesOn.L = &server.mu
	defer server.set(true, false)
	nc, err := Connect(Options{URLs: "nats://127.0.0.1:4222"}, nats.SetCustomDialer(server))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	src, err := NewSource(nc, "in", SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	sink, err := NewSink(nc, "out")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	// ask returns how long both took to answer, and what they say.
	ask := func() (time.Duration, error) {
		began := time.Now()
		var sourceErr, sinkErr error
		var all sync.WaitGroup
		all.Go(func() { sourceErr = src.Check(t.Context()) })
		all.Go(func() { sinkErr = sink.Check(t.Context()) })
		all.Wait()
		if (sourceErr == nil) != (sinkErr == nil) {
			t.Fatalf("the source says %v, the sink %v", sourceErr, sinkErr)
		}
		return time.Since(began), sourceErr
	}
	if took, err := ask(); err != nil || took != 0 {
		t.Fatalf("%v after %v", err, took)
	}
	// While nats.go waits for a server that hangs to take a new connection it holds a mutex,
	// at which a fake clock stands still: Check then answers after health.Server's own bound.
	longest := 10 * time.Minute
	if hangs {
		longest = time.Second
	}
	for _, away := range []time.Duration{time.Second, longest} {
		server.set(!hangs, hangs)
		synctest.Wait() // the connection notices that the server is gone
		took, err := ask()
		if err == nil || took > time.Second {
			t.Errorf("%v, %v after the loss", err, took)
		}
		t.Logf("away for %v: down after %v", away, took)
		time.Sleep(away)
		if _, err := ask(); err == nil {
			t.Errorf("ready %v after the loss", away)
		}
		server.set(false, false)
		back := time.Now()
		for _, err := ask(); err != nil; _, err = ask() {
			if time.Sleep(10 * time.Millisecond); time.Since(back) > time.Minute {
				t.Fatal(err)
			}
		}
		if took = time.Since(back); took > time.Second {
			t.Errorf("ready %v after the return", took)
		}
		t.Logf("away for %v: up after %v", away, took)
	}
}
