//go:build !edge

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream/evaluate"
	"inkling/stream/parity"
)

type verifyCmd struct {
	Model     string `arg:"" help:"A model file, or bundled:notes."`
	Data      string `arg:"" optional:"" help:"Labelled data, as for train. Without it, the self-test of the model file is run."`
	readFlags `group:"Data"`
	Examples  int    `within:"0..1e9" short:"n" help:"How many examples to check, chosen at random; of electrocardiograms the first heartbeats of each record. 0 checks all." default:"20"`
	Seed      uint64 `help:"Chooses the examples and the block sizes." default:"1"`
	JSON      bool   `help:"Print one JSON object."`

	Samples   string  `group:"Exported code" help:"Write the samples of the chosen examples to this file, as the program of export reads them, and prove nothing." placeholder:"FILE"`
	Against   string  `group:"Exported code" help:"Compare the events that this program printed of these samples with those of the model; without data, of vectors.txt." placeholder:"device.log"`
	Tolerance float64 `within:"0..1" with:"against" group:"Exported code" help:"How far a probability may be from the model's." default:"0.0001"`
}

func (c *verifyCmd) Help() string {
	return `Without data: the model file holds what the network said of a made-up signal on the machine that wrote it, and this machine must say the same.

With data: every example is computed at once, step by step, in blocks of random sizes, by the classifier of live streams, and by that classifier while its state is saved after every block and restored in turn by this process and by a second one. All of them must agree to the last bit. The exit code is 1 if they do not.

With --against: what the program of export printed on a device must be the events of this model on the same samples, with the same labels and positions, and probabilities within --tolerance.`
}

func (c *verifyCmd) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	if c.Data == "" && c.Samples == "" && c.Against == "" {
		return c.selfTest(a, m)
	}
	if c.Samples != "" || c.Against != "" {
		return c.device(a, m)
	}
	other, err := startOther(a, c.Model)
	if err != nil {
		return err
	}
	p := parity.New(m, rand.New(rand.NewPCG(c.Seed, 0)))
	p.Elsewhere = other
	if err := errors.Join(c.check(a, m, p), other.end()); err != nil {
		return err
	}
	return c.print(a, &p.Result)
}

// selfTest runs the self-test of the model's file.
func (c *verifyCmd) selfTest(a *app, m *model.Model) error {
	r, err := m.Test()
	if errors.Is(err, model.ErrNoSelfTest) {
		return fmt.Errorf("%s: %w; or give data to verify it with", c.Model, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.Model, err)
	}
	if c.JSON {
		return json.NewEncoder(a.data()).Encode(r)
	}
	how := fmt.Sprintf("the %s kernels that wrote it round otherwise: at most %.2g apart", m.SelfTest().Where(), r.Greatest)
	if r.Exact {
		how = "equal to the bit"
	}
	fmt.Fprintf(a.stdout, "self-test of the file: %d steps, %d values; %s\n", r.Steps, r.Values, how)
	return nil
}

// check passes the chosen data to p.
func (c *verifyCmd) check(a *app, m *model.Model, p *parity.Check) error {
	c.model, c.recordings = &m.Config, m.HasNext()
	if m.Config.Segment.Kind == segment.Beat && !m.HasNext() {
		return c.checkRecords(a, m, p)
	}
	if c.Segment == segment.Beat {
		return usagef("--segment beat: %s is no model of heartbeats: leave it out", c.Model)
	}
	set, order, err := c.chosen(a, m)
	if err != nil {
		return err
	}
	for _, i := range order {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		if err := p.Example(set.Examples[i].Samples, set.Channels); err != nil {
			return fmt.Errorf("%s: %w", set.Examples[i].Name, err)
		}
	}
	return nil
}

// chosen returns the data and the indices of the chosen examples.
func (c *verifyCmd) chosen(a *app, m *model.Model) (set *dataset.Set, order []int, err error) {
	if set, err = c.open(a, c.Data, m.Config.Rate); err != nil {
		return nil, nil, err
	}
	if c.Split != "" {
		if set, err = set.Split(c.Split); err != nil {
			return nil, nil, err
		}
	}
	order = rand.New(rand.NewPCG(c.Seed, 0)).Perm(len(set.Examples))
	if c.Examples > 0 {
		order = order[:min(c.Examples, len(order))]
	}
	return set, order, nil
}

// checkRecords passes electrocardiograms to p.
func (c *verifyCmd) checkRecords(a *app, m *model.Model, p *parity.Check) error {
	list, err := c.wholeRecords(a, c.Data, c.Split)
	if err != nil {
		return err
	}
	for i := range list {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		leads := c.Leads
		if len(leads) == 0 {
			if leads, err = evaluate.Leads(m, &list[i]); err != nil {
				return err
			}
		}
		clip, err := list[i].Signal(leads)
		if err == nil {
			err = p.Record(clip.Samples, clip.Rate, clip.Channels, c.Examples)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", list[i].File, err)
		}
	}
	return nil
}

// print prints the result and returns an error if there is a difference.
func (c *verifyCmd) print(a *app, r *parity.Result) error {
	if c.JSON {
		json.NewEncoder(a.data()).Encode(r)
	} else {
		fmt.Fprintf(a.stdout, "%d examples, %d steps; greatest difference of a value from the whole sequence at once:\n", r.Examples, r.Steps)
		fmt.Fprintf(a.stdout, "  step by step           %g\n  random block sizes     %g\n  live classifier        %g\n  saved and restored     %g\n", r.Step, r.Blocks, r.Stream, r.Restored)
	}
	if r.Different > 0 {
		return fmt.Errorf("%d values differ: this is a fault of inkling; please report it with the output of `inkling version`", r.Different)
	}
	if !c.JSON {
		fmt.Fprintln(a.stdout, "equal to the bit")
	}
	return nil
}

// restoreCmd is the second process of verify.
type restoreCmd struct {
	Model string `arg:""`
}

func (c *restoreCmd) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	return parity.Serve(m, a.stdin, a.rawOut)
}

// other is a second process that restores states.
type other struct {
	*parity.Remote
	cmd   *exec.Cmd
	stdin io.Closer
}

// startOther starts this program once more.
func startOther(a *app, modelFile string) (*other, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("starting a second process to restore states in: %w", err)
	}
	cmd := exec.CommandContext(a.ctx, exe, "restore-states", modelFile)
	cmd.Args[0] = "inkling"
	cmd.Stderr = a.rawErr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a second process to restore states in: %w", err)
	}
	return &other{parity.NewRemote(out, in), cmd, in}, nil
}

// end closes the process's input, at which it ends.
func (o *other) end() error {
	o.stdin.Close()
	if err := o.cmd.Wait(); err != nil {
		return fmt.Errorf("the second process: %w", err)
	}
	return nil
}
