package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// policy has the browser load nothing from elsewhere, run no script but the page's own, and
// show the page in no other page's frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// cookie names what holds the token once the browser has shown it. Browsers do not keep the
// cookies of ports apart.
func cookie(r *http.Request) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return "inkling_" + port
	}
	return "inkling"
}

// guard refuses whom the page is not for: pages of other origins, and browsers without the
// token.
func (p *host) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case foreign(r):
			http.Error(w, "this page answers no other page's requests", http.StatusForbidden)
		case p.o.Open && p.o.Token == "":
			http.Error(w, "the page shows signals to whoever reaches it: serve it on this machine alone, as at 127.0.0.1, or give it a token", http.StatusForbidden)
		case p.o.Token != "" && !p.admits(w, r):
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// foreign reports whether a page of another origin has made the browser send r.
func foreign(r *http.Request) bool {
	if o := r.Header.Get("Origin"); o != "" {
		u, err := url.Parse(o)
		if err != nil || !strings.EqualFold(u.Host, r.Host) {
			return true
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	// A link to the page may be followed, from wherever.
	return r.Method != http.MethodGet || r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document" || r.URL.Path != "/"
}

// admits reports whether r has the token; if not it has answered. A token in the address
// becomes a cookie, so that it does not stay there.
func (p *host) admits(w http.ResponseWriter, r *http.Request) bool {
	if given := r.URL.Query().Get("token"); r.URL.Path == "/" && given != "" {
		if !p.is(given) {
			http.Error(w, "this is not the token of this page", http.StatusForbidden)
			return false
		}
		http.SetCookie(w, &http.Cookie{Name: cookie(r), Value: seal(given), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return false
	}
	if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && p.is(given) {
		return true
	}
	if c, err := r.Cookie(cookie(r)); err == nil && subtle.ConstantTimeCompare([]byte(c.Value), []byte(seal(p.o.Token))) == 1 {
		return true
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	http.Error(w, "this page needs its token: open it as /?token=TOKEN", http.StatusUnauthorized)
	return false
}

func (p *host) is(token string) bool {
	return subtle.ConstantTimeCompare([]byte(seal(token)), []byte(seal(p.o.Token))) == 1
}

// seal returns what the cookie holds in place of the token.
func seal(token string) string {
	sum := sha256.Sum256([]byte("inkling page\x00" + token))
	const hex = "0123456789abcdef"
	var b strings.Builder
	for _, c := range sum {
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// types of the page's own files, which no machine's tables change.
var types = map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".txt": "text/plain; charset=utf-8", ".svg": "image/svg+xml"}

func (p *Page) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { file(w, r, "page.html") })
	mux.HandleFunc("GET /page/{name}", func(w http.ResponseWriter, r *http.Request) { file(w, r, r.PathValue("name")) })
	mux.HandleFunc("GET /api/live", p.live)
	mux.HandleFunc("GET /api/sound", p.sound)
	mux.HandleFunc("GET /api/network", p.network)
	mux.HandleFunc("POST /api/replay", post(p.replay))
	mux.HandleFunc("POST /api/why", post(p.why))
	mux.HandleFunc("POST /api/save", post(p.save))
	mux.HandleFunc("POST /api/correct", post(p.correct))
	return mux
}

// file serves one of the page's own files.
func file(w http.ResponseWriter, r *http.Request, name string) {
	data, err := fs.ReadFile(static, "static/"+path.Base(name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	w.Write(data)
}
