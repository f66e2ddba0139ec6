package assets_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"paravent/assets"
)

func TestTheReadmeNamesTheChecksumOfTheModel(t *testing.T) {
	readme, err := os.ReadFile("models/README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(assets.SegmentationModel())
	if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
		t.Errorf("models/README.md does not name %x", sum)
	}
}
