package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// landing serves the start page. It is made for each request, since it links to a campaign that there is.
func (s *scraper) landing(w http.ResponseWriter, r *http.Request) {
	links := []toolkit.LandingLinks{
		{Address: s.options.TelemetryPath, Text: "Metrics"},
		{Address: "/status", Text: "Status", Description: "whether the numbers can be trusted now, and how each account and campaign stands"},
		{Address: "/config", Text: "Configuration", Description: "as it is in force, defaults included, without secrets"},
		{Address: "/sd", Text: "Service discovery", Description: "the campaigns as targets for Prometheus' HTTP service discovery"},
	}
	if id, ok := s.Store.Example(); ok {
		links = append(links,
			toolkit.LandingLinks{
				Address: fmt.Sprintf("/probe?campaign_id=%d", id), Text: "Probe", Description: fmt.Sprintf("the metrics of one campaign alone, here of %d", id),
			},
			toolkit.LandingLinks{
				Address: fmt.Sprintf("/status/campaigns/%d", id), Text: "One campaign", Description: fmt.Sprintf("its newest refreshes, here those of %d", id),
			})
	}
	if s.Docs != nil {
		links = append(links,
			toolkit.LandingLinks{Address: "/docs/", Text: "Documentation", Description: "of the version that runs here"},
			toolkit.LandingLinks{Address: "/docs/runbook.md", Text: "Runbook", Description: "what to do about each alert"})
	}
	links = append(links,
		toolkit.LandingLinks{Address: "/-/healthy", Text: "Health", Description: "200 while the process lives"},
		toolkit.LandingLinks{Address: "/-/ready", Text: "Readiness", Description: "200 while it serves"})
	description := "Statistics of Smartlead's campaigns for Prometheus"
	if s.Simulated {
		description = "SIMULATED: the campaigns and numbers are made up (--demo)"
	}
	page, err := toolkit.NewLandingPage(toolkit.LandingConfig{
		Name: "Smartlead Exporter", Description: description, Version: version.Info(), Profiling: strconv.FormatBool(s.options.Pprof), Links: links,
	})
	if err != nil {
		answer(w, http.StatusInternalServerError, "the start page couldn't be made: "+err.Error())
		return
	}
	page.ServeHTTP(w, r)
}
