// Package cachefile keeps what a store remembers in a file, so that a restart leaves no hole in the graphs while the
// request budget allows the campaigns to be fetched one after the other.
//
// A file is one line that says what it is, and the content. It is replaced as a whole: whoever reads it, even after the
// machine lost power, finds the old content or the new. What is in it is believed only if every byte is as it was written.
package cachefile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

const (
	format  = "smartlead_exporter cache"
	version = 2 // of the content; a file of another version is of no use

	maxBytes = 1 << 30
)

// header is the first line.
type header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Saved   time.Time `json:"saved"`
	SHA256  string    `json:"sha256"` // of all that follows the line
}

// Memory is what is kept.
type Memory struct {
	Accounts []collector.AccountSnapshot
	// Keys are what is known of the quota of each key; none of them is in it.
	Keys []smartlead.BudgetMemory
	// Clean says that it was kept at the program's end, so that nothing was sent since.
	Clean bool
}

// Save replaces the file. It returns when the new content is on the disk.
func Save(path string, m Memory) error {
	file, err := encode(m, time.Now())
	if err != nil {
		return fmt.Errorf("couldn't encode the cache: %w", err)
	}
	if err := replace(path, file); err != nil {
		return fmt.Errorf("couldn't write the cache file: %w", err)
	}
	return nil
}

func encode(m Memory, now time.Time) ([]byte, error) {
	known, err := json.Marshal(store(m))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(known)
	first, err := json.Marshal(header{Format: format, Version: version, Saved: now.UTC(), SHA256: hex.EncodeToString(sum[:])})
	if err != nil {
		return nil, err
	}
	return slices.Concat(first, []byte("\n"), known), nil
}

// Check returns why Save would fail, as far as that can be told without replacing the file. It leaves alone what another
// process may be about to save.
func Check(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file: name another one", path)
	}
	if err := foreign(path); err != nil {
		return err
	}
	if err := inTheWay(besides(path)); err != nil {
		return err
	}
	// One that is there is what another process is about to save, or was when it was killed.
	if err := try(besides(path)); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("couldn't write the cache file: %w", err)
	}
	return nil
}

// try makes a file and removes it.
func try(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(path))
}

// inTheWay returns an error for what stands at a name at which the exporter writes, or to which it moves a file of no use,
// and is somebody else's. A link takes nothing with it.
func inTheWay(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("couldn't write the cache file: %w", err)
	case info.Mode()&os.ModeSymlink != 0:
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is in the way of the cache file, and not a regular file: move it away", path)
	}
	return foreign(path)
}

// foreign returns an error for a file that is there and doesn't begin as one of ours: it is somebody's, whoever named it for
// the cache, and is neither replaced nor moved. An empty file has nothing that could be lost.
func foreign(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil // there is none, or writing will tell what is wrong
	}
	defer f.Close()
	begins := make([]byte, len(headerBegins))
	n, err := io.ReadFull(f, begins)
	if n > 0 && (err != nil || string(begins) != headerBegins) {
		return fmt.Errorf("%s holds something else than what this exporter keeps: name a file that isn't there yet, or move that one away", path)
	}
	return nil
}

// headerBegins is how each of our files begins, of whatever version.
const headerBegins = `{"format":"` + format + `"`

// besides is the name under which a file is written before it takes the place of the old one. It is always the same, so
// that a process that is killed on the way leaves one such file at the most.
func besides(path string) string { return path + ".new" }

func replace(path string, content []byte) error {
	beside := besides(path)
	if err := inTheWay(beside); err != nil {
		return err
	}
	err := write(beside, content)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		_ = os.Remove(beside) // it may not be there; the error that counts is the first
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// write returns when the content is on the disk. Renamed before, a crash could leave the name with nothing behind it. The
// file is made anew: what stands at its name, such as a link to somewhere else, is not written to.
func write(path string, content []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Load reads the file. A file that isn't there is an empty memory. Whatever is wrong with one that is there is the
// error, and nothing of it is returned.
func Load(path string) (Memory, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return Memory{}, nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxBytes) {
		return Memory{}, fmt.Errorf("%s is no cache file: not a regular file of at most 1 GiB", path)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return Memory{}, fmt.Errorf("couldn't read the cache file: %w", err)
	}
	m, err := decode(file)
	if err != nil {
		return Memory{}, fmt.Errorf("%s is of no use: %w", path, err)
	}
	return m, nil
}

func decode(file []byte) (Memory, error) {
	first, rest, _ := bytes.Cut(file, []byte("\n"))
	var h header
	if err := json.Unmarshal(first, &h); err != nil || h.Format != format {
		return Memory{}, errors.New("it isn't a cache file of this program")
	}
	switch sum := sha256.Sum256(rest); {
	case h.Version != version:
		return Memory{}, fmt.Errorf("it is of version %d, this program knows %d", h.Version, version)
	case hex.EncodeToString(sum[:]) != h.SHA256:
		return Memory{}, errors.New("it is damaged or cut off")
	}
	var known content
	strict := json.NewDecoder(bytes.NewReader(rest)) // a field by another name would be read as 0
	strict.DisallowUnknownFields()
	if err := strict.Decode(&known); err != nil {
		return Memory{}, fmt.Errorf("its content can't be decoded: %w", err)
	}
	return Memory{Accounts: known.accounts(), Keys: known.Keys, Clean: known.Clean}, nil
}
