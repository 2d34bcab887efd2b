package health

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

func listen(t *testing.T, address string, o Options) *Server {
	t.Helper()
	s, err := Listen(address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// get asks s for path under a host name; "": its own address.
func get(t *testing.T, s *Server, method, path, host string) (int, string) {
	t.Helper()
	_, port, _ := net.SplitHostPort(s.Addr().String())
	r, err := http.NewRequest(method, "http://127.0.0.1:"+port+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Close = true
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestAnswers(t *testing.T) {
	metrics := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "figures") })
	s := listen(t, "127.0.0.1:0", Options{Metrics: metrics})
	for _, c := range []struct {
		method, path, host string
		code               int
		body               string
	}{
		{"GET", "/healthz", "", 200, "ok"},
		{"HEAD", "/healthz", "", 200, ""},
		{"GET", "/readyz", "", 200, `"ready":true`},
		{"GET", "/metrics", "", 200, "figures"},
		{"GET", "/", "", 404, ""},
		{"POST", "/readyz", "", 405, ""},
		{"GET", "/healthz", "localhost:8177", 200, "ok"},
		{"GET", "/healthz", "[::1]:8177", 200, "ok"},
		{"GET", "/healthz", "evil.example", 421, ""},
		{"GET", "/healthz", "evil.example:8177", 421, ""},
		{"GET", "/healthz", "192.0.2.7", 421, ""},
		{"GET", "/healthz", "localhost.evil.example", 421, ""},
	} {
		if code, body := get(t, s, c.method, c.path, c.host); code != c.code || !strings.Contains(body, c.body) {
			t.Errorf("%s %s of %q: %d %q, want %d and %q", c.method, c.path, c.host, code, body, c.code, c.body)
		}
	}
}

// A server that others reach answers under addresses and the names that it was given.
func TestOpenAddress(t *testing.T) {
	s := listen(t, "0.0.0.0:0", Options{Hosts: []string{"inkling.example"}})
	for host, code := range map[string]int{"192.0.2.7:8177": 200, "inkling.example:1": 200, "evil.example": 421} {
		if got, _ := get(t, s, "GET", "/healthz", host); got != code {
			t.Errorf("host %s: %d, want %d", host, got, code)
		}
	}
}

func TestReady(t *testing.T) {
	var lost atomic.Bool
	checks := []Check{{Name: "source", Check: func(context.Context) error {
		if lost.Load() {
			return errors.New("no server")
		}
		return nil
	}}, {Name: "sink", Check: func(context.Context) error { return nil }}}
	s := listen(t, "0", Options{Checks: func() []Check { return checks }})
	if code, body := get(t, s, "GET", "/readyz", ""); code != 200 {
		t.Errorf("%d %s", code, body)
	}
	lost.Store(true)
	code, body := get(t, s, "GET", "/readyz", "")
	var r Report
	if err := json.Unmarshal([]byte(body), &r); err != nil || code != 503 || r.Ready || len(r.Checks) != 2 ||
		r.Checks[0] != (Result{Name: "source", Why: "no server"}) || !r.Checks[1].Ready {
		t.Errorf("%d %s, %v", code, body, err)
	}
}

// A check that hangs makes the answer late by no more than Within.
func TestCheckThatHangs(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	s := listen(t, "0", Options{Within: 1, Checks: func() []Check {
		return []Check{{Name: "sink", Check: func(context.Context) error { <-hang; return nil }}}
	}})
	if code, body := get(t, s, "GET", "/readyz", ""); code != 503 || !strings.Contains(body, "no answer in time") {
		t.Errorf("%d %s", code, body)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{"8177": "127.0.0.1:8177", ":8177": "127.0.0.1:8177", "localhost:1": "localhost:1",
		"0.0.0.0:80": "0.0.0.0:80", "[::]:80": "[::]:80"} {
		if host, port, err := split(address); err != nil || net.JoinHostPort(host, port) != want {
			t.Errorf("%s: %s:%s, %v", address, host, port, err)
		}
	}
	for _, address := range []string{"", "x", "localhost", "127.0.0.1:", "127.0.0.1:99999", "1:2:3", "http://localhost:80", "127.0.0.1:http"} {
		if _, err := Listen(address, Options{}); err == nil || !strings.Contains(err.Error(), "8177") {
			t.Errorf("%q: %v, want a remedy", address, err)
		}
	}
	s := listen(t, "0", Options{})
	if _, err := Listen(s.Addr().String(), Options{}); err == nil || !strings.Contains(err.Error(), "another port") {
		t.Errorf("a port that is taken: %v", err)
	}
}
