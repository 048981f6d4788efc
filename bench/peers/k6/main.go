// k6 as a Go module.
package main

import "go.k6.io/k6/cmd"

func main() { cmd.Execute() }
