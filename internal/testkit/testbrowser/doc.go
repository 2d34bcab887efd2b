// Package testbrowser opens pages in Debian's chromium, without a screen, for tests with the
// build tag browser. A machine without chromium fails them.
package testbrowser
