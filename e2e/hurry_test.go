package e2e_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// hurry is how many times faster than they are written all waits pass: those of alerts (for), of rules (interval), of
// scrapes, and of Alertmanager's groups. A minute is a second. Nothing else in the rules is changed: windows and
// thresholds are as they are.
const hurry = 60

var ruleWait = regexp.MustCompile(`(?m)^( +(?:for|interval): )(\d+)([mhd])$`)

// hurriedRules writes copies of the rules whose waits are shortened into folder/rules.
func hurriedRules(t *testing.T, folder string) {
	t.Helper()
	for _, file := range files(t, "alerts/*.rules.yml") {
		shortened := 0
		text := ruleWait.ReplaceAllStringFunc(read(t, file), func(line string) string {
			shortened++
			m := ruleWait.FindStringSubmatch(line)
			return m[1] + hurried(t, m[2]+m[3])
		})
		if shortened == 0 {
			t.Fatalf("%s: nothing to shorten: is it written in another way now?", file)
		}
		write(t, filepath.Join(folder, "rules", filepath.Base(file)), text)
	}
}

var unit = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}

// hurried shortens a duration, such as 10m, and returns it as Prometheus reads it.
func hurried(t *testing.T, duration string) string {
	t.Helper()
	last := len(duration) - 1
	n, err := strconv.Atoi(duration[:last])
	if err != nil || unit[duration[last]] == 0 {
		t.Fatalf("%q isn't a duration of one unit", duration)
	}
	short := time.Duration(n) * unit[duration[last]] / hurry
	return strconv.FormatInt(short.Milliseconds(), 10) + "ms"
}

// hurriedAlertmanager returns alerts/alertmanager.yml as it is but for three things: waits are shortened, e-mail is
// left out, and each receiver that is left gets a webhook beside its chat. The chat's URL is in a file anyway.
func hurriedAlertmanager(t *testing.T, chatURL, webhookURL string) string {
	t.Helper()
	var config map[string]any
	if err := yaml.Unmarshal([]byte(read(t, "alerts/alertmanager.yml")), &config); err != nil {
		t.Fatal(err)
	}
	config["global"] = map[string]any{"slack_api_url_file": write(t, filepath.Join(t.TempDir(), "slack_url"), chatURL)}
	templates, err := filepath.Abs(filepath.Join(repository, "alerts", "templates", "*.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	config["templates"] = []any{templates}
	for _, r := range config["receivers"].([]any) {
		receiver := r.(map[string]any)
		delete(receiver, "email_configs")
		receiver["webhook_configs"] = []any{map[string]any{"url": webhookURL, "send_resolved": true}}
	}
	hurryRoute(t, config["route"].(map[string]any))
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func hurryRoute(t *testing.T, route map[string]any) {
	t.Helper()
	for _, wait := range []string{"group_wait", "group_interval", "repeat_interval"} {
		if duration, ok := route[wait].(string); ok {
			route[wait] = hurried(t, duration)
		}
	}
	children, _ := route["routes"].([]any)
	for _, child := range children {
		hurryRoute(t, child.(map[string]any))
	}
}
