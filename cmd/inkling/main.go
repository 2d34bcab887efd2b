// Command inkling labels a signal while it is still arriving.
//
// Each subcommand has one file of flags and wiring. Results go to standard output, logs to
// standard error. The exit code is 0 for success, 1 for failure and 2 for wrong usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"inkling/internal/f32"
	"inkling/internal/i8"
	"inkling/internal/plain"
)

// version is set by the linker for releases.
var version = "0.1.0"

const description = `inkling labels a signal while it is still arriving.

A microphone, a file or a NATS subject feeds a forward LSTM one timestep at a time, and every step gives a running label at once. When the segment ends, the bidirectional network confirms or overturns that label.

  inkling demo                           the whole system on this machine
  inkling record clap -o sounds          collect examples
  inkling train sounds -o sounds.model   train on your own labels
  inkling run sounds.model mic           label the microphone, live`

type cli struct {
	Demo       demoCmd       `cmd:"" help:"Show the whole system on this machine: embedded NATS server, bundled notes, bundled model."`
	Train      trainCmd      `cmd:"" help:"Train a model on labelled data."`
	Design     designCmd     `cmd:"" help:"Design a network for labelled data in the browser, hear the examples, and train it there."`
	Eval       evalCmd       `cmd:"" help:"Judge a model on labelled data, clip by clip or on streams."`
	Compare    compareCmd    `cmd:"" help:"Say what changes from one model to another, example by example."`
	Compose    composeCmd    `cmd:"" help:"Compose long annotated streams out of labelled examples."`
	Tune       tuneCmd       `cmd:"" help:"Choose thresholds and segments that meet a goal: false alarms per hour, recall, latency."`
	Quantize   quantizeCmd   `cmd:"" help:"Make an integer model: a quarter of the size, the same answers on every processor."`
	Export     exportCmd     `cmd:"" help:"Write a model in C99, for firmware."`
	Run        runCmd        `cmd:"" help:"Label a source step by step and confirm each segment."`
	Worker     workerCmd     `cmd:"" help:"Label a JetStream stream together with other processes: nothing lost, nothing twice."`
	Top        topCmd        `cmd:"" help:"Show the workers of a group: who works on what, and how far behind."`
	Model      modelCmd      `cmd:"" help:"Store models for the workers of a group, and have their streams go on with one."`
	Label      labelCmd      `cmd:"" help:"Write label tracks of what a model hears in recordings, to be corrected in Audacity and trained from."`
	Serve      serveCmd      `cmd:"" help:"Run many pipelines by a configuration file, as a service."`
	Review     reviewCmd     `cmd:"" help:"Say what kept segments were, those that are worth a look first."`
	Record     recordCmd     `cmd:"" help:"Collect labelled examples from a source."`
	Play       playCmd       `cmd:"" help:"Play random examples, one after another."`
	Plot       plotCmd       `cmd:"" help:"Draw examples, a confusion chart, or training curves."`
	Devices    devicesCmd    `cmd:"" help:"List microphones."`
	Doctor     doctorCmd     `cmd:"" help:"Say what keeps this machine from running a model well, and the command that mends it."`
	Soak       soakCmd       `cmd:"" help:"Run a model on an endless composed stream, and say what changes with time: memory, delays, accuracy."`
	Inspect    inspectCmd    `cmd:"" help:"Print what a model or a data set contains."`
	Verify     verifyCmd     `cmd:"" help:"Prove on your own data that step by step, whole sequence and any block size give the same bits."`
	Bench      benchCmd      `cmd:"" help:"Measure the speed of this machine."`
	Version    versionCmd    `cmd:"" help:"Print the version and the kernels in use."`
	Completion completionCmd `cmd:"" help:"Print a script that has a shell complete commands, flags and their values."`
	Restore    restoreCmd    `cmd:"" name:"restore-states" hidden:"" help:"The second process of verify."`

	PrintVersion versionFlag `name:"version" help:"Print the version and the kernels in use."`
}

// app is the process that a subcommand runs in.
type app struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer        // for people: control characters are shown as escapes
	rawOut, rawErr io.Writer        // the same as they are, for data, colours and progress bars
	errors         *diverted        // what stderr writes to
	hangup         <-chan os.Signal // of a service: SIGHUP
	given          []*kong.Flag     // on the command line
	http           string           // of a service: where health and metrics are
	words          []string         // of the command line, after the subcommand
}

// usageError is a mistake on the command line: exit 2.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		signal.Notify(hangups, syscall.SIGHUP)
	} else if !signal.Ignored(syscall.SIGHUP) { // as nohup does
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	go func() {
		<-ctx.Done()
		stop() // a second one leaves at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// hangups is where a service hears of SIGHUP; tests send it themselves.
var hangups = make(chan os.Signal, 1)

// run is main with arguments and streams of its own. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	for _, use := range []func(string) error{f32.Use, i8.Use} {
		if err := use(os.Getenv("INKLING_KERNEL")); err != nil {
			fmt.Fprintln(stderr, "inkling: INKLING_KERNEL:", plain.Text(err.Error()))
			return 2
		}
	}
	exited := -1
	parser := newParser(newCLI(), stdout, stderr, func(code int) { exited = code })
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == completeCommand {
		complete(stdout, parser.Model, args[1:])
		return 0
	}
	if args[0] == manCommand {
		if err := man(stdout, parser.Model, args[1:]); err != nil {
			fmt.Fprintf(stderr, "inkling: %s\n", plain.Text(err.Error()))
			return 2
		}
		return 0
	}
	args = joinNegatives(args)
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "inkling: %s\nTry %s --help.\n", plain.Text(err.Error()), asked(err))
		return 2
	}
	lines := &diverted{w: stderr}
	a := &app{ctx: ctx, stdin: stdin, stdout: plain.NewWriter(stdout), stderr: plain.NewWriter(lines),
		rawOut: stdout, rawErr: stderr, errors: lines, hangup: hangups, words: args[1:], given: givenFlags(parsed)}
	if err = checkRanges(a.given); err == nil {
		a.tellIdle(parsed.Selected())
		err = parsed.Run(a)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "inkling: %s\n", plain.Text(flags(err.Error())))
	var usage usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// newParser returns a parser into c.
func newParser(c *cli, stdout, stderr io.Writer, exit func(code int)) *kong.Kong {
	parser, err := kong.New(c, kong.Name("inkling"), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err)
	}
	hideRare(parser)
	return parser
}

// asked returns the subcommand of a command line that could not be parsed.
func asked(err error) string {
	name := "inkling"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		for _, p := range wrong.Context.Path {
			if p.Command != nil {
				name += " " + p.Command.Name
			}
		}
	}
	return name
}
