package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"paravent/cmd/internal/config"
	"paravent/media/call"
	"paravent/media/codec"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/loopback"
	"paravent/privacy/policy"
	"paravent/privacy/policy/organisation"
	"paravent/ui/command"
)

// asTOML is a value as a file says it, in one line.
func asTOML(v any) string {
	quoted := func(all []string) string {
		out := make([]string, 0, len(all))
		for _, s := range all {
			out = append(out, fmt.Sprintf("%q", s))
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case policy.Ports:
		return fmt.Sprintf("%q", v.String())
	case []string:
		return quoted(v)
	case []policy.Operator:
		out := make([]string, 0, len(v))
		for _, o := range v {
			out = append(out, "{ hosts = "+quoted(o.Hosts)+" }")
		}
		return "[" + strings.Join(out, ", ") + "]"
	case []policy.Host:
		out := make([]string, 0, len(v))
		for _, h := range v {
			out = append(out, fmt.Sprintf("{ host = %q, purpose = %q }", h.Name, h.Purpose))
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// weaker are values of a key that allow more than its example, or another thing.
func weaker(k policy.Key) []any {
	switch v := k.Example.(type) {
	case bool:
		return []any{false}
	case int64:
		return []any{v + 1, k.Most}
	case policy.Ports:
		return []any{policy.Ports{First: 1024, Last: 65535}, policy.Ports{First: v.First, Last: v.Last + 1}, policy.Ports{First: 2000, Last: 2000}}
	case string:
		if k.Form == policy.Choice {
			at := slices.Index(k.Options, v)
			var all []any
			for _, o := range k.Options[:at] {
				all = append(all, o)
			}
			return all
		}
		return []any{"/tmp/mine", "/dev/null"}
	case []string:
		if k.Options != nil {
			return []any{[]string{}, k.Options[len(k.Options)-1:]}
		}
		return []any{append([]string{"https://mine.example"}, v...), []string{"https://mine.example"}}
	case []policy.Operator:
		return []any{[]policy.Operator{{Hosts: []string{"mine.example"}}}, []policy.Operator{}}
	case []policy.Host:
		return []any{append([]policy.Host{{Name: "mine.example", Purpose: "media"}}, v...), []policy.Host{{Name: "mine.example", Purpose: "signalling"}}}
	}
	return nil
}

// A home is what a person can write to, and an office what only administrators can.
type home struct {
	t           *testing.T
	config, dir string
	office      organisation.File
}

func newHome(t *testing.T) *home {
	h := &home{t: t, dir: t.TempDir()}
	h.config = filepath.Join(h.dir, "config", "paravent", "config.toml")
	h.office = organisation.File{Path: filepath.Join(h.dir, "office", "policy.toml"), Owner: os.Getuid()}
	for _, f := range []string{h.config, h.office.Path} {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(h.dir, "config"))
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	return h
}

func (h *home) write(path, text string) {
	h.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // as in /etc
		h.t.Fatal(err)
	}
}

// run runs the program as a person would, and returns what it wrote and its exit code.
func (h *home) run(args ...string) (out, told string, code int) {
	var o, e bytes.Buffer
	root := newRoot(h.office)
	root.SetOut(&o)
	root.SetErr(&e)
	root.SetArgs(args)
	code = report(&e, root.ExecuteContext(h.t.Context()))
	return o.String(), e.String(), code
}

// holds returns what the program says of a key; false if it refuses to go on.
func (h *home) holds(key string, flags ...string) (value string, ok bool) {
	h.t.Helper()
	out, _, code := h.run(append([]string{"policy", "show", "--json"}, flags...)...)
	if code != exitDone {
		return "", false
	}
	for line := range strings.Lines(out) {
		var rule struct {
			Key   string
			Value json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &rule); err != nil {
			h.t.Fatalf("%s: %v", line, err)
		}
		if rule.Key == key {
			return string(rule.Value), true
		}
	}
	h.t.Fatalf("nothing is said of %s", key)
	return "", false
}

// A way is one in which a person could try to weaken a rule to a value. It returns
// the flags to run the program with.
type way struct {
	name string
	try  func(h *home, k policy.Key, value any) (flags []string)
}

func ways() []way {
	file := func(name, form string) way {
		return way{name, func(h *home, k policy.Key, value any) []string {
			h.write(h.config, strings.NewReplacer("KEY", k.Name, "VALUE", asTOML(value)).Replace(form))
			return nil
		}}
	}
	flag := func(flags ...string) way {
		return way{strings.Join(flags, " "), func(*home, policy.Key, any) []string { return flags }}
	}
	return []way{
		file("settings file", "[rules]\nKEY = VALUE\n"),
		file("settings file, dotted", "rules.KEY = VALUE\n"),
		file("settings file, inline", "rules = { KEY = VALUE }\n"),
		file("settings file, outside of the section", "KEY = VALUE\n"),
		file("settings file, as if it were the organisation's", "[mandatory]\nKEY = VALUE\n"),
		file("settings file, by its settings", "background = \"off\"\nroom_gate = \"off\"\ncamera = \"pattern\"\nmicrophone = \"any\"\nscreen = \"any\"\n[rules]\nKEY = VALUE\n"),
		{"the organisation's own defaults", func(h *home, k policy.Key, value any) []string {
			text, err := os.ReadFile(h.office.Path)
			if err != nil {
				h.t.Fatal(err)
			}
			h.write(h.office.Path, string(text)+"[defaults]\n"+k.Name+" = "+asTOML(value)+"\n")
			return nil
		}},
		{"a policy in the person's own folder", func(h *home, k policy.Key, value any) []string {
			h.write(filepath.Join(filepath.Dir(h.config), "policy.toml"), "[mandatory]\n"+k.Name+" = "+asTOML(value)+"\n")
			return nil
		}},
		{"the environment, by folders", func(h *home, k policy.Key, value any) []string {
			dir := h.t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "paravent"), 0o755); err != nil { //nolint:gosec // as in /etc
				h.t.Fatal(err)
			}
			h.write(filepath.Join(dir, "paravent", "policy.toml"), "[mandatory]\n"+k.Name+" = "+asTOML(value)+"\n")
			for _, name := range []string{"XDG_CONFIG_DIRS", "PARAVENT_POLICY", "PARAVENT_CONFIG", "HOME"} {
				h.t.Setenv(name, dir)
			}
			xdg.Reload()
			return nil
		}},
		{"the environment, by name", func(h *home, k policy.Key, value any) []string {
			text := strings.Trim(asTOML(value), `"`)
			for _, name := range []string{"PARAVENT_" + k.Name, "PARAVENT_RULES_" + k.Name, "PARAVENT_POLICY_" + k.Name} {
				h.t.Setenv(strings.ToUpper(name), text)
			}
			return nil
		}},
		{"a flag of the same name", func(_ *home, k policy.Key, value any) []string {
			return []string{"--" + strings.ReplaceAll(k.Name, "_", "-") + "=" + strings.Trim(asTOML(value), `"`)}
		}},
		flag("--background", "off"), flag("--background", "blur"), flag("--background", "color:#123456"), flag("--room-gate", "off"),
		flag("--camera", "pattern"), flag("--microphone", "any"), flag("--screen", "any"),
		{"file and flags", func(h *home, k policy.Key, value any) []string {
			h.write(h.config, "background = \"off\"\nroom_gate = \"off\"\n[rules]\n"+k.Name+" = "+asTOML(value)+"\n")
			return []string{"--background", "off", "--room-gate", "off", "--camera", "pattern", "--microphone", "any", "--screen", "any"}
		}},
	}
}

// strong is a policy that asks for the key's example, and nothing else.
func strong(k policy.Key) string {
	text := "[mandatory]\n" + k.Name + " = " + asTOML(k.Example) + "\n"
	if k.Name == "listed_servers_only" {
		text += "operators = [{ hosts = [\"office.example\"] }]\n"
	}
	return text
}

func TestNobodyWeakensWhatIsMandatoryInAnyWay(t *testing.T) {
	cells, refused, without := 0, 0, 0
	for _, k := range policy.Schema() {
		alone := newHome(t)
		alone.write(alone.office.Path, strong(k))
		want, ok := alone.holds(k.Name)
		if !ok {
			t.Fatalf("%s: the policy cannot be followed", k.Name)
		}
		for i, value := range weaker(k) {
			for _, w := range ways() {
				t.Run(fmt.Sprintf("%s/%d/%s", k.Name, i, w.name), func(t *testing.T) {
					cells++
					h := newHome(t)
					h.write(h.office.Path, strong(k))
					got, ok := h.holds(k.Name, w.try(h, k, value)...)
					switch {
					case !ok:
						refused++
					case got == want || k.Adds && strings.HasPrefix(got, strings.TrimSuffix(want, "]")):
						without++
					default:
						if !stricter(t, k, got) {
							t.Errorf("it became %s; the organisation asks for %s", got, want)
						}
						without++
					}
				})
			}
		}
	}
	t.Logf("%d attempts: %d refused, %d without effect", cells, refused, without)
}

// What is only a default is changed by the same attempts: else the matrix would show
// nothing.
func TestAPersonChangesADefault(t *testing.T) {
	for _, k := range policy.Schema() {
		for i, value := range weaker(k) {
			if k.OrganisationOnly || k.Floor {
				continue
			}
			h := newHome(t)
			h.write(h.office.Path, strings.Replace(strong(k), "[mandatory]", "[defaults]", 1))
			before, ok := h.holds(k.Name)
			after, still := h.holds(k.Name, ways()[0].try(h, k, value)...)
			if same := before == after; !ok || !still || same && (!k.Adds || i == 0) {
				t.Errorf("%s: %s became %s", k.Name, before, after)
			}
		}
	}
}

// stricter reports whether what the program says of a key is at least as strict as
// the key's example: what is on two lists is only what is on both.
func stricter(t *testing.T, k policy.Key, got string) bool {
	t.Helper()
	var v any
	switch k.Example.(type) {
	case []string:
		v = read[[]string](t, got)
	case []policy.Host:
		v = read[[]policy.Host](t, got)
	case policy.Ports:
		if got == `"none"` {
			return true
		}
		return false
	default:
		return false
	}
	return !k.Weaker(v, k.Example)
}

func read[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAFlagThatAsksForLessEndsTheProgramBeforeAnybodyIsAsked(t *testing.T) {
	asked := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(s.Close)
	link := "livekit+" + strings.Replace(s.URL, "http", "ws", 1) + "/?token=x"
	for key, flags := range map[string][]string{
		"background_always": {"--background", "off"}, "background_image": {"--background", "blur"}, "room_gate_always": {"--room-gate", "off"},
		"no_camera": {"--camera", "pattern"}, "no_microphone": {"--microphone", "file:x.wav"}, "no_screen": {"--screen", "any"},
	} {
		h := newHome(t)
		k, _ := policy.Find(key)
		h.write(h.office.Path, strong(k))
		for _, args := range [][]string{append([]string{"join", "--speaker", "off", link}, flags...), append([]string{"rehearse", "--face", "line"}, flags...)} {
			if key == "no_screen" && args[0] == "rehearse" {
				continue // which has no such flag
			}
			_, told, code := h.run(args...)
			if code != exitPolicy || !strings.Contains(told, strings.Join(flags, " ")+" is not allowed: your organisation has set "+key) || asked {
				t.Errorf("%s: %d, %s", args, code, told)
			}
		}
	}
}

func TestABrokenPolicyHasItsExitCode(t *testing.T) {
	h := newHome(t)
	for text, commands := range map[string][][]string{
		"[mandatory]\nx = 1\n": {
			{"join", "livekit+ws://127.0.0.1:1/?token=x"},
			{"rehearse"},
			{"check", "https://meet.example"},
			{"calibrate"},
			{"filter", "picture", "a", "b"},
			{"filter", "sound", "a", "b"},
			{"policy", "show"},
			{"policy", "check"},
		},
	} {
		h.write(h.office.Path, text)
		for _, args := range commands {
			if _, told, code := h.run(args...); code != exitPolicy {
				t.Errorf("%s: %d, %s", args, code, told)
			}
		}
		if _, told, code := h.run("version"); code != exitDone {
			t.Errorf("version: %d, %s", code, told)
		}
	}
}

// In a call everything that can be typed is tried.
func TestWhatAPolicyHasTakenAwayCannotBeHadInACall(t *testing.T) {
	tried := 0
	for key, sent := range map[string]func(*call.Call) bool{
		"no_camera":     func(c *call.Call) bool { return c.On(sfu.Camera) },
		"no_microphone": func(c *call.Call) bool { return c.On(sfu.Microphone) },
		"no_screen":     func(c *call.Call) bool { return c.On(sfu.Screen) },
		"no_chat":       func(c *call.Call) bool { return len(c.State().Chat) > 0 || c.State().Caps.Chat },
	} {
		for _, free := range []bool{true, false} {
			rules := policy.Default()
			k, _ := policy.Find(key)
			k.Put(&rules, !free)
			had := false
			inCallDo(t, rules, func(c *call.Call) {
				for _, v := range command.Verbs() {
					if v.Name == "leave" || v.Name == "panic" {
						continue
					}
					for _, args := range []string{"", " on", " on pattern", " hello", " echo 80"} {
						_ = command.Run(t.Context(), c, v.Name+args)
						had = had || sent(c)
						if !free {
							tried++
						}
					}
				}
			})
			if had && !free {
				t.Errorf("%s was set, and it was had", key)
			}
			if !had && free && key != "no_microphone" { // there may be none on this machine
				t.Errorf("without %s it was not had either, so this shows nothing", key)
			}
		}
	}
	t.Logf("%d lines were typed", tried)
}

// inCallDo does something in a rehearsal under rules.
func inCallDo(t *testing.T, rules policy.Policy, do func(*call.Call)) {
	t.Helper()
	chosen := config.Defaults()
	chosen.Camera, chosen.Microphone, chosen.Speaker, chosen.Background = "off", "off", "off", "cover"
	settings := chosen
	settings.Camera = "pattern"
	log := slog.New(slog.DiscardHandler)
	m, err := newMachine(t.Context(), inCall, chosen, settings, rules, log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.close() }()
	session, err := loopback.New().Join(t.Context(), sfu.Room{Name: loopback.Echo}, sfu.Pass{DisplayName: "you"}, sfu.Kit{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	c := call.New(sealed.Plain(session), call.Settings{
		Camera: "pattern", Screen: "pattern", Wish: m.wish, Codec: codec.VP8, Sound: m.sound, Policy: rules, Began: time.Now(),
	}, m.equipment)
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	do(c)
	leave()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
