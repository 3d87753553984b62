package collector_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// told is a collector.Fetcher that says what it is told to.
type told struct {
	takes  time.Duration
	result counting.Result
	err    error
}

func (f *told) Count(context.Context, counting.Task) (counting.Result, error) {
	time.Sleep(f.takes)
	return f.result, f.err
}

// sends is a result of so many requests, by which so many e-mails were sent.
func sends(sent int64, requests int) counting.Result {
	return counting.Result{State: &counting.State{}, Statistics: smartlead.Statistics{
		Steps: []smartlead.Step{{SequenceNumber: 1, Sent: sent}}, Shape: smartlead.ShapeAggregated, Rows: 1, Requests: requests,
	}}
}

// Of each campaign the newest refreshes are remembered: when they began, how it was counted, what it took, and what came of it.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock starts at 2000-01-01T00:00:00Z
		began := time.Now()
		f := &told{takes: 3 * time.Second}
		e := start(t, settings(collector.Account{Name: "default", Fetcher: f, Concurrency: 1, Campaigns: []collector.Campaign{campaign(7, "Q4")}}))
		history := func() []collector.Refresh {
			t.Helper()
			snapshot, refreshes, ok := e.store.History(7)
			if !ok || snapshot.Name != "Q4" {
				t.Fatalf("got %+v, %t, want campaign Q4", snapshot, ok)
			}
			return refreshes
		}
		if got := history(); len(got) != 0 {
			t.Errorf("before the first one: %v", got)
		}

		analytics := &counting.State{Detected: &counting.Reading{Method: counting.MethodAnalytics}}
		all := sends(100, 4)
		all.AllRows, all.State = true, analytics
		moved := sends(103, 1)
		moved.State = analytics
		recounted := sends(103, 5)
		recounted.AllRows, recounted.State, recounted.Recount = true, analytics, counting.OutcomeEqual
		failed := counting.Result{Statistics: smartlead.Statistics{Requests: 2}}
		notFound := &smartlead.Error{Op: "GET /campaigns/7/statistics", Reason: smartlead.ErrNotFound, StatusCode: 404}
		for _, step := range []told{{result: all}, {result: moved}, {result: recounted}, {result: failed, err: notFound}, {result: all}} {
			f.result, f.err = step.result, step.err
			time.Sleep(time.Minute)
			e.scrape()
		}
		at := func(minutes int) time.Time {
			return began.Add(time.Duration(minutes)*time.Minute + time.Duration(minutes-1)*f.takes)
		}
		want := []collector.Refresh{
			{Began: at(5), Duration: f.takes, Requests: 4, Method: counting.MethodRows, Changes: 3},
			{
				Began: at(4), Duration: f.takes, Requests: 2, Method: counting.MethodAnalytics, Changes: -1,
				Reason: smartlead.ErrNotFound, Error: "GET /campaigns/7/statistics: not found (status 404)",
			},
			{Began: at(3), Duration: f.takes, Requests: 5, Method: counting.MethodRows, Recount: counting.OutcomeEqual},
			{Began: at(2), Duration: f.takes, Requests: 1, Method: counting.MethodAnalytics, Changes: 3},
			{Began: at(1), Duration: f.takes, Requests: 4, Method: counting.MethodRows, Changes: -1},
		}
		if diff := cmp.Diff(want, history()); diff != "" {
			t.Errorf("the history (-want +got):\n%s", diff)
		}

		for i := range 12 {
			f.err = &smartlead.Error{Op: fmt.Sprint(i), Reason: smartlead.ErrBadResponse}
			time.Sleep(maxBackoff)
			e.scrape()
		}
		got := history()
		if len(got) != 10 || got[0].Error != "11: bad response" || got[9].Error != "2: bad response" {
			t.Errorf("after many more, the history is %+v, want the newest ten of them", got)
		}
		if _, _, ok := e.store.History(8); ok {
			t.Error("there is a history of a campaign that there isn't")
		}
	})
}

// A campaign that is asked for as before keeps its history, also with another account; one that isn't begins anew.
func TestHistoryOverReloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, settings(account("a", newAPI(), 1, 2), account("b", newAPI(), 3)))
		e.scrape()
		if id, ok := e.store.Example(); id != 1 || !ok {
			t.Errorf("the example is campaign %d, %t, want the first one", id, ok)
		}
		changed := account("a", newAPI(), 1)
		changed.Campaigns[0].Query.SequenceNumbers = []int{1}
		e.store.Apply(settings(changed, account("b", newAPI(), 3, 2)))
		for id, want := range map[int64]int{1: 0, 2: 1, 3: 1} {
			if _, got, ok := e.store.History(id); len(got) != want || !ok {
				t.Errorf("campaign %d has %d refreshes, want %d", id, len(got), want)
			}
		}
		e.store.Apply(settings())
		if _, ok := e.store.Example(); ok {
			t.Error("without campaigns there is an example")
		}
	})
}
