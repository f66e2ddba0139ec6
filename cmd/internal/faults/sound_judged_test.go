package faults

import (
	"math"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/codec/opus"
	"paravent/media/frame"
)

// coded sends blocks through Opus, as a call does, and returns what comes out.
func coded(t *testing.T, blocks []frame.Block) []frame.Block {
	t.Helper()
	chain, err := openSoundChain()
	if err != nil {
		t.Fatal(err)
	}
	enc, err := opus.NewEncoder(codec.SoundSettings{Bitrate: 64_000, Complexity: 5, FEC: true})
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	dec, err := opus.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var out []frame.Block
	var pcm [codec.MaxSound]float32
	for n := range blocks {
		cleared, err := chain.Clear(&frame.Sound{Near: blocks[n], At: frame.BlockFor * time.Duration(n)})
		if err != nil {
			t.Fatal(err)
		}
		p, err := enc.Encode(cleared)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Data) == 0 {
			continue
		}
		got, err := dec.Decode(p.Data, pcm[:])
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+frame.BlockLen <= got; i += frame.BlockLen {
			out = append(out, frame.Block(pcm[i:i+frame.BlockLen]))
		}
	}
	return out
}

func highest(m *marker, blocks []frame.Block) float64 {
	best := 0.0
	for i := range blocks {
		best = max(best, m.score(&blocks[i]))
	}
	return best
}

func TestTheEarFindsASingleBlockOfTheRoomBehindTheCodec(t *testing.T) {
	m := newMarker()
	for shift := 0; shift < frame.BlockLen; shift += 37 { // a receiver's blocks begin anywhere
		flat := make([]float32, 40*frame.BlockLen)
		for i, v := range m.block(shift) {
			flat[20*frame.BlockLen+shift+i] = v
		}
		blocks := make([]frame.Block, 40)
		for n := range blocks {
			copy(blocks[n][:], flat[n*frame.BlockLen:])
		}
		if s := highest(m, coded(t, blocks)); s < 0.55 {
			t.Errorf("10 ms of the room, %d samples late, score %.2f", shift, s)
		}
	}
}

func TestTheEarDoesNotTakeAVoiceForTheRoom(t *testing.T) {
	m, v := newMarker(), &voice{}
	blocks := make([]frame.Block, 200)
	for n := range blocks {
		v.next(&blocks[n]) // it begins and ends, which is when it sounds like everything
	}
	if s := max(highest(m, blocks), highest(m, coded(t, blocks))); s > 0.58 {
		t.Errorf("a voice scores %.2f", s)
	}
	for n := range blocks { // what a decoder makes up out of nothing
		for i := range blocks[n] {
			blocks[n][i] = float32(1e-6 * math.Sin(float64(i*i)))
		}
	}
	if s := highest(m, blocks); s != 0 {
		t.Errorf("next to nothing scores %.2f", s)
	}
}

func TestTheSoundPlanHasAThousandFaultsOfEachStageAndKind(t *testing.T) {
	all := soundPlan()
	if len(all) != total {
		t.Errorf("%d faults are planned, want %d", len(all), total)
	}
	counts := make(map[fault]int)
	for _, f := range all {
		counts[f]++
	}
	for _, s := range soundStages() {
		for _, k := range []kind{failure, panics, late, slowFor, leavesNo, endless} {
			if counts[fault{s, k}] == 0 {
				t.Errorf("%s, %s: not planned", s, k)
			}
		}
	}
}
