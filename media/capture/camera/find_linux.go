package camera

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"paravent/media/capture"
)

// A node is a camera as the system lists it.
type node struct {
	path    string // below /dev
	number  int
	id      string
	label   string
	aliases []string // the names of all links to it
}

func (n node) device(first bool) capture.Device {
	return capture.Device{ID: n.id, Kind: capture.CameraKind, Label: n.label, Default: first}
}

func (n node) is(name string) bool {
	return name == n.id || name == n.path || name == filepath.Base(n.path) ||
		slices.Contains(n.aliases, strings.TrimPrefix(strings.TrimPrefix(name, "/dev/v4l/by-id/"), "/dev/v4l/by-path/"))
}

// Devices reads the list that the kernel and udev keep. It opens no device. An
// ID is the name of the camera's link in /dev/v4l/by-id, or by-path, or of its
// node, in this order: the first that there is.
func (c *Cameras) Devices(ctx context.Context) ([]capture.Device, error) {
	var list []capture.Device
	for i, n := range c.nodes() {
		list = append(list, n.device(i == 0))
	}
	return list, ctx.Err()
}

func (c *Cameras) nodes() []node {
	names, err := filepath.Glob(c.root + "/sys/class/video4linux/video*")
	if err != nil {
		return nil // the pattern is good, so there is none
	}
	links := c.links()
	var nodes []node
	for _, sys := range names {
		base := filepath.Base(sys)
		number, err := strconv.Atoi(strings.TrimPrefix(base, "video"))
		if err != nil || !c.captures(sys) {
			continue
		}
		n := node{path: "/dev/" + base, number: number, id: base, label: line(sys + "/name"), aliases: links[base]}
		if len(n.aliases) > 0 {
			n.id = n.aliases[0]
		}
		if n.label == "" {
			n.label = base
		}
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b node) int { return cmp.Compare(a.number, b.number) })
	return nodes
}

// captures reports whether a node gives pictures: many cameras have a second
// one for other data. udev has asked the node when it appeared. Without udev,
// the first node of a device is the one.
func (c *Cameras) captures(sys string) bool {
	udev, err := os.ReadFile(c.root + "/run/udev/data/c" + line(sys+"/dev"))
	if err == nil {
		for l := range bytes.Lines(udev) {
			if can, ok := bytes.CutPrefix(l, []byte("E:ID_V4L_CAPABILITIES=")); ok {
				return bytes.Contains(can, []byte(":capture:"))
			}
		}
	}
	index := line(sys + "/index")
	return index == "0" || index == ""
}

// links returns the names that lead to each node, by-id before by-path.
func (c *Cameras) links() map[string][]string {
	all := make(map[string][]string)
	for _, by := range []string{"by-id", "by-path"} {
		names, err := filepath.Glob(c.root + "/dev/v4l/" + by + "/*")
		if err != nil {
			continue
		}
		for _, name := range names {
			if to, err := os.Readlink(name); err == nil {
				all[filepath.Base(to)] = append(all[filepath.Base(to)], filepath.Base(name))
			}
		}
	}
	return all
}

// line returns the text of a small file of the kernel, or nothing.
func line(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(b[:min(len(b), 256)]), "�"))
}
