package call

import (
	"testing"

	"paravent/media/frame"
)

func TestATakeIsOverwrittenAndTakesNoMoreThanItWants(t *testing.T) {
	var k take
	b := frame.Block{0.5}
	k.add(&b) // nobody records
	if !k.begin(3) || k.begin(3) {
		t.Fatal("two takes at once")
	}
	kept := k.blocks[:3]
	for range 5 {
		k.add(&b)
	}
	if len(k.blocks) != 3 || kept[2] != b {
		t.Fatalf("%d blocks, the last is %v", len(k.blocks), kept[2][0])
	}
	full, off := k.signals()
	<-full
	k.drop()
	k.drop()
	<-off
	k.wipe()
	for i := range kept {
		if kept[i] != (frame.Block{}) {
			t.Errorf("block %d is still in memory", i)
		}
	}
	if k.add(&b); len(k.blocks) != 0 || !k.begin(1) {
		t.Error("the next take cannot begin")
	}
}

func TestTakingAllocatesNothingPerBlock(t *testing.T) {
	var k take
	k.begin(1000)
	var b frame.Block
	if n := testing.AllocsPerRun(200, func() { k.add(&b) }); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}
