package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// notification is what Alertmanager sends to a webhook.
type notification struct {
	Receiver     string            `json:"receiver"`
	Status       string            `json:"status"`
	GroupKey     string            `json:"groupKey"`
	GroupLabels  map[string]string `json:"groupLabels"`
	CommonLabels map[string]string `json:"commonLabels"`
	Alerts       []struct {
		Status      string            `json:"status"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"alerts"`
}

// alerts returns the names of the alerts in a notification.
func (n *notification) alerts() []string {
	var names []string
	for _, a := range n.Alerts {
		names = append(names, a.Labels["alertname"])
	}
	return slices.Sorted(slices.Values(names))
}

// summaries returns what the alerts in a notification say.
func (n *notification) summaries() []string {
	var summaries []string
	for _, a := range n.Alerts {
		summaries = append(summaries, a.Annotations["summary"])
	}
	return summaries
}

func (n *notification) String() string {
	return fmt.Sprintf("%s to %s: %q of %v", n.Status, n.Receiver, n.alerts(), n.GroupLabels)
}

// message is what Alertmanager sends to a chat.
type message struct {
	Channel     string `json:"channel"`
	Attachments []struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"attachments"`
}

// receiver is a webhook and a chat in one. It remembers what it was sent.
type receiver struct {
	server *httptest.Server

	mu            sync.Mutex
	notifications []*notification
	messages      []message
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhook", func(w http.ResponseWriter, req *http.Request) {
		n := &notification{}
		if err := json.NewDecoder(req.Body).Decode(n); err != nil {
			t.Errorf("a notification: %v", err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.notifications = append(r.notifications, n)
	})
	mux.HandleFunc("POST /chat", func(w http.ResponseWriter, req *http.Request) {
		var m message
		if err := json.NewDecoder(req.Body).Decode(&m); err != nil {
			t.Errorf("a message: %v", err)
		}
		r.mu.Lock()
		r.messages = append(r.messages, m)
		r.mu.Unlock()
		_, _ = w.Write([]byte("ok"))
	})
	r.server = httptest.NewServer(mux)
	t.Cleanup(r.server.Close)
	return r
}

// received returns the notifications so far of which a function is true.
func (r *receiver) received(is func(*notification) bool) []*notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.notifications), func(n *notification) bool { return !is(n) })
}

// chat returns the messages so far.
func (r *receiver) chat() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

// awaitOne waits for a notification of which a function is true, and returns the first.
func (r *receiver) awaitOne(t *testing.T, what string, is func(*notification) bool) *notification {
	t.Helper()
	var found []*notification
	await(t, what, func() error {
		if found = r.received(is); len(found) == 0 {
			return fmt.Errorf("none among %v", r.received(func(*notification) bool { return true }))
		}
		return nil
	})
	return found[0]
}
