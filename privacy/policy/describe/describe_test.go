package describe_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"paravent/privacy/policy"
	"paravent/privacy/policy/describe"
	"paravent/privacy/policy/written"
)

var update = flag.Bool("update", false, "write the documents anew")

const folder = "../../../packaging/policy"

func TestTheDocumentsAreThoseOfTheSchema(t *testing.T) {
	for _, d := range describe.Documents() {
		path := filepath.Join(folder, filepath.FromSlash(d.Path))
		if *update {
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(d.Text), 0o644)); err != nil { //nolint:gosec // for everybody to read
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != d.Text {
			t.Errorf("%s is older than the schema (%v): go test ./privacy/policy/describe -update", d.Path, err)
		}
	}
}

func document(t *testing.T, path string) string {
	t.Helper()
	for _, d := range describe.Documents() {
		if d.Path == path {
			return d.Text
		}
	}
	t.Fatalf("there is no %s", path)
	return ""
}

func TestTheReferenceExplainsEveryRuleInBothLanguages(t *testing.T) {
	text := document(t, "reference.md")
	for _, k := range policy.Schema() {
		if n := strings.Count(text, "| `"+k.Name+"` |"); n != 2 {
			t.Errorf("%s is explained %d times", k.Name, n)
		}
	}
}

func TestTheExampleSaysNothingUntilItsRulesAreUncommentedAndThenAllOfThem(t *testing.T) {
	text := document(t, "policy.toml.example")
	layers, err := written.Organisation("e", []byte(text))
	if err != nil || layers[0].Said != nil || layers[1].Said != nil {
		t.Errorf("%+v, %v", layers, err)
	}
	said := regexp.MustCompile(`(?m)^#([a-z[])`).ReplaceAllString(text, "$1")
	if layers, err = written.Organisation("e", []byte(said)); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, k := range policy.Schema() {
		i := slices.IndexFunc(layers[0].Said, func(s policy.Said) bool { return s.Key == k.Name })
		if i < 0 || !reflect.DeepEqual(layers[0].Said[i].Value, k.Example) {
			t.Errorf("%s is not in the example, or with another value", k.Name)
		}
	}
}

// A node is an element of XML.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Nodes   []node     `xml:",any"`
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all are the elements of a name, at any depth.
func (n node) all(name string) (found []node) {
	if n.XMLName.Local == name {
		found = append(found, n)
	}
	for _, c := range n.Nodes {
		found = append(found, c.all(name)...)
	}
	return found
}

func parse(t *testing.T, path string) node {
	t.Helper()
	var n node
	d := xml.NewDecoder(strings.NewReader(document(t, path)))
	d.Strict = true
	if err := d.Decode(&n); err != nil {
		t.Fatalf("%s is not well formed: %v", path, err)
	}
	if _, err := d.Token(); err != nil && !errors.Is(err, io.EOF) {
		if s := strings.TrimSpace(err.Error()); s != "" {
			t.Fatalf("%s: %s", path, s)
		}
	}
	return n
}

func TestTheTemplatesAreWellFormedAndEveryStringIsThereInBothLanguages(t *testing.T) {
	raw := document(t, "paravent.admx")
	admx := parse(t, "paravent.admx")
	ref := regexp.MustCompile(`\$\((string|presentation)\.([A-Za-z0-9_]+)\)`)
	wanted := make(map[string]bool)
	for _, m := range ref.FindAllStringSubmatch(raw, -1) {
		wanted[m[1]+" "+m[2]] = true
	}
	for _, path := range []string{"en-US/paravent.adml", "de-DE/paravent.adml"} {
		adml := parse(t, path)
		has := make(map[string]bool)
		for _, kind := range []string{"string", "presentation"} {
			for _, n := range adml.all(kind) {
				id := kind + " " + n.attr("id")
				if has[id] {
					t.Errorf("%s: %s is there twice", path, id)
				}
				has[id] = true
				if kind == "string" && strings.TrimSpace(n.Text) == "" {
					t.Errorf("%s: %s is empty", path, id)
				}
			}
		}
		if !reflect.DeepEqual(has, wanted) {
			t.Errorf("%s has %d words, and the template wants %d", path, len(has), len(wanted))
		}
		for _, p := range adml.all("presentation") {
			for _, box := range p.Nodes {
				if box.attr("refId") != p.attr("id") {
					t.Errorf("%s: %s asks for %s", path, p.attr("id"), box.attr("refId"))
				}
			}
		}
	}
	categories := make(map[string]bool)
	for _, c := range admx.all("category") {
		categories[c.attr("name")] = true
	}
	for _, p := range admx.all("parentCategory") {
		if !categories[p.attr("ref")] {
			t.Errorf("there is no category %s", p.attr("ref"))
		}
	}
}

// What the templates write into the registry is what the reader understands.
func TestWhatTheTemplatesWriteIsRead(t *testing.T) {
	root := written.Registry{Keys: map[string]written.Registry{"Mandatory": {Values: map[string]any{}}, "Defaults": {Values: map[string]any{}}}}
	for _, p := range parse(t, "paravent.admx").all("policy") {
		section, ok := strings.CutPrefix(p.attr("key"), `Software\Policies\Paravent\`)
		if !ok || p.attr("class") != "Machine" {
			t.Fatalf("%s writes to %s of %s", p.attr("name"), p.attr("key"), p.attr("class"))
		}
		values := root.Keys[section].Values
		if name := p.attr("valueName"); name != "" {
			values[name] = uint64(1)
			continue
		}
		e := p.all("elements")[0].Nodes[0]
		k, _ := policy.Find(e.attr("valueName"))
		switch e.XMLName.Local {
		case "decimal":
			values[k.Name] = uint64(k.Example.(int64)) //nolint:gosec // an example is no negative number
		case "multiText":
			values[k.Name] = strings.Split(k.Write(k.Example), ", ")
		default:
			values[k.Name] = k.Write(k.Example)
		}
	}
	layers, err := written.OfRegistry(`HKLM\P`, root)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range layers {
		want := 0
		for _, k := range policy.Schema() {
			if k.Floor || i == 1 && k.OrganisationOnly {
				continue
			}
			want++
			at := slices.IndexFunc(l.Said, func(s policy.Said) bool { return s.Key == k.Name })
			if at < 0 || !reflect.DeepEqual(l.Said[at].Value, k.Example) {
				t.Errorf("%s of the section %d is not what the template wrote", k.Name, i)
			}
		}
		if len(l.Said) != want {
			t.Errorf("%d rules were read, want %d", len(l.Said), want)
		}
	}
}
