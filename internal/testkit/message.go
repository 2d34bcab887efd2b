package testkit

// Message fails t unless the whole message of err is want; "" stands for no error.
func Message(t TB, what string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Fatalf("%s:\n got error %q\nwant error %q", what, got, want)
	}
}
