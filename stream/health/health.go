// Package health answers whether a process is well, over HTTP: /healthz (the process is
// there), /readyz (everything that it needs is connected) and /metrics. All other paths are
// those of a page, if there is one.
//
// It listens on this machine alone unless its address says otherwise, and refuses requests
// under names that are not its own, so that no page of a browser can read it.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Check is one thing that has to be well for the process to be ready.
type Check struct {
	Name string
	// Check returns nil if it is well. It is called at every request for /readyz, beside
	// the others, and returns when ctx ends.
	Check func(ctx context.Context) error
	// Restart says that a failure which lasts is mended by starting the process again, as that
	// of a device that hangs. The loss of a server, which may come back, is not.
	Restart bool
}

// Options configures Listen. A zero field takes the default in brackets.
type Options struct {
	Checks  func() []Check // what has to be well now; an error of Starting while it is not known [nothing]
	Metrics http.Handler   // [/metrics is not found]
	Page    http.Handler   // all other paths [not found]
	Hosts   []string       // names under which requests may come, beside those of the address and of this machine
	Within  time.Duration  // that all checks together take at most [800 ms]
}

// A Server answers.
type Server struct {
	http *http.Server
	at   net.Addr
	o    Options
	host string // of the address
	open bool   // the address is not of this machine alone
	done chan error
}

// Listen listens on address, HOST:PORT, :PORT or PORT, and answers until Close. Without a
// host it is 127.0.0.1; 0.0.0.0 or :: listen on every interface.
func Listen(address string, o Options) (*Server, error) {
	host, port, err := split(address)
	if err != nil {
		return nil, err
	}
	if o.Within <= 0 {
		o.Within = 800 * time.Millisecond
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("the address %q for health and metrics: %w: give another port, or end the program that has it", address, err)
	}
	s := &Server{at: l.Addr(), o: o, host: host, open: !isLoopback(host), done: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	if o.Page != nil {
		mux.Handle("/", o.Page)
	}
	s.http = &http.Server{Handler: s.guard(mux), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

// split divides an address, and makes a missing host this machine.
func split(address string) (host, port string, err error) {
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	host, port, err = net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", "", fmt.Errorf("the address %q for health and metrics: give HOST:PORT, such as 127.0.0.1:8177, or the port alone", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return host, port, nil
}

// Open reports whether an address, as Listen takes it, is not of this machine alone.
func Open(address string) bool {
	host, _, err := split(address)
	return err == nil && !isLoopback(host)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// Addr returns where it listens.
func (s *Server) Addr() net.Addr { return s.at }

// Close ends it; requests that are being answered have a moment.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// guard refuses requests under a foreign name. A page of any site can have a browser send
// requests here under its own name; it cannot under another, nor under an address.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if !s.known(r.Host) {
			http.Error(w, "this server does not answer under the host name of the request", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// known reports whether requests may name host.
func (s *Server) known(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), ".")
	if isLoopback(host) || strings.EqualFold(host, s.host) || slices.ContainsFunc(s.o.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return true
	}
	if !s.open {
		return false
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	own, err := os.Hostname()
	return err == nil && strings.EqualFold(own, host)
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// A Report is the answer of /readyz.
type Report struct {
	Ready  bool     `json:"ready"`
	Checks []Result `json:"checks"`
}

// A Result is that of one check.
type Result struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	Why   string `json:"why,omitempty"`

	Restart bool `json:"-"` // as in Check; also of a check that gave no answer
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	report := s.report(r.Context())
	w.Header().Set("Content-Type", "application/json")
	if !report.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(report)
}

// report answers /readyz.
func (s *Server) report(ctx context.Context) Report {
	if s.o.Checks == nil {
		return Report{Ready: true, Checks: []Result{}}
	}
	return Ask(ctx, s.o.Checks(), s.o.Within)
}

// Ask makes all checks beside one another, and does not wait for those that do not return
// within the time.
func Ask(ctx context.Context, checks []Check, within time.Duration) Report {
	report := Report{Ready: true, Checks: []Result{}}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	results := make([]chan error, len(checks))
	for i, c := range checks {
		results[i] = make(chan error, 1)
		go func() { results[i] <- c.Check(ctx) }()
	}
	for i, c := range checks {
		var err error
		result := Result{Name: c.Name, Restart: c.Restart}
		select {
		case err = <-results[i]:
		case <-ctx.Done():
			select {
			case err = <-results[i]:
			default:
				err, result.Restart = errors.New("no answer in time"), true
			}
		}
		if result.Ready = err == nil; err != nil {
			report.Ready, result.Why = false, err.Error()
		}
		report.Checks = append(report.Checks, result)
	}
	return report
}
