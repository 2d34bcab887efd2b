package natsio

import (
	"strings"
	"testing"
)

// No form of a URL lets a password into a message, also none that does not parse.
func TestPasswordsAreMasked(t *testing.T) {
	for _, url := range []string{"nats://user:secretpw@127.0.0.1:9", "user:secretpw@127.0.0.1:9", "nats://user:secretpw%zz@127.0.0.1:9",
		"nats://127.0.0.1:9,user:secretpw@127.0.0.1:9", "tls://user:secretpw@127.0.0.1:9/x@y", "user:secretpw@@127.0.0.1:9", "nats://user:secret,pw@127.0.0.1:9", "user:secret,secret2,secret3@127.0.0.1:9,127.0.0.1:9"} {
		_, err := Connect(Options{URLs: url})
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1:9") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := Connect(Options{Creds: "nats://user:secretpw@127.0.0.1:9"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a URL for a file: %v", err)
	}
}
