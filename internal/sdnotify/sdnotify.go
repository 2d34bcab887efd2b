// Package sdnotify tells the service manager how a service is, by the protocol of
// sd_notify(3): datagrams of lines NAME=VALUE to a Unix socket.
package sdnotify

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// A Manager is the service manager that has started the process.
type Manager struct {
	conn *net.UnixConn
}

// Dial returns the manager behind socket, the value of NOTIFY_SOCKET; nil if it is empty.
// A name that begins with @ is one of the abstract name space.
func Dial(socket string) (*Manager, error) {
	if socket == "" {
		return nil, nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("the service manager: %w", err)
	}
	return &Manager{conn}, nil
}

// Close closes the socket.
func (m *Manager) Close() error { return m.conn.Close() }

// Send sends lines such as READY=1 together.
func (m *Manager) Send(lines ...string) error {
	_, err := m.conn.Write([]byte(strings.Join(lines, "\n")))
	return err
}

// Status is the line that `systemctl status` shows.
func Status(format string, args ...any) string {
	return "STATUS=" + strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}

// Extend gives the start, or the end, this much longer from now on.
func Extend(d time.Duration) string {
	return "EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(d.Microseconds(), 10)
}

// Watchdog returns how long the manager waits for WATCHDOG=1, by the values of WATCHDOG_USEC
// and WATCHDOG_PID; 0 if it does not wait for the process pid.
func Watchdog(usec, forPID string, pid int) time.Duration {
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 || n > int64(24*time.Hour/time.Microsecond) || forPID != "" && forPID != strconv.Itoa(pid) {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}
