package main

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paravent/privacy/egress"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
)

func TestTheOrganisationsImageStandsIfMandatoryAndIsChangedIfADefault(t *testing.T) {
	h := newHome(t)
	in, out, img := filepath.Join(h.dir, "in.y4m"), filepath.Join(h.dir, "out.y4m"), wall(t)
	h.write(in, "YUV4MPEG2 W1 H1 F25:1\nFRAME\nab\n")
	shown := func(args ...string) (string, int) {
		said, told, code := h.run(append([]string{"filter", "picture", in, out}, args...)...)
		_, said, _ = strings.Cut(said, "background ")
		said, _, _ = strings.Cut(said, ";")
		return said + told, code
	}
	for _, c := range []struct {
		section, file string
		args          []string
		want          string
		code          int
	}{
		{"mandatory", "", nil, organisationImage, exitDone},
		{"mandatory", "background = \"color:#112233\"\n", nil, organisationImage, exitDone},
		{"mandatory", "background = \"off\"\n", nil, organisationImage, exitDone},
		{"mandatory", "background = \"cover\"\n", nil, "cover", exitDone},
		{"mandatory", "", []string{"--background", "cover"}, "cover", exitDone},
		{"mandatory", "", []string{"--background", "blur"}, "--background blur is not allowed", exitPolicy},
		{"mandatory", "", []string{"--background", "off"}, "--background off is not allowed", exitPolicy},
		{"mandatory", "[rules]\nbackground_image = \"/mine.png\"\n", nil, organisationImage, exitDone},
		{"defaults", "", nil, organisationImage, exitDone},
		{"defaults", "", []string{"--background", "blur"}, "blur", exitDone},
		{"defaults", "background = \"color:#112233\"\n", nil, "colour", exitDone},
		{"defaults", "", []string{"--background", "off"}, "off", exitDone},
	} {
		h.write(h.office.Path, "["+c.section+"]\nbackground_image = \""+img+"\"\n")
		h.write(h.config, c.file)
		if got, code := shown(c.args...); !strings.Contains(got, c.want) || code != c.code {
			t.Errorf("%s, %q, %q: %q, %d; want %q, %d", c.section, c.file, c.args, got, code, c.want, c.code)
		}
	}
	if err := os.Remove(img); err != nil {
		t.Fatal(err)
	}
	h.write(h.office.Path, "[mandatory]\nbackground_image = \""+img+"\"\n")
	if got, code := shown(); code == exitDone {
		t.Errorf("without the image: %s", got)
	}
}

func TestTheFiltersThatAPolicyCanAskForAreThoseOfTheChains(t *testing.T) {
	pictures, _ := policy.Find("picture_filters")
	for background, name := range map[string]string{"blur": "blur", "color:#112233": "colour", "cover": "cover", "image:" + wall(t): "image"} {
		for _, asked := range pictures.Options {
			c, err := newCameraChain(background, policy.Policy{PictureFilters: []string{asked}})
			if err != nil {
				t.Fatal(err)
			}
			chain, err := c.make(overFile)
			if (err == nil) != (asked == name) {
				t.Errorf("%s with %s asked for: %v", background, asked, err)
			}
			if err == nil {
				chain.Close()
			}
		}
	}
	sounds, _ := policy.Find("sound_filters")
	c, err := newSoundChain("near", policy.Policy{SoundFilters: sounds.Options})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.make(nil, false); err != nil {
		t.Error(err)
	}
}

func TestOnlyHostsOfThePolicyAreSpokenToBesideTheLinks(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, extra := range []bool{true, false} {
		rules := policy.Default()
		if extra {
			rules.ExtraHosts = []policy.Host{{Name: "127.0.0.1", Purpose: string(egress.Signalling)}}
		}
		n := newNetwork()
		at, ok, err := n.plain("livekit+ws://localhost:" + u.Port() + "/?token=" + unsigned(time.Now().Add(time.Hour)))
		if !ok || err != nil {
			t.Fatal(err)
		}
		_, _ = n.join(t.Context(), at, entry{how: seal.None()}, rules, slog.New(slog.DiscardHandler)) // there is no meeting
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := n.guard.Lane(egress.Signalling).HTTPClient().Do(req)
		if err == nil {
			_ = r.Body.Close()
		}
		var denied *egress.DeniedError
		if errors.As(err, &denied) == extra {
			t.Errorf("listed %v: %v", extra, err)
		}
	}
}
