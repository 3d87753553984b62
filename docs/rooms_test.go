package docs_test

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const architecture = "architecture.md"

// Whoever opens the list of folders can look up what is in each.
func TestEveryFolderIsExplained(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "--full-name", "--", "..").Output()
	if err != nil {
		t.Skipf("only a checkout tells which folders are the project's: %v", err)
	}
	look(t, "..")
	page := string(read(t, architecture))
	folders := map[string]bool{}
	for file := range strings.Lines(string(out)) {
		folder, _, inside := strings.Cut(file, "/")
		if inside && !strings.HasPrefix(folder, ".") && !folders[folder] {
			folders[folder] = true
			if !strings.Contains(page, "](../"+folder+")") && !strings.Contains(page, "](../"+folder+"/") {
				t.Errorf("%s says nothing of the folder %s", architecture, folder)
			}
		}
	}
	if len(folders) < 10 {
		t.Errorf("there are the folders %v only", folders)
	}
}

// look makes go test notice that something in a folder has changed.
func look(t *testing.T, folder string) {
	t.Helper()
	if _, err := os.ReadDir(folder); err != nil {
		t.Fatal(err)
	}
}

// The table of the rooms says what each imports of the others.
func TestRoomsImportWhatIsSaid(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.Dir}} {{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "smartlead_exporter/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "smartlead_exporter/"
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		look(t, words[0])
		room := strings.TrimPrefix(words[1], module)
		imports[room] = []string{}
		for _, imported := range words[2:] {
			if name, ours := strings.CutPrefix(imported, module); ours {
				imports[room] = append(imports[room], name)
			}
		}
	}
	row := regexp.MustCompile("(?m)^\\| \\[`([a-z/]+)/`\\]\\(.*\\) \\|.*\\|.*\\| (.*) \\|$")
	rows := row.FindAllStringSubmatch(string(read(t, architecture)), -1)
	if len(rows) < 8 {
		t.Fatalf("found %d rows in the table of the rooms", len(rows))
	}
	for _, r := range rows {
		said := []string{}
		for _, name := range regexp.MustCompile("`([a-z/]+)`").FindAllStringSubmatch(r[2], -1) {
			said = append(said, name[1])
		}
		slices.Sort(said)
		if diff := cmp.Diff(said, imports[path.Clean(r[1])]); diff != "" {
			t.Errorf("imports of %s (-%s +code):\n%s", r[1], architecture, diff)
		}
	}
}
