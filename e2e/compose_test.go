package e2e_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"smartlead_exporter/e2e/internal/programs"
)

// compose is all that deploy/compose.yml may hold: a key that isn't here is a mistake.
type compose struct {
	Name     string             `yaml:"name"`
	Common   composeService     `yaml:"x-service"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type composeService struct {
	Restart     string   `yaml:"restart"`
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Logging     struct {
		Driver string `yaml:"driver"`
	} `yaml:"logging"`
}

type service struct {
	composeService `yaml:",inline"`

	Image      string `yaml:"image"`
	PullPolicy string `yaml:"pull_policy"`
	Build      struct {
		Context string `yaml:"context"`
	} `yaml:"build"`
	User        string            `yaml:"user"`
	Entrypoint  []string          `yaml:"entrypoint"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	Tmpfs       []string          `yaml:"tmpfs"`
	Healthcheck struct {
		Test        []string `yaml:"test"`
		Interval    string   `yaml:"interval"`
		Timeout     string   `yaml:"timeout"`
		Retries     int      `yaml:"retries"`
		StartPeriod string   `yaml:"start_period"`
	} `yaml:"healthcheck"`
	DependsOn map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
}

// TestCompose holds deploy/compose.yml against the files that it mounts, the programs that it starts and the pins. It
// doesn't take a container engine, and can't tell what one would.
func TestCompose(t *testing.T) {
	var c compose
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(read(t, "deploy/compose.yml"))))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(c.Services)), []string{"alertmanager", "exporter", "grafana", "history", "past", "prometheus"}; !slices.Equal(got, want) {
		t.Fatalf("the services are %q, want %q", got, want)
	}
	for name, s := range c.Services {
		t.Run(name, func(t *testing.T) { checkService(t, &c, &s) })
	}

	for name, program := range map[string]programs.Program{"past": programs.Prometheus, "prometheus": programs.Prometheus, "alertmanager": programs.Alertmanager} {
		pin, err := installation.Pin(program)
		if err != nil {
			t.Fatal(err)
		}
		if program == programs.Prometheus { // v0.315.0 is what Go calls 3.15.0
			pin = regexp.MustCompile(`^v0\.(\d+)(\d\d)\.`).ReplaceAllString(pin, "v$1.$2.")
			pin = regexp.MustCompile(`\.0(\d)\.`).ReplaceAllString(pin, ".$1.")
		}
		if image := c.Services[name].Image; !strings.HasSuffix(image, ":"+pin) {
			t.Errorf("%s is the image %s, and tools/ pins %s", name, image, pin)
		}
	}
	knowsFlags(t, binaries.prometheus, c.Services["prometheus"].Command)
	knowsFlags(t, binaries.alertmanager, c.Services["alertmanager"].Command)
	knowsFlags(t, binaries.exporter, c.Services["exporter"].Command)
	history := c.Services["history"].Command
	knowsFlags(t, binaries.exporter, history)

	// The past is of the series that are scraped.
	var config struct {
		Scrapes []struct {
			Job     string `yaml:"job_name"`
			Targets []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "deploy/prometheus/prometheus.yml")), &config); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"job": config.Scrapes[0].Job, "instance": config.Scrapes[0].Targets[0].Targets[0]} {
		if flag := "--backfill.label=" + name + "=" + value; !slices.Contains(history, flag) {
			t.Errorf("history has the flags %q, want %s", history, flag)
		}
	}

	// Who asks whom, by the names and ports of services.
	asked := regexp.MustCompile(`\b(\w+):(\d{4,5})\b`)
	for _, text := range []string{read(t, "deploy/prometheus/prometheus.yml"), c.Services["grafana"].Environment["PROMETHEUS_URL"]} {
		found := asked.FindAllStringSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("nobody is asked in %q", text)
		}
		for _, m := range found {
			if !slices.ContainsFunc(c.Services[m[1]].Ports, func(p string) bool { return strings.HasSuffix(p, ":"+m[2]) }) {
				t.Errorf("%s is asked, which is no service and port", m[0])
			}
		}
	}
}

var pinned = regexp.MustCompile(`^docker\.io/[a-z]+/[a-z]+:v?\d+\.\d+\.\d+$`)

func checkService(t *testing.T, c *compose, s *service) {
	t.Helper()
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
		t.Error("may do more than it needs")
	}
	built := slices.ContainsFunc(slices.Collect(maps.Values(c.Services)), func(o service) bool { return o.Image == s.Image && o.Build.Context != "" })
	if built && s.Build.Context == "" && s.PullPolicy != "never" {
		t.Errorf("the image %s is built, and pulled all the same", s.Image)
	}
	if !built && !pinned.MatchString(s.Image) {
		t.Errorf("the image %s isn't pinned", s.Image)
	}
	if s.Build.Context != "" {
		read(t, filepath.Join("deploy", s.Build.Context, "Dockerfile"))
	}
	ends := s.Restart == "no" // and others wait for that
	if h := s.Healthcheck; ends != (len(h.Test) == 0) {
		t.Errorf("it is restarted: %q, and its health is checked by %+v", s.Restart, h)
	} else if !ends && (len(h.Test) < 2 || h.Test[0] != "CMD" || h.Interval == "" || h.Timeout == "" || h.Retries == 0 || h.StartPeriod == "") {
		t.Errorf("its health is checked by %+v", h)
	}
	for _, port := range s.Ports {
		if !strings.HasPrefix(port, "127.0.0.1:") {
			t.Errorf("port %s can be reached from other machines", port)
		}
	}
	for name, on := range s.DependsOn {
		want := "service_healthy"
		if c.Services[name].Restart == "no" {
			want = "service_completed_successfully"
		}
		if _, ok := c.Services[name]; !ok || on.Condition != want {
			t.Errorf("it depends on %s: %+v, want it %s", name, on, want)
		}
	}
	inside := map[string]string{} // what is mounted where
	for _, volume := range s.Volumes {
		from, to, _ := strings.Cut(volume, ":")
		if !strings.HasPrefix(from, ".") {
			if _, ok := c.Volumes[from]; !ok {
				t.Errorf("there is no volume %s", from)
			}
			continue
		}
		to, readOnly := strings.CutSuffix(to, ":ro")
		if _, err := os.Stat(filepath.Join(repository, "deploy", from)); err != nil || !readOnly {
			t.Errorf("%s: it must exist and be mounted :ro: %v", volume, err)
		}
		inside[to] = filepath.Join("deploy", from)
	}
	// Files that flags and variables name have to be mounted.
	for _, text := range slices.Concat(s.Entrypoint, s.Command, slices.Collect(maps.Values(s.Environment))) {
		path := text[strings.Index(text, "=")+1:]
		if !strings.HasSuffix(path, ".yml") && !strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".sh") {
			continue
		}
		if from, ok := inside[path]; ok {
			read(t, from)
		} else {
			read(t, filepath.Join(inside[filepath.Dir(path)], filepath.Base(path)))
		}
	}
	// So has the folder from which Grafana's provider reads.
	if from, ok := inside["/etc/grafana/provisioning"]; ok {
		var provider struct {
			Providers []struct {
				Options struct {
					Path string `yaml:"path"`
				} `yaml:"options"`
			} `yaml:"providers"`
		}
		if err := yaml.Unmarshal([]byte(read(t, filepath.Join(from, "dashboards", "smartlead.yml"))), &provider); err != nil {
			t.Fatal(err)
		}
		if path := provider.Providers[0].Options.Path; inside[path] == "" {
			t.Errorf("the provider's path %s isn't mounted", path)
		}
	}
}

// knowsFlags reports flags that a program doesn't have.
func knowsFlags(t *testing.T, program string, flags []string) {
	t.Helper()
	help, err := exec.CommandContext(t.Context(), program, "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%s --help: %v", program, err)
	}
	for _, flag := range flags {
		name, _, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if !regexp.MustCompile(`--(?:\[no-\])?` + regexp.QuoteMeta(name) + `\b`).Match(help) {
			t.Errorf("%s has no flag --%s", program, name)
		}
	}
}
