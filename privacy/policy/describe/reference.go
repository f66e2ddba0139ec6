package describe

import (
	"fmt"
	"strings"

	"paravent/privacy/policy"
)

const introEnglish = `An organisation says what holds on its machines, in one of these places:

| system | place |
|---|---|
| Linux | ` + "`/etc/paravent/policy.toml`" + `; the file and its folder belong to root, and nobody else may write to them |
| Windows | ` + "`HKLM\\Software\\Policies\\Paravent`" + `, by the templates beside this file |
| macOS | ` + "`/Library/Managed Preferences/org.paravent.Paravent.plist`" + `, with the dictionaries ` + "`mandatory` and `defaults`" + ` |

The readers for Windows and macOS are built and were tried with doubles only, as this version has no devices there.

What stands under ` + "`[mandatory]`" + ` nobody can weaken: no settings file, no flag, no environment variable. A flag that asks for less is refused
with exit code 5; a setting that does is put aside, and the person is told. Everybody can be stricter. What stands under ` + "`[defaults]`" + ` holds until
a person says something else, in the section ` + "`[rules]`" + ` of ` + "`config.toml`" + ` or by a flag.

A policy with a mistake is not followed in part: until it is mended nothing is joined, rehearsed or filtered. ` + "`paravent policy check FILE`" + ` tells all
mistakes with line and column, and ` + "`paravent policy show`" + ` what holds and by whose word.
`

const introGerman = `Eine Organisation legt an einer dieser Stellen fest, was auf ihren Rechnern gilt:

| System | Stelle |
|---|---|
| Linux | ` + "`/etc/paravent/policy.toml`" + `; Datei und Ordner gehören root, und niemand sonst darf sie ändern |
| Windows | ` + "`HKLM\\Software\\Policies\\Paravent`" + `, mit den Vorlagen neben dieser Datei |
| macOS | ` + "`/Library/Managed Preferences/org.paravent.Paravent.plist`" + ` mit den Verzeichnissen ` + "`mandatory` und `defaults`" + ` |

Die Leser für Windows und macOS sind gebaut, aber nur mit Doubles erprobt, denn Geräte gibt es dort in dieser Version nicht.

Was unter ` + "`[mandatory]`" + ` steht, kann niemand abschwächen: keine Einstellungsdatei, kein Schalter, keine Umgebungsvariable. Ein Schalter, der weniger
verlangt, wird mit dem Rückgabewert 5 abgelehnt; eine solche Einstellung gilt nicht, und das wird gesagt. Strenger sein dürfen alle. Was unter
` + "`[defaults]`" + ` steht, gilt, bis jemand etwas anderes sagt: im Abschnitt ` + "`[rules]`" + ` der ` + "`config.toml`" + ` oder mit einem Schalter.

Eine Richtlinie mit einem Fehler wird nicht teilweise befolgt: Bis er behoben ist, gibt es weder Teilnahme noch Probe noch Filter.
` + "`paravent policy check FILE`" + ` nennt alle Fehler mit Zeile und Spalte, ` + "`paravent policy show`" + `, was gilt und wer es festgelegt hat.
`

func reference() string {
	var b strings.Builder
	b.WriteString("<!-- Made from the schema in privacy/policy: go test ./privacy/policy/describe -update -->\n\n")
	b.WriteString("# The rules of a policy\n\n[Deutsch](#die-regeln-einer-richtlinie)\n\n" + introEnglish)
	tables(&b, english, [5]string{"rule", "what it does", "value", "default", "which is stricter"})
	b.WriteString("\n# Die Regeln einer Richtlinie\n\n" + introGerman)
	tables(&b, german, [5]string{"Regel", "Was sie tut", "Wert", "Vorgabe", "Was strenger ist"})
	return b.String()
}

func tables(b *strings.Builder, in language, heads [5]string) {
	for _, g := range policy.Groups() {
		fmt.Fprintf(b, "\n## %s\n\n| %s |\n|---|---|---|---|---|\n", in(g.Title()), strings.Join(heads[:], " | "))
		for _, k := range grouped(g) {
			does := in(k.Does)
			for _, n := range notes(k) {
				does += " " + in(n)
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", k.Name, cell(does), cell(in(value(k))), standard(k), cell(in(k.Strict)))
		}
	}
}

// cell is text in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
