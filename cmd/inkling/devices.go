package main

import (
	"encoding/json"
	"fmt"

	"inkling/capture/mic"
)

type devicesCmd struct {
	JSON bool `help:"Print one JSON array."`
}

func (c devicesCmd) Run(a *app) error {
	devices, err := mic.Devices()
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(a.data()).Encode(devices)
	}
	if len(devices) == 0 {
		return fmt.Errorf("no microphone found: plug one in, or check that the sound server runs")
	}
	for _, d := range devices {
		mark := " "
		if d.Default {
			mark = "*"
		}
		fmt.Fprintf(a.stdout, "%s %-40s %-12s %d channels, %.0f Hz\n", mark, d.Name, d.Host, d.Channels, d.Rate)
	}
	fmt.Fprintln(a.stdout, "* is the default; choose another with mic:NAME, exact or a part of it")
	return nil
}
