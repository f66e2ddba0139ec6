// Package describe writes the documents of the schema of rules: a reference, an
// example, and the templates of group policies. They are kept in packaging/policy; a
// test fails when they are older than the schema.
package describe

import (
	"fmt"
	"strings"

	"paravent/privacy/policy"
)

// A Document is one of the files.
type Document struct {
	Path string // below packaging/policy
	Text string
}

// Documents are all of them.
func Documents() []Document {
	return []Document{
		{"reference.md", reference()},
		{"policy.toml.example", example()},
		{"paravent.admx", admx()},
		{"en-US/paravent.adml", adml(english)},
		{"de-DE/paravent.adml", adml(german)},
	}
}

// A language chooses one of two texts.
type language func(policy.Words) string

func english(w policy.Words) string { return w.English }
func german(w policy.Words) string  { return w.German }

// grouped are the keys below each heading.
func grouped(g policy.Group) (keys []policy.Key) {
	for _, k := range policy.Schema() {
		if k.Group == g {
			keys = append(keys, k)
		}
	}
	return keys
}

// value says what can be written for a key.
func value(k policy.Key) policy.Words {
	switch k.Form {
	case policy.YesNo:
		return policy.Words{English: "`true` or `false`", German: "`true` oder `false`"}
	case policy.Number:
		return policy.Words{English: fmt.Sprintf("a number, %d to %d", k.Least, k.Most), German: fmt.Sprintf("eine Zahl, %d bis %d", k.Least, k.Most)}
	case policy.Rate:
		return policy.Words{English: "bits a second: `\"128k\"`, `\"2M\"`", German: "Bit je Sekunde: `\"128k\"`, `\"2M\"`"}
	case policy.Path:
		return policy.Words{English: "a file, from the root on", German: "eine Datei, ab der Wurzel"}
	case policy.Text:
		return policy.Words{English: "a text, up to 1000 characters", German: "ein Text, bis 1000 Zeichen"}
	case policy.Choice:
		return policy.Words{English: "one of " + quoted(k.Options), German: "eines von " + quoted(k.Options)}
	case policy.Names:
		if k.Options != nil {
			return policy.Words{English: "a list of " + quoted(k.Options), German: "eine Liste aus " + quoted(k.Options)}
		}
		return policy.Words{English: "a list of texts", German: "eine Liste von Texten"}
	case policy.PortRange:
		return policy.Words{English: "ports from 1024 on: `\"50000-50100\"`", German: "Ports ab 1024: `\"50000-50100\"`"}
	case policy.OperatorList:
		return policy.Words{English: "tables with `hosts`, `name`, `jurisdiction`, `notice`", German: "Tabellen mit `hosts`, `name`, `jurisdiction`, `notice`"}
	case policy.HostList:
		return policy.Words{English: "tables with `host`, `purpose`", German: "Tabellen mit `host`, `purpose`"}
	}
	return policy.Words{}
}

func quoted(options []string) string { return "`" + strings.Join(options, "`, `") + "`" }

// notes say what else there is to know of a key.
func notes(k policy.Key) (all []policy.Words) {
	if k.OrganisationOnly {
		all = append(all, policy.Words{English: "Only under `[mandatory]`.", German: "Nur unter `[mandatory]`."})
	}
	if k.Unused {
		all = append(all, policy.Words{
			English: "This version has nothing that it applies to.",
			German:  "In dieser Version gibt es noch nichts, worauf es sich bezieht.",
		})
	}
	return all
}

// inTOML is a value as one line of a file.
func inTOML(k policy.Key, v any) string {
	switch v := v.(type) {
	case bool, int64:
		if k.Form != policy.Rate {
			return fmt.Sprint(v)
		}
	case []string:
		items := make([]string, 0, len(v))
		for _, s := range v {
			items = append(items, fmt.Sprintf("%q", s))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprintf("%q", k.Write(v))
}

// standard is the program's own value, for a table.
func standard(k policy.Key) string {
	if s := k.Write(k.Default()); s != "" {
		return "`" + s + "`"
	}
	return "–"
}
