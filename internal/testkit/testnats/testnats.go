// Package testnats runs NATS servers for tests: New one inside the test's process,
// without a port, Start one in a process of its own, which can be killed and started
// again.
package testnats

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// New returns a server that listens on no port: connect with nats.InProcessServer.
func New(t testing.TB) *server.Server {
	t.Helper()
	return NewWith(t, &server.Options{})
}

// NewWith is New with options, such as users and what they may do.
func NewWith(t testing.TB, o *server.Options) *server.Server {
	t.Helper()
	o.DontListen, o.NoSigs, o.NoLog = true, true, true
	srv, err := run(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Shutdown)
	return srv
}

// JetStream returns a connection to a server with JetStream.
func JetStream(t testing.TB) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(NewWith(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

// NewMQTT is New with a listener for MQTT devices, whose address it returns, such as
// tcp://127.0.0.1:1883.
func NewMQTT(t testing.TB) (*server.Server, string) {
	t.Helper()
	o := &server.Options{ServerName: "mqtt", JetStream: true, StoreDir: t.TempDir(), MQTT: server.MQTTOpts{Host: "127.0.0.1", Port: -1}}
	srv := NewWith(t, o)
	return srv, fmt.Sprintf("tcp://127.0.0.1:%d", o.MQTT.Port)
}

func run(o *server.Options) (*server.Server, error) {
	srv, err := server.NewServer(o)
	if err != nil {
		return nil, err
	}
	go srv.Start()
	if !srv.ReadyForConnections(30 * time.Second) {
		return nil, fmt.Errorf("the NATS server is not ready after 30 s")
	}
	return srv, nil
}

// portVariable makes Main, or Serve, of the test's binary a server on that port; with
// storeVariable one that has JetStream, in that folder.
const (
	portVariable   = "INKLING_TEST_NATS_PORT"
	storeVariable  = "INKLING_TEST_NATS_STORE"
	routesVariable = "INKLING_TEST_NATS_ROUTES" // ports of the routes of a cluster, its own first
)

// Main calls m.Run. A package that calls Start calls Main in its TestMain, as the
// server's process runs the test's own binary.
func Main(m *testing.M) {
	Serve()
	os.Exit(m.Run())
}

// Serve is for a TestMain that does not call Main: it does not return in a server's process.
func Serve() {
	port, err := strconv.Atoi(os.Getenv(portVariable))
	if err != nil {
		return
	}
	store := os.Getenv(storeVariable)
	o := &server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, JetStream: store != "", StoreDir: store}
	if routes := strings.Fields(os.Getenv(routesVariable)); len(routes) > 0 {
		o.ServerName, o.Cluster = "n"+routes[0], server.ClusterOpts{Name: "test", Host: "127.0.0.1"}
		o.Cluster.Port, _ = strconv.Atoi(routes[0])
		o.Routes = server.RoutesFromStr("nats://127.0.0.1:" + strings.Join(routes[1:], ",nats://127.0.0.1:"))
	}
	srv, err := run(o)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(ready)
	srv.WaitForShutdown()
	os.Exit(0)
}

const ready = "ready"

// A Process is a server process. It ends with the test.
type Process struct {
	port  int
	store string // folder of JetStream; "": it has none
	peers string // ports of the routes, if it is one of a cluster
	of    string // a nats-server to run; "": that of the test's binary
	cmd   *exec.Cmd
}

// Start starts a server in a process of its own.
func Start(t testing.TB) *Process { return StartWith(t, "") }

// StartWith is Start with JetStream, which keeps its streams in a folder, also over Restart.
func StartWith(t testing.TB, store string) *Process {
	t.Helper()
	p := &Process{port: freePort(t), store: store}
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// StartOf is StartWith of a nats-server of another version.
func StartOf(t testing.TB, binary, store string) *Process {
	t.Helper()
	p := &Process{port: freePort(t), store: store, of: binary}
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// StartCluster starts n servers of one cluster, which keep their streams in folders of dir.
func StartCluster(t testing.TB, dir string, n int) (all []*Process) {
	t.Helper()
	var routes []string
	for range n {
		routes = append(routes, strconv.Itoa(freePort(t)))
	}
	for i := range n {
		own := append([]string{routes[i]}, routes[:i]...)
		p := &Process{port: freePort(t), store: filepath.Join(dir, strconv.Itoa(i)), peers: strings.Join(append(own, routes[i+1:]...), " ")}
		if err := p.Restart(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Kill)
		all = append(all, p)
	}
	return all
}

// URLs returns the addresses of servers, with commas between them.
func URLs(all []*Process) string {
	var urls []string
	for _, p := range all {
		urls = append(urls, p.URL())
	}
	return strings.Join(urls, ",")
}

// Named returns the one of a cluster's servers that has a name, as JetStream calls it; nil:
// none has.
func Named(all []*Process, name string) *Process {
	for _, p := range all {
		if port, _, _ := strings.Cut(p.peers, " "); name == "n"+port {
			return p
		}
	}
	return nil
}

// URL returns the server's address.
func (p *Process) URL() string { return fmt.Sprintf("nats://127.0.0.1:%d", p.port) }

// Restart starts the killed server again, on the same port, and returns once it listens.
func (p *Process) Restart() error {
	if p.of != "" {
		return p.restartOf()
	}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), fmt.Sprint(portVariable, "=", p.port), fmt.Sprint(storeVariable, "=", p.store), fmt.Sprint(routesVariable, "=", p.peers))
	dieWithParent(p.cmd)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	if s := bufio.NewScanner(out); !s.Scan() || s.Text() != ready {
		p.Kill()
		return fmt.Errorf("the NATS server said %q instead of being ready", s.Text())
	}
	return nil
}

func (p *Process) restartOf() error {
	p.cmd = exec.Command(p.of, "-js", "-sd", p.store, "-a", "127.0.0.1", "-p", strconv.Itoa(p.port))
	dieWithParent(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", strings.TrimPrefix(p.URL(), "nats://")); err == nil {
			c.Close()
			return nil
		}
	}
	p.Kill()
	return fmt.Errorf("%s is not ready after 30 s", p.of)
}

// Kill ends the process at once, as a crash would.
func (p *Process) Kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// freePort returns a port on which nobody listens. It is below those that systems give to
// outgoing connections, so that none of these takes it while the server is away.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}
