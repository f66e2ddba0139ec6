package sfu_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"paravent/media/sfu"
)

func FuzzForeignClean(f *testing.F) {
	for _, s := range []string{
		"hello\x1b]0;title\x07", "a\u202eb\nc", "\x9b31mred", "\ufeffx", "\U000e0041", "👩‍👩‍👧", "\xff\xfe", "\u2066\u2069", strings.Repeat("é", 9000),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := sfu.Foreign(s).Clean()
		if i := strings.IndexFunc(got, unicode.IsControl); i >= 0 {
			t.Errorf("Clean(%q) = %q has a control code", s, got)
		}
		if !utf8.ValidString(got) || len(got) > 16<<10 {
			t.Errorf("Clean(%q) is no text of at most 16 KiB", s)
		}
		if again := sfu.Foreign(got).Clean(); again != got {
			t.Errorf("Clean is not stable: %q, %q", got, again)
		}
	})
}

func TestCleanKeepsWhatScriptsAndEmojiNeed(t *testing.T) {
	for _, s := range []string{"Zoë Müller", "👩‍👩‍👧", "می\u200cخواهم", "日本語"} {
		if got := sfu.Foreign(s).Clean(); got != s {
			t.Errorf("Clean(%q) = %q", s, got)
		}
	}
	if got := sfu.Foreign("two\nlines\tand\u2028more").Clean(); got != "two lines and more" {
		t.Errorf("Clean = %q", got)
	}
}

func TestAQueueGivesEveryEventInOrderAndEndsOnce(t *testing.T) {
	q := sfu.NewQueue()
	for i := range 100 {
		q.Put(sfu.TrackRemoved{ID: sfu.TrackID(rune('a' + i%26))})
	}
	q.Put(sfu.Ended{Why: sfu.Left})
	q.Put(sfu.Ended{Why: sfu.Broken})
	q.Put(sfu.MemberLeft{})
	n := 0
	var last sfu.Event
	for e := range q.Events() {
		if r, ok := e.(sfu.TrackRemoved); ok && r.ID != sfu.TrackID(rune('a'+n%26)) {
			t.Fatalf("event %d is %v", n, e)
		}
		last = e
		n++
	}
	if n != 101 || last != (sfu.Ended{Why: sfu.Left}) || !q.Ended() {
		t.Errorf("%d events, the last is %v", n, last)
	}
}

func TestAReaderThatFallsBehindLosesTheSessionAndNoEvent(t *testing.T) {
	q := sfu.NewQueue()
	for range 10000 {
		q.Put(sfu.MemberLeft{})
	}
	n := 0
	var last sfu.Event
	for e := range q.Events() {
		last = e
		n++
	}
	if e, ok := last.(sfu.Ended); !ok || e.Why != sfu.Broken || n > 2*4096+1 {
		t.Errorf("%d events, the last is %v", n, last)
	}
}

func TestAMemberWhoSendsWithoutEndTakesTheSessionFromNobody(t *testing.T) {
	q := sfu.NewQueue()
	const flood = 100_000
	for range flood {
		q.PutLossy(sfu.Data{From: "eve", Bytes: []byte("x")})
	}
	q.Put(sfu.MemberLeft{ID: "eve"})
	q.Put(sfu.Ended{Why: sfu.Left})
	data, left := 0, false
	for e := range q.Events() {
		switch e := e.(type) { //nolint:gochecksumtype // of all events
		case sfu.Data:
			data++
		case sfu.MemberLeft:
			left = true
		case sfu.Ended:
			if e.Why != sfu.Left {
				t.Errorf("ended: %+v", e)
			}
		}
	}
	if data == 0 || data == flood || !left {
		t.Errorf("%d of %d came, left %v", data, flood, left)
	}
}
