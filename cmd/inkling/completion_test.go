package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	for line, want := range map[string]string{
		"":                    "demo train design",            // the first commands, in the order of the help
		"ru":                  "run",                          //
		"run --seg":           "--segment",                    //
		"run m --segment ":    "activity label fixed message", // also after a value of the command
		"run m --segment a":   "activity",                     //
		"run m --segment=a":   "--segment=activity",           //
		"run m --segment = a": "activity",                     // as bash has it
		"run --urls --se":     "",                             // the value of --urls
		"run -q --stat":       "--state",                      //
		"run mod":             "",                             // a file
		"train data --smoo":   "--smoothing",                  // also what the help of train hides
		"completion ":         "bash zsh fish",                //
		"restore":             "",                             // hidden
		"run --background":    "",                             // an old name
		"nothing --":          "--help --version",             //
	} {
		out, _, code := inkling(t, "", append([]string{completeCommand}, strings.Split(line, " ")...)...)
		var got []string
		for l := range strings.Lines(out) {
			name, _, _ := strings.Cut(l, "\t")
			got = append(got, name)
		}
		if w := strings.Fields(want); code != 0 || len(w) == 0 && len(got) > 0 || !slices.Equal(got[:min(len(got), max(len(w), 1))], w) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// The script of bash, in bash.
func TestCompletionOfBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	dir := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(dir, "inkling")); err != nil {
		t.Skip(err)
	}
	script := mustRun(t, "completion", "bash") + `COMP_WORDS=(inkling run m --segment a); COMP_CWORD=4; _inkling; echo "${COMPREPLY[@]}"
COMP_WORDS=(inkling run m ""); COMP_CWORD=3; _inkling; echo "${#COMPREPLY[@]}"`
	cmd := exec.Command(bash, "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if got := string(out); err != nil || got != "activity\n0\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestVersionFlag(t *testing.T) {
	if flag, cmd := mustRun(t, "--version"), mustRun(t, "version"); flag != cmd || !strings.HasPrefix(flag, "inkling "+version+" ") {
		t.Errorf("--version prints %q, version %q", flag, cmd)
	}
}
