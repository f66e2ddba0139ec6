package call_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/privacy/seal"
)

// A lock is a double of keys: it turns bytes round.
type lock struct{ open error }

func (lock) Grade() seal.Grade                                       { return seal.Passphrase }
func (l lock) Sealer(string, codec.Name) (seal.Sealer, error)        { return l, nil }
func (l lock) Opener(_, _ string, _ codec.Name) (seal.Opener, error) { return l, nil }
func (lock) SealMessage([]byte) (seal.Message, error)                { return seal.Message{}, nil }
func (lock) OpenMessage(string, seal.Message) ([]byte, error)        { return nil, nil }
func (lock) Close()                                                  {}
func (l lock) Open(dst []byte, p codec.Packet) ([]byte, error)       { return append(dst, p.Data...), l.open }

func (lock) Seal(dst []byte, p codec.Packet) ([]byte, error) {
	return append(append(dst, p.Data...), "sealed"...), nil
}

// held returns what was said to be held back.
func held(s call.State) (all []call.WithheldError) {
	for _, n := range s.Notices {
		var w *call.WithheldError
		if errors.As(n.Err, &w) {
			all = append(all, *w)
		}
	}
	return all
}

func TestWhereEncryptionIsRequiredOnlySealedPacketsLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enterWith(t, seal.Required(lock{}), nil)
		if err := errors.Join(s.SetCamera(t.Context(), true), s.SetMicrophone(t.Context(), true)); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		s.end(t)
		if s.count("packet camera") == 0 || s.count("packet microphone") == 0 || s.count("PLAIN packet") != 0 {
			t.Errorf("%d pictures and %d sounds left, %d plain", s.count("packet camera"), s.count("packet microphone"), s.count("PLAIN packet"))
		}
	})
}

func TestWhereEncryptionIsRequiredWhatIsPlainIsNeitherHeardNorRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enterWith(t, seal.Required(lock{}), nil)
		for _, e := range []sfu.Event{
			sfu.MemberJoined{Member: sfu.Member{ID: "b", Name: "Bob"}},
			sfu.TrackAdded{Track: sfu.Track{ID: "plain", Member: "b", Source: sfu.Microphone}},
			sfu.TrackAdded{Track: sfu.Track{ID: "plain too", Member: "b", Source: sfu.Camera}},
			sfu.TrackAdded{Track: sfu.Track{ID: "sealed", Member: "b", Source: sfu.Screen, Encrypted: true}},
			sfu.ChatArrived{From: "b", Text: "plain"},
			sfu.ChatArrived{From: "b", Text: "plain"},
			sfu.ChatArrived{From: "b", Text: "sealed", Sealed: true},
		} {
			s.session.queue.Put(e)
		}
		synctest.Wait()
		for _, id := range []sfu.TrackID{"plain too", "sealed"} {
			s.Watch(id, sfu.View{Width: 64, Height: 64}, call.Nothing())
		}
		synctest.Wait()
		st := s.State()
		if got := held(st); len(got) != 2 || got[0] != (call.WithheldError{Member: "Bob", Source: sfu.Microphone, Why: seal.ErrNotSealed, Grade: seal.Passphrase}) ||
			got[1].Source != call.Message || got[1].Why != seal.ErrNotSealed {
			t.Errorf("said %+v", got)
		}
		if len(st.Chat) != 1 || st.Chat[0].Text != "sealed" || !st.Chat[0].Sealed {
			t.Errorf("chat %+v", st.Chat)
		}
		for id, want := range map[string]int{"plain": 0, "plain too": 0, "sealed": 1} {
			if n := s.count("subscribe " + id); n != want {
				t.Errorf("%s was asked for %d times", id, n)
			}
		}
		s.end(t)
	})
}

func TestWithoutAPassphraseWhatIsEncryptedIsSaidAndNotAskedFor(t *testing.T) {
	var s call.State
	s = s.After(sfu.MemberJoined{Member: sfu.Member{ID: "b", Name: "Bob"}}).
		After(sfu.TrackAdded{Track: sfu.Track{ID: "a", Member: "b", Source: sfu.Microphone, Encrypted: true, Muted: true}})
	if len(held(s)) != 0 {
		t.Error("said of a track that nobody would hear")
	}
	s = s.After(sfu.TrackChanged{Track: sfu.Track{ID: "a", Member: "b", Source: sfu.Microphone, Encrypted: true}}).
		After(sfu.Withheld{From: "b", Why: seal.ErrNoKey}).After(sfu.Withheld{From: "b", Why: seal.ErrNoKey})
	if got := held(s); len(got) != 2 || got[0].Why != seal.ErrNoKey || got[0].Grade == seal.Passphrase || got[1].Source != call.Message {
		t.Errorf("said %+v", got)
	}
	if tr, _ := s.Track("a"); tr.Withheld != seal.ErrNoKey {
		t.Errorf("track %+v", tr)
	}
}

func TestWhatAPassphraseIsNotWorthIsSaidOnce(t *testing.T) {
	for grade, want := range map[seal.Grade]int{seal.Passphrase: 1, seal.Plain: 0, seal.Verified: 0} {
		s := call.State{Encryption: call.Encryption{Grade: grade}}.After(sfu.Settled{})
		if len(s.Notices) != want || want == 1 && s.Notices[0].What != call.SharedKey {
			t.Errorf("%s: %+v", grade, s.Notices)
		}
	}
}
