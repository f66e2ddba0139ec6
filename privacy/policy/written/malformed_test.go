package written_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"paravent/privacy/internal/spoil"
	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
)

// A spoiler makes one mistake in the lines of a good file. It returns the line that
// the mistake is in, counted from 1; 0 is any.
type spoiler func(r *rand.Rand, lines []string) ([]string, int)

// assignment chooses a line of the form KEY = VALUE.
func assignment(r *rand.Rand, lines []string) (i int, key, value string) {
	for {
		i = r.IntN(len(lines))
		if key, value, ok := strings.Cut(lines[i], " = "); ok {
			return i, key, value
		}
	}
}

func with(lines []string, i int, line string) []string {
	out := append([]string{}, lines...)
	out[i] = line
	return out
}

func spoilers() map[string]spoiler {
	return map[string]spoiler{
		"a letter too many in a key": func(r *rand.Rand, lines []string) ([]string, int) {
			i, key, value := assignment(r, lines)
			at := r.IntN(len(key) + 1)
			return with(lines, i, key[:at]+"q"+key[at:]+" = "+value), 0
		},
		"a value of another type": func(r *rand.Rand, lines []string) ([]string, int) {
			i, key, _ := assignment(r, lines)
			return with(lines, i, key+" = "+[]string{"1.5", "1979-05-27", "{ a = 1 }", "[[1]]", "nan"}[r.IntN(5)]), 0
		},
		"no value": func(r *rand.Rand, lines []string) ([]string, int) {
			i, key, _ := assignment(r, lines)
			return with(lines, i, key+" ="), i + 1
		},
		"no equals sign": func(r *rand.Rand, lines []string) ([]string, int) {
			i, key, value := assignment(r, lines)
			return with(lines, i, key+" "+value), i + 1
		},
		"two of one key": func(r *rand.Rand, lines []string) ([]string, int) {
			i, _, _ := assignment(r, lines)
			return append(with(lines, i, lines[i]+"\n"+lines[i])[:i+1:i+1], lines[i+1:]...), i + 2
		},
		"another section": func(r *rand.Rand, lines []string) ([]string, int) {
			return append(append([]string{}, lines...), []string{"[optional]", "[Mandatory]", "[mandatory.more]", "[[defaults]]", "[user]"}[r.IntN(5)]), 0
		},
		"an open quote": func(r *rand.Rand, lines []string) ([]string, int) {
			i, key, _ := assignment(r, lines)
			return with(lines, i, key+` = "`), i + 1
		},
		"an open list": func(r *rand.Rand, lines []string) ([]string, int) {
			i, key, _ := assignment(r, lines)
			return with(lines, i, key+` = [`), 0
		},
		"a byte that is no text": func(r *rand.Rand, lines []string) ([]string, int) {
			i := r.IntN(len(lines) - 1)
			at := r.IntN(len(lines[i]) + 1)
			return with(lines, i, lines[i][:at]+[]string{"\x00", "\x07", "\x1b", "\xff", "\xc3\x28"}[r.IntN(5)]+lines[i][at:]), i + 1
		},
		"a bound passed": func(r *rand.Rand, lines []string) ([]string, int) {
			i, _, _ := assignment(r, lines)
			key := []string{"receipts_days = 0", "receipts_days = 99999", "upload_at_most = 1", `udp_ports = "1-2"`, `udp_ports = "60000-50000"`, `keep_passes = "file"`, "ask_before_recording = false", `background_image = "office.png"`}[r.IntN(8)]
			name, _, _ := strings.Cut(key, " ")
			for i = range lines {
				if strings.HasPrefix(lines[i], name+" ") {
					break
				}
			}
			return with(lines, i, key), i + 1
		},
		"a bracket lost": func(r *rand.Rand, lines []string) ([]string, int) {
			for {
				if i := r.IntN(len(lines)); strings.HasPrefix(lines[i], "[") {
					return with(lines, i, strings.TrimSuffix(lines[i], "]")), i + 1
				}
			}
		},
	}
}

func TestTwoHundredMalformedFilesAreRefusedInWordsWithALine(t *testing.T) {
	lines := strings.Split(good(), "\n")
	r := rand.New(rand.NewPCG(1, 2))
	made := 0
	for made < 200 {
		for name, spoil := range spoilers() {
			text, line := spoil(r, lines)
			whole := strings.Join(text, "\n")
			made++
			layers, err := written.Organisation("p.toml", []byte(whole))
			var broken *written.BrokenError
			if !errors.As(err, &broken) {
				t.Fatalf("%s: %v, %v\n%s", name, layers, err, whole)
			}
			if layers != nil && len(layers[0].Said) == 0 && broken.Problems == nil {
				t.Errorf("%s: nothing is told", name)
			}
			problems(t, broken)
			told := false
			for _, p := range broken.Problems {
				told = told || p.At.Line == line
			}
			if line > 0 && !told {
				t.Errorf("%s: told is %v, and the mistake is in line %d: %q", name, err, line, text[min(line, len(text))-1])
			}
		}
	}
}

// problems fails where one has no place, no words, or words that harm a terminal.
func problems(t *testing.T, broken *written.BrokenError) {
	t.Helper()
	if len(broken.Problems) == 0 {
		t.Error("there is no problem in it")
	}
	for _, p := range broken.Problems {
		if p.At.Line < 1 || p.At.Column < 1 || p.Text == "" || strings.ContainsFunc(p.String(), unicode.IsControl) {
			t.Errorf("%q", p.String())
		}
	}
}

// readable fails if text is neither read nor refused in words.
func readable(t *testing.T, text []byte) (ok bool) {
	t.Helper()
	layers, err := written.Organisation("p.toml", text)
	var broken *written.BrokenError
	switch {
	case errors.As(err, &broken):
		problems(t, broken)
		return false
	case err != nil:
		t.Fatalf("%q: %v", text, err)
	}
	e := policy.Resolve(layers...)
	if !e.Policy.AskRecording || len(e.Rules) != len(policy.Schema()) {
		t.Fatalf("%q: %+v", text, e.Policy)
	}
	for _, s := range layers[0].Said {
		k, _ := policy.Find(s.Key)
		if k.Weaker(k.Get(e.Policy), s.Value) {
			t.Fatalf("%q: %s does not hold", text, s.Key)
		}
	}
	return true
}

func TestTenThousandSpoiledFilesAreReadOrRefused(t *testing.T) {
	read := 0
	for b := range spoil.Each([]byte(good())) {
		if readable(t, b) {
			read++
		}
	}
	if read == 0 || read == spoil.Times {
		t.Errorf("%d of them were read", read)
	}
}

func FuzzOrganisation(f *testing.F) {
	f.Add([]byte(good()))
	f.Add([]byte("[mandatory]\nno_camera = true\n"))
	f.Add([]byte("mandatory.no_camera = true\n[[defaults.operators]]\nhosts = ['a']\n"))
	f.Add([]byte("mandatory = { no_chat = true, extra_hosts = [ { host = \"a\", purpose = \"media\" } ] }"))
	f.Fuzz(func(t *testing.T, text []byte) {
		readable(t, text)
		_, _ = written.Person("c.toml", text)
	})
}
