// Package locale stands in for the package of this name that Fyne asks for the
// person's languages. go.mod puts it in that place.
//
// 2026-11-22: the original hands Fyne the locale "C.UTF-8" as a language called
// "C", whereupon Fyne writes an error to the terminal each time any program that
// contains it starts, also without a window. This one knows that "C" and "POSIX"
// are no languages.
package locale

import (
	"os"
	"strings"
)

// GetLocale returns the language that the person likes best, such as "de-DE",
// or "" if none is set.
func GetLocale() (string, error) {
	all, err := GetLocales()
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// GetLocales returns the person's languages, the best first, from the
// environment after the rules of GNU gettext.
func GetLocales() ([]string, error) {
	return locales(os.Getenv), nil
}

func locales(env func(string) string) []string {
	var first string
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if first = env(name); first != "" {
			break
		}
	}
	if tag(first) == "" {
		return nil // no language is wanted, whatever LANGUAGE says
	}
	wanted := first
	if list := env("LANGUAGE"); list != "" {
		wanted = list
	}
	var tags []string
	for _, l := range strings.Split(wanted, ":") {
		if t := tag(l); t != "" {
			tags = append(tags, t)
		}
	}
	return tags
}

// tag turns "de_DE.UTF-8@euro" into "de-DE".
func tag(l string) string {
	l, _, _ = strings.Cut(l, "@")
	l, _, _ = strings.Cut(l, ".")
	if l == "C" || l == "POSIX" {
		return ""
	}
	return strings.ReplaceAll(l, "_", "-")
}
