package call_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/privacy/receipt"
)

// A notebook is a double of a receipt.
type notebook struct {
	mu    sync.Mutex
	fail  error
	facts []receipt.Facts
	said  []receipt.Consent
}

func (n *notebook) Facts(f receipt.Facts) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.facts = append(n.facts, f)
	return n.fail
}

func (n *notebook) Consent(c receipt.Consent) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, c)
	return n.fail
}

func TestTheDiaryKnowsWhatLeftAndWhatThePersonSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &notebook{}
		s := enter(t, func(set *call.Settings) { set.Diary = d })
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		s.session.queue.Put(sfu.RecordingChanged{On: true})
		synctest.Wait()
		s.Answer(false)
		pass(time.Second)
		s.session.queue.Put(sfu.RecordingChanged{On: false})
		synctest.Wait()
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		s.end(t)

		base := receipt.Facts{Encryption: "transport"}
		with := func(change func(*receipt.Facts)) receipt.Facts { f := base; change(&f); return f }
		for _, want := range []receipt.Facts{
			base,
			with(func(f *receipt.Facts) { f.Camera, f.Background = true, "cover" }),
			with(func(f *receipt.Facts) { f.Camera, f.Background, f.Recording, f.Paused = true, "cover", true, true }),
			with(func(f *receipt.Facts) { f.Recording, f.Paused = true, true }),
			base,
			with(func(f *receipt.Facts) { f.Microphone, f.Gate = true, "gate" }),
			base,
		} {
			i := slices.Index(d.facts, want)
			if i < 0 {
				t.Fatalf("nothing is known of %+v in what is left of the diary: %+v", want, d.facts)
			}
			d.facts = d.facts[i+1:]
		}
		if !slices.Equal(d.said, []receipt.Consent{{Topic: "recording", Yes: false}}) {
			t.Errorf("the answers are %+v", d.said)
		}
	})
}

func TestADiaryThatCannotBeWrittenIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &notebook{fail: errors.New("the disk is full")}
		s := enter(t, func(set *call.Settings) { set.Diary = d })
		for _, on := range []bool{true, false} {
			if err := s.SetMicrophone(t.Context(), on); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
		}
		s.end(t)
		told := 0
		for _, n := range s.State().Notices {
			if lost := (*call.DiaryError)(nil); errors.As(n.Err, &lost) {
				told++
			}
		}
		if told != 1 || len(d.facts) != 1 {
			t.Errorf("it was said %d times, and tried %d times", told, len(d.facts))
		}
	})
}

func TestFactsAreCheapWhileNothingChanges(t *testing.T) {
	s := call.State{}
	if n := testing.AllocsPerRun(100, func() { s.Facts() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWhereAReceiptIsARuleTheCallEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &notebook{}
		s := enter(t, func(set *call.Settings) { set.Diary, set.Policy.Receipts = d, true })
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		d.mu.Lock()
		d.fail = errors.New("the disk is full")
		d.mu.Unlock()
		s.session.queue.Put(sfu.RecordingChanged{On: true})
		pass(time.Second)
		n := s.count("packet microphone")
		pass(time.Minute)
		if s.count("packet microphone") != n || s.count("close microphone") != 1 || s.State().Ended == nil {
			t.Errorf("the call goes on without its receipt: %+v", s.State().Ended)
		}
		s.end(t)
	})
}
