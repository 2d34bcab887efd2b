package main

import (
	"regexp"
	"strings"
)

// flagOf says by which flag the command line sets a field that a library's message
// names. Messages name fields as Type.Field or package.Type.Field; an entry with a
// package counts for that package alone.
var flagOf = map[string]string{
	"BeatOptions.Labels":             "--labels",
	"BeatOptions.Leads":              "--leads",
	"BeatOptions.Rate":               "--rate",
	"BeatOptions.Segment":            "--segment",
	"Config.After":                   "--after",
	"Config.Before":                  "--before",
	"Config.Decimate":                "--decimate",
	"Config.Deltas":                  "--deltas",
	"Config.Hold":                    "--hold",
	"Config.Kind":                    "--segment",
	"Config.LevelDBFS":               "--level",
	"Config.MaxDuration":             "--maximum",
	"Config.MinDuration":             "--minimum",
	"Config.OffDB":                   "--off",
	"Config.OnDB":                    "--on",
	"Config.PreRoll":                 "--pre-roll",
	"Config.Running":                 "--running",
	"Config.Samples":                 "--samples",
	"Config.Steps":                   "--steps",
	"Config.Wait":                    "--wait",
	"export.Options.Segment":         "--segment",
	"export.Options.State":           "--running-state",
	"export.Options.Steps":           "--steps",
	"ForecastOptions.Ahead":          "--ahead",
	"Format.Channels":                "--channels",
	"Format.Columns":                 "--columns",
	"Format.Encoding":                "--format",
	"Format.Names":                   "--names",
	"Format.Rate":                    "--rate",
	"GridOptions.Bridge":             "--bridge",
	"GridOptions.Fill":               "--fill",
	"GridOptions.Late":               "--late",
	"GridOptions.Rate":               "--rate",
	"Options.Ahead":                  "--ahead",
	"Options.Background":             "--background",
	"Options.Axes":                   "--axes",
	"Options.BPTTSteps":              "--truncate",
	"Options.CA":                     "--tls-ca",
	"Options.Carry":                  "--carry",
	"Options.Cert":                   "--tls-cert",
	"Options.Channels":               "--channels",
	"Options.Clip":                   "--clip",
	"Options.Columns":                "--columns",
	"Options.Confidence":             "--confidence",
	"Options.Context":                "--context",
	"Options.Crop":                   "--crop",
	"Options.Creds":                  "--creds",
	"Options.Device":                 "--device",
	"Options.Duration":               "--duration",
	"Options.Epochs":                 "--epochs",
	"Options.Every":                  "--every",
	"Options.Folds":                  "--folds",
	"Options.Front":                  "--front",
	"Options.Join":                   "--join",
	"Options.Key":                    "--tls-key",
	"Options.LR":                     "--lr",
	"Options.Level":                  "--level",
	"Options.Label":                  "--columns label=NAME",
	"Options.Leads":                  "--leads",
	"Options.NKey":                   "--nkey",
	"Options.Password":               "--password",
	"Options.Pause":                  "--pause",
	"Options.Predict":                "--predict",
	"Options.Preset":                 "--preset",
	"Options.Rate":                   "--rate",
	"Options.Running":                "--running",
	"Options.SNR":                    "--snr",
	"Options.Segment":                "--segment",
	"Options.Signals":                "--signals",
	"Options.SkipBad":                "--skip-bad",
	"Options.Split":                  "--split",
	"Options.Stream":                 "--carry",
	"Options.Time":                   "--columns time=NAME",
	"Options.TimeUnit":               "--time-unit",
	"Options.Token":                  "--user",
	"Options.URLs":                   "--urls",
	"Options.Unlabelled":             "--unlabelled",
	"Options.User":                   "--user",
	"PCMFormat.Channels":             "--channels",
	"PCMFormat.Encoding":             "--format",
	"PCMFormat.Rate":                 "--rate",
	"RunOptions.Drain":               "--drain",
	"RunOptions.Keep":                "--outage-memory",
	"RunOptions.Memory":              "--max-memory",
	"RunOptions.Save":                "--save-every",
	"RunOptions.State":               "--state",
	"RunOptions.Streams":             "--max-streams",
	"SourceOptions.Clock":            "--clock",
	"SourceOptions.Format":           "--format",
	"SourceOptions.KeepRepeats":      "--keep-repeats",
	"SourceOptions.Samples":          "--max-samples",
	"SourceOptions.Prefix":           "--to",
	"SpillOptions.Dir":               "--spill",
	"SpillOptions.Max":               "--spill-max",
	"StreamOptions.IgnoreUnknown":    "--ignore-unknown",
	"StreamOptions.Segment":          "--segment",
	"StreamOptions.Tolerance":        "--tolerance",
	"TableOptions.Bridge":            "--bridge",
	"TableOptions.Columns":           "--columns",
	"TableOptions.Fill":              "--fill",
	"TableOptions.Label":             "--columns label=NAME",
	"TableOptions.Rate":              "--rate",
	"TableOptions.Signals":           "--signals",
	"TableOptions.TestFiles":         "--test-files",
	"TableOptions.Time":              "--columns time=NAME",
	"TableOptions.TimeUnit":          "--time-unit",
	"TableOptions.TrainFiles":        "--train-files",
	"TableOptions.Unlabelled":        "--unlabelled",
	"feature.Config.Kind":            "--front",
	"stream.Options.Background":      "--report-background",
	"keep.Options.Age":               "--keep-days",
	"keep.Options.Daily":             "--keep-daily",
	"keep.Options.Dir":               "--keep",
	"keep.Options.Max":               "--keep-max",
	"keep.Options.Unsure":            "--keep-unsure",
	"keep.Options.When":              "--keep-when",
	"train.Options.ActivationBudget": "--memory",
}

// fieldName matches a field as messages name it.
var fieldName = regexp.MustCompile(`\b(?:[a-z][a-z0-9]*\.)?[A-Z]?[A-Za-z]*(?:Options|Config|Format)\.[A-Z]\w*`)

// noColumn writes "there is no such column" as --columns takes it.
var noColumn = strings.NewReplacer(`=NAME to "-"`, "=-", `=NAME "-"`, "=-")

// flags replaces the fields that a library's message names by the flags that set them.
// Fields without a flag stay as they are.
func flags(message string) string {
	message = fieldName.ReplaceAllStringFunc(message, func(name string) string {
		if flag, ok := flagFor(name); ok {
			return flag
		}
		if head, rest, ok := strings.Cut(name, "."); ok && strings.ToLower(head[:1]) == head[:1] {
			name = rest
		}
		if flag, ok := flagOf[name]; ok {
			return flag
		}
		return name
	})
	return noColumn.Replace(message)
}

// flagFor looks name up in flagOf and among the options of training, whose declarations
// name their flags.
func flagFor(name string) (string, bool) {
	if field, ok := strings.CutPrefix(name, "train.Options."); ok {
		if flag, ok := trainFlag(field); ok {
			return flag, true
		}
	}
	flag, ok := flagOf[name]
	return flag, ok
}
