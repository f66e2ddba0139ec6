package written_test

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
)

// The same preferences as Python's plistlib writes them.
const (
	asXML = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>defaults</key>
  <dict>
    <key>relay_only</key>
    <true/>
    <key>upload_at_most</key>
    <integer>64000</integer>
  </dict>
  <key>mandatory</key>
  <dict>
    <key>no_camera</key>
    <true/>
    <key>no_chat</key>
    <false/>
    <key>notice</key>
    <string>Grüße aus dem Rathaus — und ein langer Text, der mehr als fünfzehn Zeichen hat</string>
    <key>operators</key>
    <array>
      <dict>
        <key>hosts</key>
        <array>
          <string>meet.example</string>
          <string>.rooms.example</string>
        </array>
        <key>name</key>
        <string>City</string>
      </dict>
    </array>
    <key>receipts_days</key>
    <integer>30</integer>
    <key>sign_in_classes</key>
    <array>
      <string>a</string>
      <string>b</string>
    </array>
  </dict>
</dict>
</plist>
`

	asBinary = "62706c6973743030d2010203085864656661756c7473596d616e6461746f7279d2040506075a72656c61795f6f6e6c795e75706c6f61645f61745f6d" +
		"6f73740911fa00d6090a0b0c0d0e060f1011191a596e6f5f63616d657261576e6f5f63686174566e6f74696365596f70657261746f72735d72656365" +
		"697074735f646179735f100f7369676e5f696e5f636c6173736573086f104e0047007200fc00df00650020006100750073002000640065006d002000" +
		"520061007400680061007500730020201400200075006e0064002000650069006e0020006c0061006e00670065007200200054006500780074002c00" +
		"200064006500720020006d00650068007200200061006c00730020006600fc006e0066007a00650068006e0020005a00650069006300680065006e00" +
		"20006800610074a112d21314151855686f737473546e616d65a216175c6d6565742e6578616d706c655e2e726f6f6d732e6578616d706c6554436974" +
		"79101ea21b1c516151620008000d0016002000250030003f004000430050005a00620069007300810093009401330135013a01400145014801550164" +
		"0169016b016e01700000000000000201000000000000001d00000000000000000000000000000172"
)

func lists(t *testing.T) map[string][]byte {
	t.Helper()
	b, err := hex.DecodeString(asBinary)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"XML": []byte(asXML), "binary": b}
}

func TestAPropertyListIsReadInXMLAndInBinary(t *testing.T) {
	for kind, data := range lists(t) {
		layers, err := written.OfPropertyList("p.plist", data)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		p := policy.Resolve(layers...).Policy
		if !p.NoCamera || p.NoChat || p.ReceiptDays != 30 || !strings.HasPrefix(p.Notice, "Grüße aus dem Rathaus — und") || len(p.ACR) != 2 ||
			len(p.Operators) != 1 || p.Operators[0].Name != "City" || len(p.Operators[0].Hosts) != 2 || !p.RelayOnly || p.MostUp != 64000 {
			t.Errorf("%s: %+v", kind, p)
		}
	}
}

func TestAPropertyListThatIsNoneIsRefusedInWords(t *testing.T) {
	wrap := func(s string) string { return "<plist>" + s + "</plist>" }
	for name, text := range map[string]string{
		"nothing":             "",
		"no list":             "<html></html>",
		"an empty list":       wrap(""),
		"no dictionary":       wrap("<array/>"),
		"two roots":           wrap("<dict/><dict/>"),
		"an unknown kind":     wrap("<dict><key>mandatory</key><set/></dict>"),
		"a key twice":         wrap("<dict><key>mandatory</key><dict/><key>mandatory</key><dict/></dict>"),
		"a key alone":         wrap("<dict><key>mandatory</key></dict>"),
		"text between":        wrap("<dict>mandatory</dict>"),
		"not closed":          "<plist><dict>",
		"too deep":            wrap("<dict><key>mandatory</key>" + strings.Repeat("<array>", 99) + strings.Repeat("</array>", 99) + "</dict>"),
		"a date":              wrap("<dict><key>mandatory</key><dict><key>notice</key><date>2020-01-01T00:00:00Z</date></dict></dict>"),
		"a short binary list": "bplist00",
		"a trailer of zeros":  "bplist00" + strings.Repeat("\x00", 64),
		// A list that holds itself: one object, an array of a reference to it.
		"a list in itself": "bplist00\xa1\x00\x08" + "\x00\x00\x00\x00\x00\x00\x01\x01" + "\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x0a",
	} {
		layers, err := written.OfPropertyList("p.plist", []byte(text))
		var broken *written.BrokenError
		if !errors.As(err, &broken) || broken.Problems[0].Text == "" || broken.Problems[0].At.Path == "" {
			t.Errorf("%s: %+v, %v", name, layers, err)
		}
	}
}

func TestSpoiledPropertyListsAreReadOrRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for kind, data := range lists(t) {
		for range 5000 {
			b := append([]byte{}, data...)
			for range 1 + r.IntN(3) {
				b[r.IntN(len(b))] = byte(r.IntN(256))
			}
			_, err := written.OfPropertyList("p.plist", b[:len(b)-r.IntN(2)*r.IntN(40)])
			if broken := (*written.BrokenError)(nil); err != nil && !errors.As(err, &broken) {
				t.Fatalf("%s: %v", kind, err)
			}
		}
	}
}

func FuzzPropertyList(f *testing.F) {
	b, err := hex.DecodeString(asBinary)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(asXML))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = written.OfPropertyList("p.plist", data) })
}
