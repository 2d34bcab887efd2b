package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"inkling/internal/testkit"
	"inkling/stream"
)

// A service needs no source: it answers until the end of its context, and then exits with 0.
func TestServiceWithoutSource(t *testing.T) {
	url := serverWithPort(t, &server.Options{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, log bytes.Buffer
	code := make(chan int)
	go func() {
		args := []string{"run", "bundled:notes", "--service", "ask", "--to", "nats:out", "--urls", url, "--threshold", "trumpet=1", "--threshold", "flute=1", "--threshold", "piano=1"}
		code <- run(ctx, args, strings.NewReader(""), &out, &log)
	}()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	dir := t.TempDir()
	mustRun(t, "play", "bundled:notes", "-n", "1", "--pause", "0", "-o", dir+"/note.wav")
	note := testkit.ReadFile(t, dir+"/note.wav")
	var e stream.Event
	for { // until the service is there
		reply, err := nc.Request("ask", note, time.Minute)
		if err == nats.ErrNoResponders {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(reply.Data, &e); err != nil {
			t.Fatalf("%s: %v", reply.Data, err)
		}
		break
	}
	// No label is as probable as 1.
	if e.Type != stream.Confirmed || !e.Rejected {
		t.Errorf("%+v", e)
	}
	stop()
	if c := <-code; c != 0 {
		t.Errorf("exit code %d: %s", c, &log)
	}
	if !strings.Contains(log.String(), "answering requests on ask") || !strings.Contains(out.String(), `"state":"up"`) {
		t.Errorf("%s %s", &out, &log)
	}
}

// serverWithPort starts a server in this process and returns its URL.
func serverWithPort(t testing.TB, o *server.Options) string {
	t.Helper()
	o.Host, o.Port, o.NoSigs, o.NoLog = "127.0.0.1", -1, true, true
	srv, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	t.Cleanup(srv.Shutdown)
	if !srv.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return srv.ClientURL()
}

func TestRunWithoutSource(t *testing.T) {
	for args, want := range map[string]string{
		"run bundled:notes":                             "inkling: there is nothing to label: give a SOURCE (mic, a file, nats:SUBJECT), or --service SUBJECT to answer requests\n",
		"run bundled:notes --service x --segment fixed": "inkling: --service without a SOURCE: a request is one segment, so leave out the flags that cut a source into segments\n",
	} {
		if _, log, code := inkling(t, "", strings.Fields(args)...); code != 2 || log != want {
			t.Errorf("%s: exit %d, %s", args, code, log)
		}
	}
}
