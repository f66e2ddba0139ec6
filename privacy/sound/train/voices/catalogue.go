package main

import (
	"cmp"
	"fmt"
	"slices"
)

// A Source is a speaker, a track, or a collection of noises.
type Source struct {
	Name    string
	Split   string
	Kind    string
	Person  string // who speaks, where one person has several names
	Lang    string
	Package string
	Files   string // expression for the files of the package
	Not     string // and for those to leave out
	Say     Say
	Most    float64 // seconds
}

func splits() []string { return []string{"train", "val", "test"} }
func kinds() []string  { return []string{"voice", "child", "music", "noise", "keys", "tv"} }

func (s Source) speaks() bool    { return s.Kind == "voice" || s.Kind == "child" }
func (s Source) person() string  { return cmp.Or(s.Person, s.Name) }
func (s Source) seconds() float64 { return cmp.Or(s.Most, map[bool]float64{true: 240, false: 60}[s.speaks()]) }

// check returns an error if a name stands twice, or a person in two splits.
func check(all []Source) error {
	names, people := map[string]bool{}, map[string]string{}
	for _, s := range all {
		if !slices.Contains(splits(), s.Split) || !slices.Contains(kinds(), s.Kind) {
			return fmt.Errorf("%s: no split %q or kind %q", s.Name, s.Split, s.Kind)
		}
		if names[s.Name] {
			return fmt.Errorf("%s stands twice", s.Name)
		}
		names[s.Name] = true
		if was, ok := people[s.person()]; ok && was != s.Split {
			return fmt.Errorf("%s speaks in %s and in %s", s.person(), was, s.Split)
		}
		people[s.person()] = s.Split
	}
	return nil
}

func catalogue() []Source {
	all := prompts()
	all = append(all, letters()...)
	all = append(all, actors()...)
	return all
}

func prompts() []Source {
	const a = `/asterisk/sounds/.*\.(g722|wav)$`
	return []Source{
		{Name: "ast_en_allison", Split: "train", Kind: "voice", Person: "Allison Smith", Lang: "en", Package: "asterisk-core-sounds-en-g722", Files: a},
		{Name: "ast_es_allison", Split: "train", Kind: "voice", Person: "Allison Smith", Lang: "es", Package: "asterisk-core-sounds-es-g722", Files: a},
		{Name: "ast_fr_june", Split: "train", Kind: "voice", Lang: "fr", Package: "asterisk-core-sounds-fr-g722", Files: a},
		{Name: "ast_it_carlo", Split: "test", Kind: "voice", Lang: "it", Package: "asterisk-core-sounds-it-g722", Files: a},
		{Name: "ast_ru_ivr", Split: "test", Kind: "voice", Lang: "ru", Package: "asterisk-core-sounds-ru-g722", Files: a},
		{Name: "ast_it_menardi", Split: "val", Kind: "voice", Lang: "it", Package: "asterisk-prompt-it-menardi-wav", Files: a},
		{Name: "alsa", Split: "train", Kind: "voice", Lang: "en", Package: "alsa-utils", Files: `/alsa/.*\.wav$`},
		{Name: "gcin_zh", Split: "train", Kind: "voice", Lang: "zh", Package: "gcin-voice", Files: `\.ogg$`},
		{Name: "ps_librivox", Split: "test", Kind: "voice", Lang: "en", Package: "pocketsphinx-testdata", Files: `librivox/.*\.wav$`},
		{Name: "ps_cards", Split: "test", Kind: "voice", Lang: "en", Package: "pocketsphinx-testdata", Files: `cards/.*\.wav$`},
		{Name: "msu_ru_nsh", Split: "train", Kind: "voice", Lang: "ru", Package: "festvox-ru", Files: `\.wav$`},
	}
}

// letters are the voices of two programs for children, by language: the same
// person may have read for both, so a language lies in one split.
func letters() []Source {
	kt := []string{"ca", "da", "de", "el", "en", "fr", "ga", "gl", "lt", "nn", "ro", "ru", "sl", "sr", "uk", "wa"}
	kl := []string{"ar", "cs", "da", "de", "en", "en_GB", "es", "fr", "he", "hu", "it", "lt", "ml", "nb", "nds", "nl", "pt_BR", "ru", "tn", "uk"}
	split := func(lang string) string {
		switch lang {
		case "hu", "he", "el", "gl", "nb", "nn", "en_GB":
			return "test"
		case "sl", "pt_BR", "wa", "lt", "ml", "ar":
			return "val"
		}
		return "train"
	}
	var all []Source
	for _, l := range kt {
		all = append(all, Source{Name: "kt_" + l, Split: split(l), Kind: "voice", Lang: l, Package: "ktuberling-data", Files: `/sounds/` + l + `/`})
	}
	for _, l := range kl {
		all = append(all, Source{Name: "kl_" + l, Split: split(l), Kind: "voice", Lang: l, Package: "klettres-data", Files: `/klettres/` + l + `/.*\.ogg$`})
	}
	return all
}

func actors() []Source {
	var all []Source
	for _, l := range []struct{ lang, split, pack string }{{"cs", "val", "fillets-ng-data-cs"}, {"nl", "test", "fillets-ng-data-nl"}} {
		all = append(all,
			Source{Name: "fillets_" + l.lang + "_small", Split: l.split, Kind: "voice", Lang: l.lang, Package: l.pack, Files: `/[a-z0-9]+[-_]m[-_][^/]*\.ogg$`},
			Source{Name: "fillets_" + l.lang + "_big", Split: l.split, Kind: "voice", Lang: l.lang, Package: l.pack, Files: `/[a-z0-9]+[-_]v[-_][^/]*\.ogg$`})
	}
	all = append(all, Source{Name: "queen_joe", Split: "train", Kind: "voice", Lang: "en", Package: "flight-of-the-amazon-queen", Files: `/[^/D]{6,7}J.\.mp3$`})
	return all
}

func licences() map[string]string { return map[string]string{} }
func texts() map[string]string    { return map[string]string{} }
