// go-tls-client PORT: who talks TLS to the servers of `bench tls`. A line each on standard input, answered by a line of JSON:
//
//	handshakes SECONDS UNDER_WAY   new connection, TLS 1.3 without resumption, one byte there and back, close
//	idle COUNT                     connections that have shaken hands and had one byte back, and then stay
//	close                          those
//	bulk SECONDS                   one connection, as many bytes as come back
//
// TLS 1.3 with X25519 alone, so that all servers do the same arithmetic.
package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

var address string
var config = &tls.Config{
	InsecureSkipVerify:     true,
	MinVersion:             tls.VersionTLS13,
	CurvePreferences:       []tls.CurveID{tls.X25519},
	SessionTicketsDisabled: true,
}

func open() (*tls.Conn, error) {
	raw, err := net.DialTimeout("tcp4", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	raw.SetDeadline(time.Now().Add(10 * time.Second))
	connection := tls.Client(raw, config)
	one := []byte{'x'}
	if _, err = connection.Write(one); err == nil {
		_, err = connection.Read(one)
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	raw.SetDeadline(time.Time{})
	return connection, nil
}

// The last of what went wrong, for whoever wonders.
var reason atomic.Value

func handshakes(seconds float64, underWay int) {
	var done, failed atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	end := begin.Add(time.Duration(seconds * float64(time.Second)))
	for i := 0; i < underWay; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for time.Now().Before(end) {
				connection, err := open()
				if err != nil {
					failed.Add(1)
					reason.Store(err.Error())
					time.Sleep(time.Millisecond)
					continue
				}
				connection.NetConn().(*net.TCPConn).SetLinger(0)
				connection.NetConn().Close()
				done.Add(1)
			}
		}()
	}
	all.Wait()
	complain(failed.Load())
	fmt.Printf("{\"handshakes\":%d,\"failed\":%d,\"tookMs\":%.2f}\n", done.Load(), failed.Load(), since(begin))
}

func idle(count int) []*tls.Conn {
	connections := make([]*tls.Conn, 0, count)
	for range make([]struct{}, count) {
		connection, err := open()
		if err != nil {
			reason.Store(err.Error())
			break
		}
		connections = append(connections, connection)
	}
	complain(int64(count - len(connections)))
	fmt.Printf("{\"connected\":%d,\"failed\":%d}\n", len(connections), count-len(connections))
	return connections
}

func bulk(seconds float64) {
	connection, err := open()
	if err != nil {
		reason.Store(err.Error())
		complain(1)
		fmt.Println("{\"bytes\":0,\"tookMs\":0}")
		return
	}
	begin := time.Now()
	go func() {
		block := make([]byte, 256*1024)
		for time.Since(begin).Seconds() < seconds {
			if _, err := connection.Write(block); err != nil {
				return
			}
		}
		connection.CloseWrite()
	}()
	block := make([]byte, 256*1024)
	total := 0
	for time.Since(begin).Seconds() < seconds {
		count, err := connection.Read(block)
		total += count
		if err != nil {
			break
		}
	}
	fmt.Printf("{\"bytes\":%d,\"tookMs\":%.2f}\n", total, since(begin))
	connection.NetConn().(*net.TCPConn).SetLinger(0)
	connection.NetConn().Close()
}

func since(begin time.Time) float64 {
	return float64(time.Since(begin).Microseconds()) / 1e3
}

func complain(failed int64) {
	if failed > 0 {
		fmt.Fprintf(os.Stderr, "%d failed: %v\n", failed, reason.Load())
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go-tls-client PORT")
		os.Exit(2)
	}
	address = "127.0.0.1:" + os.Args[1]
	var held []*tls.Conn
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		var seconds float64
		var count int
		line := input.Text()
		if n, _ := fmt.Sscanf(line, "handshakes %g %d", &seconds, &count); n == 2 {
			handshakes(seconds, count)
		} else if n, _ := fmt.Sscanf(line, "idle %d", &count); n == 1 {
			held = idle(count)
		} else if n, _ := fmt.Sscanf(line, "bulk %g", &seconds); n == 1 {
			bulk(seconds)
		} else if line == "close" {
			for _, connection := range held {
				connection.NetConn().Close()
			}
			fmt.Printf("{\"closed\":%d}\n", len(held))
			held = nil
		} else {
			fmt.Fprintln(os.Stderr, "unknown command:", line)
			os.Exit(2)
		}
	}
}
