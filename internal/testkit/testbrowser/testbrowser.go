//go:build browser

package testbrowser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"
)

// patience bounds what a browser on a busy machine may take.
const patience = 3 * time.Minute

// browser is one process for all tests of a package.
var browser = sync.OnceValues(func() (context.Context, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	o := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.WindowSize(1400, 1000))
	all, _ := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, _ := chromedp.NewContext(all)
	return ctx, chromedp.Do(ctx, chromedp.Sleep(0))
})

// Open opens an address in a tab of its own, which closes with the test. An error of a
// script fails the test.
func Open(t testing.TB, address string) context.Context {
	t.Helper()
	b, err := browser()
	if err != nil {
		t.Fatalf("chromium, which .ci/browser/run installs: %v", err)
	}
	ctx, cancel := chromedp.NewContext(b)
	t.Cleanup(cancel)
	if err := chromedp.Listen(ctx, func(e any) {
		if e, ok := e.(*runtime.EventExceptionThrown); ok {
			d := e.ExceptionDetails
			t.Errorf("the page, line %d: %s %+v", d.LineNumber, d.Text, d.Exception)
		}
	}); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate(address))
	return ctx
}

func do(t testing.TB, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// Until waits until a condition of JavaScript holds.
func Until(t testing.TB, ctx context.Context, condition string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](condition))
		if err != nil {
			t.Fatalf("%s: %v", condition, err)
		}
		if holds {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s does not come true", condition)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Value evaluates JavaScript, waits for it if it is a promise, and returns its value.
func Value[T any](t testing.TB, ctx context.Context, script string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

// Press presses keys, one after another.
func Press(t testing.TB, ctx context.Context, keys ...string) {
	t.Helper()
	for _, k := range keys {
		do(t, ctx, chromedp.KeyEvent(k))
	}
}

// Shoot leaves pictures of the page in the folder INKLING_SHOTS, if there is one: light and
// dark, of a desktop and of a phone.
func Shoot(t testing.TB, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("INKLING_SHOTS")
	if dir == "" {
		return
	}
	for _, size := range []struct {
		name   string
		width  int64
		height int64
		phone  bool
	}{{"desktop", 1400, 1000, false}, {"phone", 390, 844, true}} {
		for _, scheme := range []string{"light", "dark"} {
			Theme(t, ctx, scheme)
			resize(t, ctx, size.width, size.height, size.phone)
			// A window that holds all of it: what is outside is not drawn.
			resize(t, ctx, size.width, max(size.height, int64(Value[float64](t, ctx, `document.documentElement.scrollHeight`))), size.phone)
			png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+"-"+size.name+"-"+scheme+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func resize(t testing.TB, ctx context.Context, width, height int64, phone bool) {
	t.Helper()
	set(t, ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: phone})
	do(t, ctx, chromedp.Sleep(400*time.Millisecond))
}

// Resize makes the window of the tab so wide and high.
func Resize(t testing.TB, ctx context.Context, width, height int64) {
	t.Helper()
	resize(t, ctx, width, height, width < 720)
}

// set calls a command of the browser's protocol.
func set[P any](t testing.TB, ctx context.Context, c cdp.Command[P, cdp.Empty], p P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, c, p); err != nil {
		t.Fatal(err)
	}
}

// Collect has the browser free what the page no longer needs.
func Collect(t testing.TB, ctx context.Context) {
	t.Helper()
	set(t, ctx, heapprofiler.CollectGarbage, cdp.Empty{})
}

// Metrics returns the browser's figures of the tab.
func Metrics(t testing.TB, ctx context.Context) map[string]float64 {
	t.Helper()
	set(t, ctx, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
	r, err := chromedp.Call(ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, m := range r.Metrics {
		out[m.Name] = m.Value
	}
	return out
}

// Seconds returns the processor time that each kind of the browser's processes has taken:
// "renderer" (scripts, layout, and without a graphics card the drawing), "GPU" (what puts
// layers together), "browser", "utility" (network).
func Seconds(t testing.TB, ctx context.Context) map[string]float64 {
	t.Helper()
	r, err := chromedp.CallBrowser(ctx, systeminfo.GetProcessInfo, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, p := range r.ProcessInfo {
		out[p.Type] += p.CPUTime
	}
	return out
}
