package main

import (
	"encoding/json"
	"net/http"
	"strconv"
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
	targets, err := s.store.Targets(ctx)
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

func targetLabels(t *collector.Target) map[string]string {
	id := strconv.FormatInt(t.CampaignID, 10)
	tags := ""
	if len(t.Tags) > 0 { // surrounded by commas, so that a regular expression needn't mind the ends
		tags = "," + strings.Join(t.Tags, ",") + ","
	}
	return map[string]string{
		"__meta_smartlead_account":       t.Account,
		"__meta_smartlead_campaign_id":   id,
		"__meta_smartlead_campaign_name": t.Name,
		"__meta_smartlead_status":        t.Status,
		"__meta_smartlead_client_id":     t.ClientID,
		"__meta_smartlead_tags":          tags,
		"__param_campaign_id":            id,
	}
}
