module tenk/bench/go-tls-client

go 1.21
