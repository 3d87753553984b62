package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-kit/log/level"

	"smartlead_exporter/collector"
)

// targetGroup is one of Prometheus' HTTP service discovery.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// targets serves a target group a campaign: this exporter, by the name that it was asked under, and the campaign's id as
// a parameter for /probe. Where the campaigns aren't known it fails, and Prometheus keeps the targets it has.
func (s *scraper) targets(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := s.deadline(w, r)
	defer cancel()
	targets, err := s.Store.Targets(ctx)
	if err != nil {
		answer(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	groups := make([]targetGroup, 0, len(targets))
	for i := range targets {
		groups = append(groups, targetGroup{Targets: []string{r.Host}, Labels: targetLabels(&targets[i])})
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(groups); err != nil {
		_ = level.Debug(s.logger).Log("msg", "a client of /sd hung up", "err", err)
	}
}

func targetLabels(c *collector.Snapshot) map[string]string {
	labels := map[string]string{
		"__meta_smartlead_account":       c.Account,
		"__meta_smartlead_campaign_id":   c.ID,
		"__meta_smartlead_campaign_name": c.Name,
		"__meta_smartlead_status":        "",
		"__meta_smartlead_client_id":     "",
		"__meta_smartlead_tags":          "",
		"__param_campaign_id":            c.ID,
	}
	if c.Listed == nil {
		return labels
	}
	labels["__meta_smartlead_status"] = c.Listed.Status
	labels["__meta_smartlead_client_id"] = c.Listed.ClientID
	if len(c.Listed.Tags) > 0 { // surrounded by commas, so that a regular expression needn't mind the ends
		labels["__meta_smartlead_tags"] = "," + strings.Join(c.Listed.Tags, ",") + ","
	}
	return labels
}
