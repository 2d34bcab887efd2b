package train

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// An Option is the declaration of a field of Options, read from the field's tag:
//
//	key      its name in a model's origin.options and in checkpoints; without it the
//	         option changes nothing in the result, or is kept elsewhere
//	flag     its name on a command line; without it there is no flag
//	default  the general default [zero]
//	auto     how the default is chosen, in words
//	range    least and greatest value, as least..greatest
//	choices  the values of a string
//	presets  other defaults, as preset=value
//	group    the heading under which it is listed
//	help     what it does, in a sentence
//	unit     bytes or dB, where the value has such a unit
//	only     what it is for, if not for all: labels, next, steps or text
//	inert    a value other than zero that may stand where the option is not for the data
//	plain    true if Options.Plain switches it off
//	inverse  true if the flag says the opposite of the field
//	omit     a value that is not kept, as zero is not
//	zero     how zero is kept, where it is
//
// The last three keep the files of version 0.1 as they are.
type Option struct {
	Field   string // of Options
	Key     string
	Flag    string
	Default string
	Auto    string
	Low     float64
	High    float64
	Choices []string
	Presets map[Preset]string
	Group   string
	Help    string
	Unit    string
	Only    string
	Type    reflect.Type // of the value of the flag

	index                int
	bounded              bool
	plain, inverse       bool
	inert, omitted, zero string
}

// Declared returns the declarations of all options, in the order of their fields.
func Declared() []Option { return slices.Clone(declared()) }

var declared = sync.OnceValue(func() (all []Option) {
	t := reflect.TypeFor[Options]()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag != "" {
			all = append(all, declare(i, f))
		}
	}
	return all
})

// declare reads a field's tag. A tag that cannot be read is a mistake in this package.
func declare(index int, f reflect.StructField) Option {
	tag := f.Tag.Get
	d := Option{Field: f.Name, Key: tag("key"), Flag: tag("flag"), Default: tag("default"), Auto: tag("auto"), Group: tag("group"),
		Help: tag("help"), Unit: tag("unit"), Only: tag("only"), Type: f.Type, Presets: map[Preset]string{}, index: index,
		plain: tag("plain") == "true", inverse: tag("inverse") == "true", inert: tag("inert"), omitted: tag("omit"), zero: tag("zero")}
	if c := tag("choices"); c != "" {
		d.Choices = strings.Split(c, ",")
	}
	if low, high, ok := strings.Cut(tag("range"), ".."); ok {
		d.bounded, d.Low, d.High = true, number(low), number(high)
	}
	for _, p := range strings.Fields(tag("presets")) {
		name, value, _ := strings.Cut(p, "=")
		d.Presets[Preset(name)] = value
	}
	return d
}

func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err) // of a tag
	}
	return v
}

// in is the option's field of o.
func (d *Option) in(o *Options) reflect.Value { return reflect.ValueOf(o).Elem().Field(d.index) }

// float is the option's value in o; that of a bool is 0 or 1, that of a string 0.
func (d *Option) float(o *Options) float64 {
	switch v := d.in(o); v.Kind() {
	case reflect.Float64:
		return v.Float()
	case reflect.Int, reflect.Int64:
		return float64(v.Int())
	case reflect.Bool:
		if v.Bool() {
			return 1
		}
	}
	return 0
}

// put parses text, which a tag holds, into the option's field of o; "" is zero.
func (d *Option) put(o *Options, text string) {
	v := d.in(o)
	if text == "" {
		v.SetZero()
		return
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(text == "true")
	case reflect.Float64:
		v.SetFloat(number(text))
	case reflect.Uint64:
		var n uint64
		n, err = strconv.ParseUint(text, 10, 64)
		v.SetUint(n)
	default:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
	}
	if err != nil {
		panic(err) // of a tag
	}
}

// set gives the option's field of o what the flag's value v means.
func (d *Option) set(o *Options, v any) error {
	x := reflect.ValueOf(v)
	if !x.IsValid() || x.Kind() != d.Type.Kind() {
		return fmt.Errorf("train.Options.%s is a %T: give a %s", d.Field, v, d.Type.Kind())
	}
	if d.inverse {
		x = reflect.ValueOf(!x.Bool())
	}
	d.in(o).Set(x.Convert(d.Type))
	return d.check(o)
}

// check explains why the option's value in o cannot be; nil if it can.
func (d *Option) check(o *Options) error {
	if d.Choices != nil {
		if s := d.in(o).String(); !slices.Contains(d.Choices, s) {
			return fmt.Errorf("train.Options.%s is %q: give %s", d.Field, s, oneOf(d.Choices))
		}
		return nil
	}
	if !d.bounded {
		return nil
	}
	if v := d.float(o); !(v >= d.Low && v <= d.High) {
		return fmt.Errorf("train.Options.%s is %v: give %s", d.Field, d.in(o).Interface(), d.Range())
	}
	return nil
}

// Range is the range in words, such as "0 to 0.9"; "" without one.
func (d *Option) Range() string {
	switch {
	case d.Choices != nil:
		return oneOf(d.Choices)
	case d.bounded:
		return plainly(d.Low) + " to " + plainly(d.High)
	}
	return ""
}

// plainly writes whole numbers without exponent.
func plainly(v float64) string {
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// oneOf lists words: a, b or c.
func oneOf[S ~string](words []S) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// kept lists the options that change the result, as model files and checkpoints keep
// them: those that are not zero.
func (o *Options) kept() map[string]string {
	out := map[string]string{}
	for i := range declared() {
		d := &declared()[i]
		v := d.in(o)
		text := fmt.Sprint(v.Interface())
		switch {
		case d.Key == "" || text == d.omitted:
		case !v.IsZero():
			out[d.Key] = text
		case d.zero != "":
			out[d.Key] = d.zero
		}
	}
	if o.Init != nil {
		out["init"] = o.Init.Hash()
	}
	if o.Background != nil {
		out["background"] = o.Background.Hash
	}
	return out
}
