module tenk/bench/go-peer

go 1.21
