package describe

import (
	"fmt"
	"strings"

	"paravent/privacy/policy"
)

const exampleHead = `# A policy for Paravent, to be put at /etc/paravent/policy.toml: the file and its
# folder belong to root, and nobody else may write to them. All rules stand here
# with a # before them: take it away where the rule should hold. "paravent policy
# check FILE" looks for mistakes; reference.md explains every rule.
#
# Eine Richtlinie für Paravent, abzulegen als /etc/paravent/policy.toml: Datei und
# Ordner gehören root, und niemand sonst darf sie ändern. Vor jeder Regel steht ein
# #: Wo sie gelten soll, ist es zu entfernen. "paravent policy check DATEI" sucht nach
# Fehlern; reference.md erklärt jede Regel.
#
# Made from the schema in privacy/policy: go test ./privacy/policy/describe -update

# What nobody can weaken. / Was niemand abschwächen kann.
[mandatory]
`

const exampleDefaults = `
# What holds until a person says something else. The same rules can stand here, but for
# those that only an organisation can set. / Was gilt, bis jemand etwas anderes sagt.
[defaults]

#relay_only = true
`

func example() string {
	var b strings.Builder
	b.WriteString(exampleHead)
	var last []policy.Key // tables come after everything else of their section
	for _, g := range policy.Groups() {
		heading := false
		for _, k := range grouped(g) {
			if k.Form == policy.OperatorList || k.Form == policy.HostList {
				last = append(last, k)
				continue
			}
			if !heading {
				fmt.Fprintf(&b, "\n# %s / %s\n", g.Title().English, g.Title().German)
				heading = true
			}
			explain(&b, k)
			fmt.Fprintf(&b, "#%s = %s\n", k.Name, inTOML(k, k.Example))
		}
	}
	for _, k := range last {
		explain(&b, k)
		switch rows := k.Example.(type) {
		case []policy.Operator:
			for _, o := range rows {
				fmt.Fprintf(&b, "#[[mandatory.%s]]\n#hosts = [\"%s\"]\n#name = %q\n#jurisdiction = %q\n#notice = %q\n", k.Name, strings.Join(o.Hosts, `", "`), o.Name, o.Jurisdiction, o.Notice)
			}
		case []policy.Host:
			for _, h := range rows {
				fmt.Fprintf(&b, "#[[mandatory.%s]]\n#host = %q\n#purpose = %q\n", k.Name, h.Name, h.Purpose)
			}
		}
	}
	b.WriteString(exampleDefaults)
	return b.String()
}

// explain says in both languages what a key does.
func explain(b *strings.Builder, k policy.Key) {
	b.WriteString("\n")
	for _, in := range []language{english, german} {
		text := in(k.Does)
		for _, n := range notes(k) {
			text += " " + in(n)
		}
		for _, line := range wrapped(text, 84) {
			fmt.Fprintf(b, "# %s\n", line)
		}
	}
}

// wrapped breaks text into lines of so many characters.
func wrapped(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}
