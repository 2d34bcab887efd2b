// Command image writes a container image that holds one static program and nothing else, for
// several processors, as an archive of an OCI image layout (github.com/opencontainers/
// image-spec): image OUT.tar GOARCH=FILE…
//
// Equal files give equal bytes. The program is the entry point, and runs as a user without
// rights; its working directory, /data, is a volume.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: image OUT.tar GOARCH=FILE…")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(out string, programs []string) error {
	i := &image{when: time.Unix(0, 0).UTC(), version: os.Getenv("VERSION"), blobs: map[string][]byte{}}
	if s := os.Getenv("SOURCE_DATE_EPOCH"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
		}
		i.when = time.Unix(n, 0).UTC()
	}
	for _, p := range programs {
		arch, file, ok := strings.Cut(p, "=")
		if !ok {
			return fmt.Errorf("%s: give GOARCH=FILE", p)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := i.add(arch, data); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	return errors.Join(i.write(f), f.Close())
}

const (
	indexType    = "application/vnd.oci.image.index.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// An image collects blobs by their digests.
type image struct {
	when      time.Time
	version   string
	blobs     map[string][]byte
	manifests []descriptor
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
}

type manifest struct {
	Version   int          `json:"schemaVersion"`
	MediaType string       `json:"mediaType"`
	Config    descriptor   `json:"config"`
	Layers    []descriptor `json:"layers"`
}

type index struct {
	Version   int          `json:"schemaVersion"`
	MediaType string       `json:"mediaType"`
	Manifests []descriptor `json:"manifests"`
}

type config struct {
	Created time.Time `json:"created"`
	platform
	Config  settings `json:"config"`
	RootFS  rootFS   `json:"rootfs"`
	History []past   `json:"history"`
}

type settings struct {
	User       string              `json:"User"`
	Entrypoint []string            `json:"Entrypoint"`
	Cmd        []string            `json:"Cmd"`
	WorkingDir string              `json:"WorkingDir"`
	Volumes    map[string]struct{} `json:"Volumes"`
	Labels     map[string]string   `json:"Labels"`
}

type rootFS struct {
	Type  string   `json:"type"`
	Diffs []string `json:"diff_ids"`
}

type past struct {
	Created time.Time `json:"created"`
	By      string    `json:"created_by"`
}

// nobody is the user of the program.
const nobody = 65532

// add adds the program for a processor.
func (i *image) add(arch string, program []byte) error {
	if !bytes.HasPrefix(program, []byte("\x7fELF")) {
		return errors.New("it is no program for Linux")
	}
	layer, err := i.layer(program)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(layer)
	if err := z.Close(); err != nil {
		return err
	}
	p := platform{Architecture: arch, OS: "linux"}
	if arch == "arm" {
		p.Variant = "v7"
	}
	c, err := i.json(configType, config{Created: i.when, platform: p,
		Config: settings{User: fmt.Sprint(nobody), Entrypoint: []string{"/inkling"}, Cmd: []string{"serve", "/data/serve.toml"}, WorkingDir: "/data",
			Volumes: map[string]struct{}{"/data": {}}, Labels: map[string]string{"org.opencontainers.image.title": "inkling",
				"org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.version": i.version}},
		RootFS: rootFS{"layers", []string{digest(layer)}}, History: []past{{i.when, "packaging/image"}}})
	if err != nil {
		return err
	}
	m, err := i.json(manifestType, manifest{2, manifestType, c, []descriptor{i.blob(layerType, packed.Bytes())}})
	if err != nil {
		return err
	}
	m.Platform = &p
	i.manifests = append(i.manifests, m)
	return nil
}

// layer returns the archive of the program and of its folders.
func (i *image) layer(program []byte) ([]byte, error) {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "data/", Typeflag: tar.TypeDir, Mode: 0o755, Uid: nobody, Gid: nobody},
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: "inkling", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(program))},
	} {
		h.ModTime, h.Format = i.when, tar.FormatPAX
		if err := t.WriteHeader(&h); err != nil {
			return nil, err
		}
	}
	if _, err := t.Write(program); err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (i *image) blob(kind string, b []byte) descriptor {
	d := digest(b)
	i.blobs[d] = b
	return descriptor{MediaType: kind, Digest: d, Size: len(b)}
}

func (i *image) json(kind string, v any) (descriptor, error) {
	b, err := json.Marshal(v)
	return i.blob(kind, b), err
}

// write writes the archive of the layout: its index names one image for all processors.
func (i *image) write(w io.Writer) error {
	all, err := i.json(indexType, index{2, indexType, i.manifests})
	if err != nil {
		return err
	}
	all.Annotations = map[string]string{"org.opencontainers.image.ref.name": "latest"}
	if i.version != "" {
		all.Annotations["org.opencontainers.image.ref.name"] = i.version
	}
	top, err := json.Marshal(index{2, indexType, []descriptor{all}})
	if err != nil {
		return err
	}
	t := tar.NewWriter(w)
	file := func(name string, b []byte) error {
		if err := t.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(b)), ModTime: i.when, Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err := t.Write(b)
		return err
	}
	err = errors.Join(file("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)), file("index.json", top))
	names := make([]string, 0, len(i.blobs))
	for d := range i.blobs {
		names = append(names, d)
	}
	slices.Sort(names)
	for _, d := range names {
		err = errors.Join(err, file("blobs/"+strings.Replace(d, ":", "/", 1), i.blobs[d]))
	}
	return errors.Join(err, t.Close())
}
