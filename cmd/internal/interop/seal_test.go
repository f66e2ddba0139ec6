//go:build interop

package interop

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/interop/stats"
)

const passphrase = "korrektes Pferd Batterie Heftklammer"

// locked are the client's options that encrypt with a passphrase.
func locked(t *testing.T, passphrase string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--passphrase-file", file}
}

// soak is how long a stream is watched for frames that do not open: some seconds, or what INTEROP_SOAK says, such as 5m.
func soak(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(os.Getenv("INTEROP_SOAK"))
	if err != nil {
		return 10 * time.Second
	}
	return d
}

func TestEncryptedPicturesSoundAndChatCrossBothWays(t *testing.T) {
	for _, codec := range []string{"vp8", "vp9", "h264"} {
		t.Run(codec, func(t *testing.T) {
			m, _ := meet(t, setting{browser: &rig.BrowserOptions{Codec: codec, Passphrase: passphrase}, client: live(t, append(locked(t, passphrase), "--codec", codec)...)})
			state, err := m.client.Event(m.ctx, "state")
			if err != nil || state.Encryption != "passphrase" || !strings.Contains(state.State["encryption"], "end to end") {
				t.Errorf("the state is %+v, %v", state, err)
			}
			crossIn(t, m, codec)
			crossOut(t, m, codec)
			chatSealed(t, m)
			nothingUnopened(t, m)
		})
	}
}

// chatSealed sends a message each way.
func chatSealed(t *testing.T, m *meeting) {
	t.Helper()
	const toThem, toUs = "Grüße, verschlüsselt 🙂", "greetings, encrypted"
	if err := m.client.Colon("say " + toThem); err != nil {
		t.Fatal(err)
	}
	if l, err := m.browser.Event(m.ctx, "chat", ours, ""); err != nil || l.Text != toThem {
		t.Errorf("the browser reads %q, %v", l.Text, err)
	}
	if err := m.browser.Say(toUs); err != nil {
		t.Fatal(err)
	}
	l, _, err := m.client.Await(m.ctx, 0, func(l rig.ClientLine) bool {
		return l.Event == "chat" && l.Member == theirs && strings.Contains(l.Text, toUs)
	})
	if err != nil || l.EndToEnd == nil || !*l.EndToEnd {
		t.Errorf("we read %+v, %v", l, err)
	}
}

// nothingUnopened counts what either side could not open.
func nothingUnopened(t *testing.T, m *meeting) {
	t.Helper()
	all, err := m.client.Figures()
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"camera", "microphone"} {
		r, _ := all[len(all)-1].From(theirs, source)
		t.Logf("%s of the browser: %d frames opened, %d not, %d put in by the server", source, r.Opened, r.Unopened, r.Injected)
		if r.Opened < 100 || r.Unopened > 0 {
			t.Errorf("%s of the browser: %d frames opened, %d not", source, r.Opened, r.Unopened)
		}
	}
	b, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if b.EncryptionErrors > 0 {
		t.Errorf("the browser could not open %d times", b.EncryptionErrors)
	}
}

func TestNothingFailsToOpenForAWhile(t *testing.T) {
	m, _ := meetFor(t, 2*time.Minute+soak(t), setting{
		browser: &rig.BrowserOptions{Codec: "vp8", Simulcast: true, Passphrase: passphrase}, client: live(t, locked(t, passphrase)...),
	})
	if _, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool { return l.Seconds >= soak(t).Seconds() }); err != nil {
		t.Fatal(err)
	}
	for i, on := range []bool{false, true} { // the server makes frames of its own where a track falls silent
		for _, source := range []string{"camera", "microphone"} {
			if err := m.browser.Switch(source, on); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool { return l.Seconds >= soak(t).Seconds()+3*float64(i+1) }); err != nil {
			t.Fatal(err)
		}
	}
	nothingUnopened(t, m)
	last, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	g := rig.Find(last.Received, ours, "camera")
	t.Logf("after %v: the browser decoded %d pictures of ours, %d encryption errors", soak(t), g.Frames, last.EncryptionErrors)
	if float64(g.Frames) < 10*soak(t).Seconds() {
		t.Errorf("the browser decoded only %d pictures of ours", g.Frames)
	}
}

func TestWithAnotherPassphraseNothingIsShownAndThatIsSaid(t *testing.T) {
	m, _ := meet(t, setting{browser: &rig.BrowserOptions{Passphrase: passphrase}, client: live(t, locked(t, "another one")...)})
	l, _, err := m.client.Await(m.ctx, 0, func(l rig.ClientLine) bool { return l.Event == "error" && l.Code == "wrong-passphrase" })
	if err != nil {
		t.Fatal(err)
	}
	joined, err := m.client.Event(m.ctx, "joined")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v after joining: %s", l.Arrived.Sub(joined.Arrived), l.Text)
	if !strings.Contains(l.Text, "cannot be opened with this passphrase") {
		t.Errorf("said %q", l.Text)
	}
	shut, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool {
		r, _ := l.From(theirs, "camera")
		return r.Unopened > 100
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"camera", "microphone"} {
		if r, _ := shut.From(theirs, source); r.Opened+r.Shown > 0 {
			t.Errorf("%s: %+v", source, r)
		}
	}
	b, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if g := rig.Find(b.Received, ours, "camera"); g.Frames > 0 {
		t.Errorf("the browser shows %d pictures of ours", g.Frames)
	}
}

func TestABrowserThatDoesNotEncryptIsNotShownInAnEncryptedCall(t *testing.T) {
	m, _ := meet(t, setting{browser: &rig.BrowserOptions{}, client: live(t, locked(t, passphrase)...)})
	if _, _, err := m.client.Await(m.ctx, 0, func(l rig.ClientLine) bool { return l.Event == "error" && l.Code == "member-not-encrypted" }); err != nil {
		t.Fatal(err)
	}
	later, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool { return l.Seconds > 6 })
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"camera", "microphone"} {
		if r, ok := later.From(theirs, source); ok && r.Packets+r.Shown > 0 {
			t.Errorf("%s: %+v", source, r)
		}
	}
	if later.Sent["camera"].Frames == 0 {
		t.Error("we send nothing")
	}
	b, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if g := rig.Find(b.Received, ours, "camera"); g.Frames > 0 {
		t.Errorf("the browser shows %d pictures of ours, without the passphrase", g.Frames)
	}
}

func TestFilesCrossBothWays(t *testing.T) {
	for what, secret := range map[string]string{"encrypted": passphrase, "plain": ""} {
		t.Run(what, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "received")
			args := []string{"--camera", "off", "--microphone", "off", "--speaker", "off", "--files", folder}
			if secret != "" {
				args = append(args, locked(t, secret)...)
			}
			m, _ := meet(t, setting{browser: &rig.BrowserOptions{Listen: true, Passphrase: secret}, client: args})
			if _, err := m.browser.Event(m.ctx, "member-joined", ours, ""); err != nil { // to an empty room it sends in another form
				t.Fatal(err)
			}
			const size = 1_234_567
			if err := m.browser.SendFile("../../from browser.bin", size); err != nil {
				t.Fatal(err)
			}
			l, _, err := m.client.Await(m.ctx, 0, func(l rig.ClientLine) bool { return l.Code == "file kept" || strings.HasPrefix(l.Code, "file-not") })
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(folder, "from browser.bin"))
			if err != nil || !bytes.Equal(got, rig.FileContent(size)) {
				t.Errorf("%d bytes came, %v; said %+v", len(got), err, l)
			}
			if plain := strings.Contains(l.Text, "operator"); plain != (secret == "") {
				t.Errorf("said %q", l.Text)
			}
			out := filepath.Join(t.TempDir(), "to browser.bin")
			if err := os.WriteFile(out, got, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := m.client.Colon("send " + out); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("to browser.bin %d %x", size, sha256.Sum256(got))
			if e, err := m.browser.Event(m.ctx, "file", "", ""); err != nil || e.Text != want {
				t.Errorf("the browser got %q, %v, want %q", e.Text, err, want)
			}
			if _, _, err := m.client.Await(m.ctx, 0, func(l rig.ClientLine) bool { return l.Code == "file sent" }); err != nil {
				t.Error(err)
			}
		})
	}
}
