package docs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Each form for an issue asks for what a report needs, and says what may be pasted.
func TestIssueForms(t *testing.T) {
	files, err := filepath.Glob("../.github/ISSUE_TEMPLATE/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("the forms are %q (%v)", files, err)
	}
	for _, file := range files {
		var form struct {
			Name, Description string
			Labels            []string
			Body              []struct {
				Type        string
				ID          string
				Attributes  map[string]string
				Validations map[string]bool
			}
		}
		if err := yaml.Unmarshal(read(t, file), &form); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if form.Name == "" || form.Description == "" || len(form.Labels) == 0 {
			t.Errorf("%s: GitHub shows no form without a name and a description", file)
		}
		asks := map[string]string{}
		for _, field := range form.Body {
			asks[field.ID] = field.Attributes["description"]
		}
		for id, want := range map[string][]string{
			"version": {"--version"}, "status": {"/status", "Accept: application/json", "neither an API key"}, "log": {"--log.level=debug", "neither an API key"},
		} {
			for _, part := range want {
				if !strings.Contains(asks[id], part) {
					t.Errorf("%s: the field %s says nothing of %s", file, id, part)
				}
			}
		}
	}
}
