// Package docs holds the documentation, so that the program can show that of its own version, without a network.
package docs

import "embed"

// Files are the pages, in Markdown.
//
//go:embed *.md
var Files embed.FS
