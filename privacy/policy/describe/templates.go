package describe

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"paravent/privacy/policy"
)

// The two sections as keys of the registry, below Software\Policies\Paravent.
const (
	registry  = `Software\Policies\Paravent\`
	mandatory = "Mandatory"
	defaults  = "Defaults"
)

const notice = "<!-- Made from the schema in privacy/policy: go test ./privacy/policy/describe -update -->\n"

// esc is text within XML.
func esc(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// inTemplates are the keys of a section, without those that cannot be changed.
func inTemplates(section string) []policy.Key {
	return slices.DeleteFunc(policy.Schema(), func(k policy.Key) bool {
		return k.Floor || section == defaults && k.OrganisationOnly
	})
}

// admx is the template of the group policies: the schema is that of Microsoft's
// "Group Policy ADMX Syntax Reference Guide".
func admx() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n" + notice)
	b.WriteString(`<policyDefinitions xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">
  <policyNamespaces>
    <target prefix="paravent" namespace="Paravent.Policies"/>
  </policyNamespaces>
  <resources minRequiredRevision="1.0"/>
  <supportedOn>
    <definitions>
      <definition name="any" displayName="$(string.supported)"/>
    </definitions>
  </supportedOn>
  <categories>
    <category name="paravent" displayName="$(string.paravent)"/>
`)
	for _, section := range []string{mandatory, defaults} {
		fmt.Fprintf(&b, "    <category name=\"%[1]s\" displayName=\"$(string.%[1]s)\" explainText=\"$(string.%[1]s_help)\">\n      <parentCategory ref=\"paravent\"/>\n    </category>\n", section)
		for _, g := range policy.Groups() {
			fmt.Fprintf(&b, "    <category name=\"%s\" displayName=\"$(string.group_%s)\">\n      <parentCategory ref=\"%s\"/>\n    </category>\n", category(section, g), id(g), section)
		}
	}
	b.WriteString("  </categories>\n  <policies>\n")
	for _, section := range []string{mandatory, defaults} {
		for _, k := range inTemplates(section) {
			template(&b, section, k)
		}
	}
	b.WriteString("  </policies>\n</policyDefinitions>\n")
	return b.String()
}

func id(g policy.Group) string { return strings.ReplaceAll(string(g), "-", "_") }

func category(section string, g policy.Group) string { return section + "_" + id(g) }

// template is one group policy.
func template(b *strings.Builder, section string, k policy.Key) {
	fmt.Fprintf(b, "    <policy name=\"%s_%s\" class=\"Machine\" displayName=\"$(string.%s)\" explainText=\"$(string.%s_help)\" key=\"%s\"", section, k.Name, k.Name, k.Name, registry+section)
	if k.Form == policy.YesNo {
		fmt.Fprintf(b, " valueName=\"%s\">\n", k.Name)
	} else {
		fmt.Fprintf(b, " presentation=\"$(presentation.%s)\">\n", k.Name)
	}
	fmt.Fprintf(b, "      <parentCategory ref=\"%s\"/>\n      <supportedOn ref=\"any\"/>\n", category(section, k.Group))
	if k.Form == policy.YesNo {
		b.WriteString("      <enabledValue><decimal value=\"1\"/></enabledValue>\n      <disabledValue><decimal value=\"0\"/></disabledValue>\n")
	} else {
		fmt.Fprintf(b, "      <elements>\n        %s\n      </elements>\n", element(k))
	}
	b.WriteString("    </policy>\n")
}

// element is where a group policy's value comes from.
func element(k policy.Key) string {
	named := fmt.Sprintf("id=\"%s\" valueName=\"%s\" required=\"true\"", k.Name, k.Name)
	switch k.Form {
	case policy.Number:
		return fmt.Sprintf("<decimal %s minValue=\"%d\" maxValue=\"%d\"/>", named, k.Least, k.Most)
	case policy.Choice:
		var items strings.Builder
		for _, o := range k.Options {
			fmt.Fprintf(&items, "<item displayName=\"$(string.%s_%s)\"><value><string>%s</string></value></item>", k.Name, o, o)
		}
		return fmt.Sprintf("<enum %s>%s</enum>", named, items.String())
	case policy.Names, policy.OperatorList, policy.HostList:
		return fmt.Sprintf("<multiText %s/>", named)
	case policy.Rate, policy.Path, policy.Text, policy.PortRange, policy.YesNo: // the last has no element
	}
	return fmt.Sprintf("<text %s maxLength=\"1000\"/>", named)
}

// adml are the words of the template in one language.
func adml(in language) string {
	var b strings.Builder
	say := func(id string, w policy.Words) {
		fmt.Fprintf(&b, "      <string id=\"%s\">%s</string>\n", id, esc(in(w)))
	}
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n" + notice)
	fmt.Fprintf(&b, "<policyDefinitionResources xmlns=\"http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions\" revision=\"1.0\" schemaVersion=\"1.0\">\n  <displayName>%s</displayName>\n  <description>%s</description>\n  <resources>\n    <stringTable>\n",
		"Paravent", esc(in(policy.Words{English: "What holds in video conferences on this machine", German: "Was in Videokonferenzen auf diesem Rechner gilt"})))
	say("paravent", policy.Words{English: "Paravent", German: "Paravent"})
	say("supported", policy.Words{English: "Paravent 0.1 or newer", German: "Paravent 0.1 oder neuer"})
	say(mandatory, policy.Words{English: "Mandatory", German: "Verbindlich"})
	say(mandatory+"_help", policy.Words{English: "What nobody can weaken.", German: "Was niemand abschwächen kann."})
	say(defaults, policy.Words{English: "Defaults", German: "Vorgaben"})
	say(defaults+"_help", policy.Words{English: "What holds until a person says something else.", German: "Was gilt, bis jemand etwas anderes sagt."})
	for _, g := range policy.Groups() {
		say("group_"+id(g), g.Title())
	}
	for _, k := range inTemplates(mandatory) {
		say(k.Name, k.Title)
		say(k.Name+"_help", help(k))
		if k.Form == policy.Choice {
			for _, o := range k.Options {
				say(k.Name+"_"+o, policy.Words{English: o, German: o})
			}
		}
	}
	b.WriteString("    </stringTable>\n    <presentationTable>\n")
	for _, k := range inTemplates(mandatory) {
		if k.Form != policy.YesNo {
			fmt.Fprintf(&b, "      <presentation id=\"%s\">%s</presentation>\n", k.Name, presentation(k, esc(in(k.Title))))
		}
	}
	b.WriteString("    </presentationTable>\n  </resources>\n</policyDefinitionResources>\n")
	return b.String()
}

// help is what the editor of group policies shows beside a policy.
func help(k policy.Key) policy.Words {
	parts := append([]policy.Words{k.Does, k.Strict}, notes(k)...)
	switch k.Form {
	case policy.Names:
		parts = append(parts, policy.Words{English: "One item on each line.", German: "Ein Eintrag je Zeile."})
	case policy.OperatorList:
		parts = append(parts, policy.Words{
			English: "One operator on each line: host names parted by spaces | name | jurisdiction | address of the privacy notice.",
			German:  "Ein Betreiber je Zeile: Servernamen, durch Leerzeichen getrennt | Name | Recht | Adresse der Datenschutzhinweise.",
		})
	case policy.HostList:
		parts = append(parts, policy.Words{English: "One host on each line: host | purpose.", German: "Ein Rechner je Zeile: Name | Zweck."})
	case policy.YesNo, policy.Number, policy.Rate, policy.Path, policy.Text, policy.Choice, policy.PortRange:
	}
	var out policy.Words
	for _, p := range parts {
		out.English = strings.TrimPrefix(out.English+" "+strings.ReplaceAll(p.English, "`", ""), " ")
		out.German = strings.TrimPrefix(out.German+" "+strings.ReplaceAll(p.German, "`", ""), " ")
	}
	return out
}

// presentation is how the editor asks for a value.
func presentation(k policy.Key, label string) string {
	switch k.Form {
	case policy.Number:
		return fmt.Sprintf("<decimalTextBox refId=\"%s\" defaultValue=\"%d\">%s</decimalTextBox>", k.Name, k.Example, label)
	case policy.Choice:
		return fmt.Sprintf("<dropdownList refId=\"%s\" noSort=\"true\">%s</dropdownList>", k.Name, label)
	case policy.Names, policy.OperatorList, policy.HostList:
		return fmt.Sprintf("<multiTextBox refId=\"%s\">%s</multiTextBox>", k.Name, label)
	case policy.Rate, policy.Path, policy.Text, policy.PortRange, policy.YesNo: // the last has none
	}
	return fmt.Sprintf("<textBox refId=\"%s\"><label>%s</label></textBox>", k.Name, label)
}
