package natsio

import "strings"

// Subject returns PREFIX.TYPE.STREAM, the subject of a stream's events of one type. The
// dots of the stream's name separate tokens, so that wildcards work. Bytes that are not
// allowed in a token, and '%', become %XX; an empty token becomes %.
func Subject(prefix, typ, stream string) string {
	var b strings.Builder
	b.WriteString(prefix + "." + typ)
	for token := range strings.SplitSeq(stream, ".") {
		b.WriteByte('.')
		if token == "" {
			b.WriteByte('%')
		}
		for i := range len(token) {
			if c := token[i]; c <= ' ' || c == 0x7f || c == '*' || c == '>' || c == '%' {
				const hex = "0123456789ABCDEF"
				b.WriteString(string([]byte{'%', hex[c>>4], hex[c&15]}))
			} else {
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}

// overlaps reports whether some subject matches both patterns.
func overlaps(a, b string) bool {
	p, q := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; ; i++ {
		switch {
		case i == len(p) || i == len(q):
			return i == len(p) && i == len(q)
		case p[i] == ">" || q[i] == ">":
			return true
		case p[i] != q[i] && p[i] != "*" && q[i] != "*":
			return false
		}
	}
}

// valid reports whether s can be subscribed to.
func valid(s string) bool {
	tokens := strings.Split(s, ".")
	for i, t := range tokens {
		if t == "" || strings.ContainsAny(t, " \t\r\n") || t == ">" && i != len(tokens)-1 {
			return false
		}
	}
	return true
}

// ignored reports whether a subject is the server's own or an inbox.
func ignored(s string) bool {
	return strings.HasPrefix(s, "$") || strings.HasPrefix(s, "_INBOX.") || s == "_INBOX"
}
