package cachefile

// The content of a file, without the file.
var (
	Encode = encode
	Decode = decode
)
