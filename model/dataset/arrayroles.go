package dataset

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"inkling/internal/ndarray"
)

// A rolePart is a pair of variables: sequences and their labels.
type rolePart struct {
	split               string
	x, y, group, splits *ndarray.Array // y and those after it: one element for each sequence; nil: none
}

// arrayRoles say what the variables of a file are.
type arrayRoles struct {
	parts   []rolePart
	rate    float64 // samples per second; 0: not said
	axes    string  // such as NCT; "": not said
	ignored []string
}

// splitWord is the part of a variable's name that says its split.
var splitWord = regexp.MustCompile(`^(training|train|testing|test|validation|valid|val|dev)|(training|train|testing|test|validation|valid|val|dev)$`)

var roleNames = map[string][]string{
	"data":  {"x", "xs", "data", "features", "inputs", "input", "samples", "sequences", "sequence", "signals", "signal", "series", "seqs", "seq", "arr0"},
	"label": {"y", "ys", "label", "labels", "target", "targets", "class", "classes", "category", "categories", "response", "responses", "arr1"},
	"group": {"group", "groups", "subject", "subjects", "speaker", "speakers"},
	"split": {"split", "splits"},
	"rate":  {"fs", "rate", "samplerate", "samplingrate", "samplefrequency", "samplingfrequency", "sr"},
	"axes":  {"axes", "layout"},
}

// roleOf returns the role and the split that the name of a variable says.
func roleOf(name string) (role, split string) {
	name = name[strings.LastIndexByte(name, '.')+1:]
	name = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name))
	if at := splitWord.FindStringIndex(name); at != nil {
		split, _ = splitName(name[at[0]:at[1]])
		name = name[:at[0]] + name[at[1]:]
	}
	switch {
	case split != "" && name == "":
		return "data", split
	case split != "" && name == "t": // MATLAB's TTrain
		return "label", split
	}
	for role, names := range roleNames {
		if slices.Contains(names, name) {
			return role, split
		}
	}
	return "", split
}

// roles finds the sequences and the labels by name, or else by shape.
func (v *variables) roles(o Options) (*arrayRoles, error) {
	o.uses().axes, o.uses().columns = true, true
	r := &arrayRoles{axes: o.Axes}
	for _, a := range v.list {
		role, split := roleOf(a.Name)
		for part, name := range o.Columns {
			switch {
			case strings.EqualFold(name, a.Name):
				role, split = part, ""
			case role == part:
				role = ""
			}
		}
		if err := r.take(v, a, role, split); err != nil {
			return nil, err
		}
	}
	for part, name := range o.Columns {
		if !slices.ContainsFunc(v.list, func(a *ndarray.Array) bool { return strings.EqualFold(a.Name, name) }) {
			return nil, fmt.Errorf("%s: there is no variable %q, which Options.Columns names (%s=NAME): there are %s", v.file, name, part, v)
		}
	}
	if err := r.byShape(v); err != nil {
		return nil, err
	}
	if whole := slices.IndexFunc(r.parts, func(p rolePart) bool { return p.split == "" }); whole >= 0 && len(r.parts) > 1 {
		p := r.parts[whole]
		for _, a := range []*ndarray.Array{p.x, p.y, p.group, p.splits} {
			if a != nil {
				r.ignored = append(r.ignored, a.Name)
			}
		}
		r.parts = slices.Delete(r.parts, whole, whole+1)
	}
	return r, r.check(v)
}

// take gives a variable its role.
func (r *arrayRoles) take(v *variables, a *ndarray.Array, role, split string) error {
	switch role {
	case "rate":
		if a.Float != nil && a.Size() == 1 {
			r.rate = a.Float(0)
			return nil
		}
	case "axes":
		if a.Text != nil && a.Size() == 1 {
			if r.axes == "" {
				r.axes = a.Text(0)
			}
			return nil
		}
	case "data", "label", "group", "split":
		p := r.part(split)
		slot := map[string]**ndarray.Array{"data": &p.x, "label": &p.y, "group": &p.group, "split": &p.splits}[role]
		if *slot != nil {
			return fmt.Errorf("%s: both %s and %s may be the %s: name one (Options.Columns, %s=NAME)", v.file, (*slot).Name, a.Name, role, role)
		}
		*slot = a
		return nil
	}
	r.ignored = append(r.ignored, a.Name)
	return nil
}

func (r *arrayRoles) part(split string) *rolePart {
	at := slices.IndexFunc(r.parts, func(p rolePart) bool { return p.split == split })
	if at < 0 {
		at, r.parts = len(r.parts), append(r.parts, rolePart{split: split})
	}
	return &r.parts[at]
}

// byShape finds the sequences and the labels of a file whose names do not say which they are.
func (r *arrayRoles) byShape(v *variables) error {
	if slices.ContainsFunc(r.parts, func(p rolePart) bool { return p.x != nil && p.split != "" }) {
		return nil
	}
	p := r.part("")
	if p.x == nil {
		x, err := r.pick(v, func(a *ndarray.Array) bool { return a.Cell != nil && mayBeSequences(a) }, "data")
		if x == nil && err == nil {
			x, err = r.pick(v, func(a *ndarray.Array) bool { return a.Cell == nil && mayBeSequences(a) }, "data")
		}
		if err != nil {
			return err
		}
		p.x = x
	}
	if p.x != nil && p.y == nil {
		n := p.x.Shape[0]
		if p.x.Cell != nil {
			n = p.x.Size()
		}
		y, err := r.pick(v, func(a *ndarray.Array) bool {
			return a != p.x && a.Fields == nil && a.Squeeze().Shape[0] == n && n > 1 && len(a.Squeeze().Shape) == 1
		}, "label")
		if err != nil {
			return err
		}
		p.y = y
	}
	return nil
}

// mayBeSequences reports whether a has the shape of several sequences.
func mayBeSequences(a *ndarray.Array) bool {
	if a.Cell != nil {
		return a.Size() > 0 && a.Cell(0).Float != nil && a.Cell(0).Size() > 1 || len(a.Shape) == 2 && a.Shape[1] == 2 && a.Cell(a.Strides[1]).Float != nil
	}
	return a.Float != nil && len(a.Squeeze().Shape) >= 2
}

// pick takes the only ignored variable that fits; nil if there is none.
func (r *arrayRoles) pick(v *variables, fits func(a *ndarray.Array) bool, role string) (*ndarray.Array, error) {
	var found *ndarray.Array
	for _, a := range v.list {
		if !slices.Contains(r.ignored, a.Name) || !fits(a) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%s: both %s and %s may be the %s: name one (Options.Columns, %s=NAME)", v.file, found.Name, a.Name, role, role)
		}
		found = a
	}
	if found != nil {
		r.ignored = slices.DeleteFunc(r.ignored, func(n string) bool { return n == found.Name })
	}
	return found, nil
}

// check returns an error if there are no sequences, or if what is needed cannot be read.
func (r *arrayRoles) check(v *variables) error {
	for _, p := range r.parts {
		for _, a := range []*ndarray.Array{p.x, p.y, p.group, p.splits} {
			if a != nil && a.Refused != nil {
				return fmt.Errorf("%s: %s: %w", v.file, a.Name, a.Refused)
			}
		}
		if p.x == nil {
			for _, a := range v.list {
				if a.Refused != nil && a != p.y {
					return fmt.Errorf("%s: %s: %w", v.file, a.Name, a.Refused)
				}
			}
			return fmt.Errorf("%s: no variable has the sequences: there are %s; name it (Options.Columns, data=NAME)", v.file, v)
		}
	}
	return nil
}

// beside adds the .npy files in the folder of v that belong to it: for X.npy y.npy, for
// X_train.npy y_train.npy, for NAME.npy NAME_y.npy or NAME_labels.npy.
func (v *variables) beside(fsys fs.FS, o Options) error {
	x := v.list[0]
	role, split := roleOf(x.Name)
	if role != "data" {
		x.Name = "X"
	}
	stem := strings.TrimSuffix(path.Base(v.file), path.Ext(v.file))
	entries, err := fs.ReadDir(fsys, path.Dir(v.file))
	if err != nil {
		return nil // a file system without folders
	}
	for _, e := range entries {
		name, isNpy := strings.CutSuffix(e.Name(), ".npy")
		if !isNpy || name == stem || e.IsDir() {
			continue
		}
		own, isOwn := strings.CutPrefix(name, stem+"_")
		if !isOwn {
			own = name
		}
		r, s := roleOf(own)
		if r == "" || r == "data" || !isOwn && (s != split || role != "data") {
			continue
		}
		more, err := readVariables(fsys, path.Join(path.Dir(v.file), e.Name()))
		if err != nil {
			return err
		}
		more.list[0].Name = own
		v.list = append(v.list, more.list[0])
	}
	return nil
}

// arrayFolder reads the .npy files of a folder that belong together by their names: X.npy and
// y.npy, or X_train.npy, y_train.npy and so on. It returns nil for other folders.
func arrayFolder(fsys fs.FS, dir string, entries []fs.DirEntry) (*variables, error) {
	v := &variables{file: dir}
	var files []string
	roles := map[string]bool{}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".npy"); ok && !hidden(name) && !e.IsDir() {
			role, _ := roleOf(name)
			roles[role] = true
			files = append(files, e.Name())
		}
	}
	if !roles["data"] || !roles["label"] {
		return nil, nil
	}
	for _, f := range files {
		one, err := readVariables(fsys, path.Join(dir, f))
		if err != nil {
			return nil, err
		}
		v.list = append(v.list, one.list...)
	}
	return v, nil
}
