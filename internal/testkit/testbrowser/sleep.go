//go:build browser

package testbrowser

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
)

// Freeze has the browser put the tab to sleep, as it does with one that has been hidden for
// long: none of its scripts runs. Value and Until still look at it.
func Freeze(t testing.TB, ctx context.Context) {
	t.Helper()
	watched(t, ctx, false)
	lifecycle(t, ctx, page.SetWebLifecycleStateStateFrozen)
}

// Wake has it go on, and shows it.
func Wake(t testing.TB, ctx context.Context) {
	t.Helper()
	lifecycle(t, ctx, page.SetWebLifecycleStateStateActive)
	watched(t, ctx, true)
}

func lifecycle(t testing.TB, ctx context.Context, state page.SetWebLifecycleStateState) {
	t.Helper()
	set(t, ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state})
}

// watched has the tab be the one that is looked at: sleep has hidden it.
func watched(t testing.TB, ctx context.Context, on bool) {
	t.Helper()
	set(t, ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: on})
}
