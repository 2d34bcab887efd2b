package natsio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A node is a decoded value of JSON, or of a table of text. Members keep their order, and
// numbers their text.
type node struct {
	kind nodeKind
	text string // of a number or a string
	keys []string
	list []node // elements, or the values of keys
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	listNode
	objectNode
)

func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// mostNested bounds the arrays and objects within one another.
const mostNested = 16

// parseTree decodes a value, or several that begin on lines of their own, which become the
// elements of an array.
func parseTree(data []byte) (node, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var all []node
	for {
		end := dec.InputOffset()
		n, err := readNode(dec, 0)
		if err == io.EOF && len(all) > 0 {
			break
		}
		if err != nil {
			return n, explainJSON(err, data)
		}
		if between := data[end:]; len(all) > 0 && !bytes.Contains(between[:len(between)-len(bytes.TrimLeft(between, " \t\r\n"))], []byte("\n")) {
			return n, errors.New("JSON: data after the value")
		}
		all = append(all, n)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return node{kind: listNode, list: all}, nil
}

// explainJSON names what is wrong with a text, and the remedy where there is one.
func explainJSON(err error, data []byte) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("JSON: the text ends within a value: the message was cut off")
	case errors.As(err, &syntax) && (bytes.Contains(data, []byte("NaN")) || bytes.Contains(data, []byte("Infinity"))):
		return fmt.Errorf("JSON: %w: write null for a value that is missing", err)
	}
	return fmt.Errorf("JSON: %w", err)
}

func readNode(dec *json.Decoder, depth int) (node, error) {
	token, err := dec.Token()
	if err != nil {
		return node{}, err
	}
	switch v := token.(type) {
	case nil:
		return node{}, nil
	case bool:
		return node{kind: boolNode}, nil
	case json.Number:
		return node{kind: numberNode, text: string(v)}, nil
	case string:
		return node{kind: stringNode, text: v}, nil
	}
	if depth == mostNested {
		return node{}, fmt.Errorf("more than %d arrays and objects within one another", mostNested)
	}
	n := node{kind: listNode}
	if token == json.Delim('{') {
		n.kind = objectNode
	}
	var seen map[string]bool // keys of a large object
	for dec.More() {
		if n.kind == objectNode {
			if len(n.keys) == fewKeys {
				seen = map[string]bool{}
				for _, k := range n.keys {
					seen[k] = true
				}
			}
			if err := n.readKey(dec, seen); err != nil {
				return n, err
			}
		}
		item, err := readNode(dec, depth+1)
		if err != nil {
			return n, inside(err)
		}
		n.list = append(n.list, item)
	}
	_, err = dec.Token()
	return n, inside(err)
}

// inside returns err, in which the end of the text is not the end of a value.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fewKeys is the number of members up to which a list is faster than a map.
const fewKeys = 32

func (n *node) readKey(dec *json.Decoder, seen map[string]bool) error {
	token, err := dec.Token()
	if err != nil {
		return inside(err)
	}
	key := token.(string)
	if seen[key] || seen == nil && n.find(key) != nil {
		return fmt.Errorf("an object with two members %q: give each a name of its own", cut(key))
	}
	if n.keys = append(n.keys, key); seen != nil {
		seen[key] = true
	}
	return nil
}

// find returns the member of an object that has this name, or nil.
func (n *node) find(key string) *node {
	if n.kind == objectNode {
		for i := range n.list {
			if n.keys[i] == key {
				return &n.list[i]
			}
		}
	}
	return nil
}

// number returns the value of a number, also of one that a string holds. quoted reports
// that it was a string.
func (n *node) number() (v float32, quoted bool, err error) {
	text := n.text
	switch n.kind {
	case numberNode:
	case stringNode:
		if text = strings.TrimSpace(text); text == "" || !strings.ContainsAny(text[:1], "+-.0123456789") {
			return 0, true, fmt.Errorf("%s where a number should be", n.kind)
		}
		quoted = true
	default:
		return 0, false, fmt.Errorf("%s where a number should be", n.kind)
	}
	f, err := strconv.ParseFloat(text, 32)
	switch {
	case err == nil:
		return float32(f), quoted, nil
	case errors.Is(err, strconv.ErrRange):
		return 0, quoted, fmt.Errorf("%s is out of range", cut(text))
	}
	return 0, quoted, fmt.Errorf("%s where a number should be", n.kind)
}
