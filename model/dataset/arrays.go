package dataset

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"inkling/internal/matfile"
	"inkling/internal/ndarray"
	"inkling/internal/npy"
)

// isArrays reports whether name is that of a file of arrays.
func isArrays(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".npy", ".npz", ".mat":
		return true
	}
	return false
}

// variables are the arrays of a file, or of several .npy files that belong together.
type variables struct {
	file string
	list []*ndarray.Array
}

// readVariables reads the arrays of a file. Structs are replaced by their fields.
func readVariables(fsys fs.FS, name string) (*variables, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	v := &variables{file: name}
	switch strings.ToLower(path.Ext(name)) {
	case ".npz":
		v.list, err = npy.ReadZip(data, name)
	case ".mat":
		v.list, err = matfile.Parse(data, name)
	default:
		var a *ndarray.Array
		a, err = npy.Parse(data, name)
		v.list = []*ndarray.Array{a}
	}
	if err != nil {
		return nil, err
	}
	v.list = unfold(v.list, 0)
	return v, nil
}

// unfold replaces structs by their fields, and cells of one cell by what is in it.
func unfold(list []*ndarray.Array, depth int) (out []*ndarray.Array) {
	for _, a := range list {
		if a.Fields == nil {
			out = append(out, unwrap(a))
			continue
		}
		for _, f := range a.Fields {
			b := *f
			if b.Size() == 1 {
				b = *f.Cell(0)
			}
			b.Name = a.Name + "." + f.Name
			if b.Fields != nil && depth > 8 {
				continue
			}
			out = append(out, unfold([]*ndarray.Array{&b}, depth+1)...)
		}
	}
	return out
}

// unwrap returns what is in a cell array of one cell that is a cell array itself.
func unwrap(a *ndarray.Array) *ndarray.Array {
	for a.Cell != nil && a.Size() == 1 && a.Cell(0).Cell != nil {
		b := *a.Cell(0)
		b.Name, a = a.Name, &b
	}
	return a
}

// String lists the variables with their shapes.
func (v *variables) String() string {
	var names []string
	for _, a := range v.list {
		names = append(names, fmt.Sprintf("%s (%s %s)", a.Name, a.Dims(), a.Type))
	}
	return brief(names)
}

// matlab reports whether the file is MATLAB's.
func (v *variables) matlab() bool { return strings.EqualFold(path.Ext(v.file), ".mat") }

// item names element i of a variable as the file's program does.
func (v *variables) item(a *ndarray.Array, i int) string {
	switch {
	case a.Cell != nil:
		return fmt.Sprintf("%s:%s{%d}", v.file, a.Name, i+1)
	case v.matlab():
		return fmt.Sprintf("%s:%s(%d)", v.file, a.Name, i+1)
	}
	return fmt.Sprintf("%s:%s[%d]", v.file, a.Name, i)
}

// readArrays reads the sequences and the labels of a file of arrays. For a .npy file the
// labels are in the files beside it.
func (g *gatherer) readArrays(fsys fs.FS, f seqFile) error {
	v, err := readVariables(fsys, f.name)
	if err != nil {
		return err
	}
	if strings.EqualFold(path.Ext(f.name), ".npy") {
		if err := v.beside(fsys, g.o); err != nil {
			return err
		}
	}
	return g.addVariables(v, f.split)
}

// addVariables adds the sequences of v. split is that of all of them; "": as v says.
func (g *gatherer) addVariables(v *variables, split string) error {
	roles, err := v.roles(g.o)
	if err != nil {
		return err
	}
	if err := g.setRate(v.file, roles.rate); err != nil {
		return err
	}
	if len(roles.ignored) > 0 {
		g.set.note("other variables are ignored: %s", brief(roles.ignored))
	}
	for _, p := range roles.parts {
		if split != "" {
			p.split = split
		}
		if err := g.addPart(v, p, roles.axes); err != nil {
			return fmt.Errorf("%s: %w", v.file, err)
		}
	}
	return nil
}

// addPart adds the sequences of a pair of variables.
func (g *gatherer) addPart(v *variables, p rolePart, axes string) error {
	var labels, groups, splits []string
	var err error
	x := p.x
	if p.y == nil && x.Cell != nil && len(x.Shape) == 2 && x.Shape[1] == 2 && x.Shape[0] > 1 {
		x, p.y = labelledCells(x)
	}
	for _, of := range []struct {
		a    *ndarray.Array
		list *[]string
	}{{p.y, &labels}, {p.group, &groups}, {p.splits, &splits}} {
		if of.a != nil {
			if *of.list, err = texts(of.a, v.matlab()); err != nil {
				return err
			}
		}
	}
	n := len(labels)
	if p.y == nil {
		if !g.o.Table.Plain {
			return v.unlabelled(x)
		}
		n = -1
	}
	l, err := layoutOf(x, n, axes)
	if err != nil {
		return err
	}
	if l.note != "" {
		g.set.note("%s", l.note)
	}
	for i, list := range [][]string{labels, groups, splits} {
		if list != nil && len(list) != l.n {
			return fmt.Errorf("%s has %d %s for %d sequences of %s (%s): give one for each", []*ndarray.Array{p.y, p.group, p.splits}[i].Name,
				len(list), []string{"labels", "groups", "splits"}[i], l.n, x.Name, x.Dims())
		}
	}
	for i := range l.n {
		q := sequence{name: v.item(x, i), split: p.split, channels: l.channels(i), from: v.item(x, i)}
		if labels != nil {
			q.label = labels[i]
		}
		if groups != nil {
			q.group = x.Name + " group " + groups[i]
		}
		if splits != nil {
			q.split, _ = splitName(splits[i])
		}
		q.samples = l.samples(i)
		if err := g.add(q); err != nil {
			return err
		}
	}
	return nil
}

// unlabelled says how labels are added.
func (v *variables) unlabelled(x *ndarray.Array) error {
	for _, a := range v.list {
		if a.Refused != nil {
			return fmt.Errorf("%s: %w", a.Name, a.Refused)
		}
	}
	has := fmt.Sprintf("there are no labels for %s among %s", x.Name, v)
	switch {
	case v.matlab():
		return fmt.Errorf("%s: save them beside it, one for each sequence: save('%s', '%s', 'y', '-v7'), or name the variable (Options.Columns, label=NAME)", has, path.Base(v.file), x.Name)
	case strings.EqualFold(path.Ext(v.file), ".npz"):
		return fmt.Errorf("%s: save them beside it, one for each sequence: np.savez('%s', X=X, y=y), or name the array (Options.Columns, label=NAME)", has, path.Base(v.file))
	}
	return fmt.Errorf("%s: put y.npy beside it, with one label for each sequence, or save both: np.savez('data.npz', X=X, y=y)", has)
}

// labelledCells divides a cell array of two columns, sequences and labels, in either order.
func labelledCells(a *ndarray.Array) (x, y *ndarray.Array) {
	column := func(c int) *ndarray.Array {
		return &ndarray.Array{Name: a.Name, Type: a.Type, Shape: []int{a.Shape[0]}, Strides: []int{a.Strides[0]},
			Cell: func(at int) *ndarray.Array { return a.Cell(at + c*a.Strides[1]) }}
	}
	x, y = column(0), column(1)
	if first := x.Cell(0); first.Text != nil || first.Size() == 1 {
		x, y = y, x
	}
	if last := y.Cell(0); last.Text == nil && last.Size() != 1 {
		return a, nil
	}
	return x, y
}

// loadArrays reads files that each hold one sequence.
func loadArrays(fsys fs.FS, files []entry, o Options) (*Set, error) {
	o.uses().axes, o.uses().columns, o.uses().files = true, true, true
	if err := assignSplits(files, &o.Table); err != nil {
		return nil, err
	}
	g := &gatherer{set: &Set{Kind: Series}, o: o}
	all := &ndarray.Array{Name: "files", Type: "file", Strides: []int{1}}
	var list []*ndarray.Array
	var from []entry
	for i, f := range files {
		v, err := readVariables(fsys, f.file)
		var x *ndarray.Array
		if err == nil {
			x, err = v.only(o)
		}
		if err == nil {
			err = g.setRate(f.file, v.rate())
		}
		if err != nil {
			if err = g.skip(err); err != nil {
				return nil, err
			}
			continue
		}
		list, from = append(list, x), append(from, f)
		if o.Progress != nil {
			o.Progress(i+1, len(files))
		}
	}
	all.Shape, all.Cell = []int{len(list)}, func(i int) *ndarray.Array { return list[i] }
	if len(list) == 0 {
		return g.finish(fmt.Errorf("%s: holds no sequence", files[0].file))
	}
	l, err := cellLayout(all, o.Axes, func(i int) string { return from[i].file }, slices.ContainsFunc(from, func(e entry) bool { return !strings.EqualFold(path.Ext(e.file), ".mat") }))
	if err != nil {
		return nil, err
	}
	if l.note != "" {
		g.set.note("%s", l.note)
	}
	for i, f := range from {
		q := sequence{name: f.file, label: f.label, split: f.split, group: f.group, from: f.file, channels: l.channels(i), samples: l.samples(i)}
		if err := g.add(q); err != nil {
			return nil, err
		}
	}
	return g.finish(nil)
}

// rate returns the samples per second that a variable says; 0: none does.
func (v *variables) rate() float64 {
	for _, a := range v.list {
		if role, _ := roleOf(a.Name); role == "rate" && a.Float != nil && a.Size() == 1 {
			return a.Float(0)
		}
	}
	return 0
}

// only returns the sequence of a file that holds one.
func (v *variables) only(o Options) (*ndarray.Array, error) {
	var found []*ndarray.Array
	name := o.Columns["data"]
	for _, a := range v.list {
		if name != "" && strings.EqualFold(a.Name, name) || name == "" && a.Float != nil && a.Size() > 1 {
			found = append(found, a)
		}
	}
	switch {
	case len(found) == 1 && found[0].Float != nil:
		return found[0], nil
	case len(v.list) == 1 && v.list[0].Refused != nil:
		return nil, fmt.Errorf("%s: %w", v.file, v.list[0].Refused)
	case name != "":
		return nil, fmt.Errorf("%s: there is no array of numbers %q, which Options.Columns names (data=NAME): there are %s", v.file, name, v)
	case len(found) == 0:
		return nil, fmt.Errorf("%s: no variable is a sequence of numbers: there are %s", v.file, v)
	}
	return nil, fmt.Errorf("%s: several variables may be the sequence, %s: name one (Options.Columns, data=NAME)", v.file, v)
}
