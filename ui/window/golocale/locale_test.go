package locale

import (
	"slices"
	"testing"
)

func TestLocalesFollowGettext(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want []string
	}{
		{map[string]string{}, nil},
		{map[string]string{"LANG": "C.UTF-8"}, nil},
		{map[string]string{"LANG": "C", "LANGUAGE": "de"}, nil},
		{map[string]string{"LANG": "de_DE.UTF-8@euro"}, []string{"de-DE"}},
		{map[string]string{"LANG": "en_GB", "LC_ALL": "POSIX"}, nil},
		{map[string]string{"LANG": "en_GB.UTF-8", "LANGUAGE": "de_AT:de:en"}, []string{"de-AT", "de", "en"}},
	} {
		if got := locales(func(k string) string { return c.env[k] }); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.env, got, c.want)
		}
	}
}
