// go-peer sink|echo|lines|chat PORT, go-peer tls PORT CERT KEY (an echo): a goroutine a connection, each with its own
// buffer, as Go programs are written.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

var accepted, reads, bytes atomic.Int64

func serve(connection net.Conn, echo bool, bufferBytes int) {
	defer connection.Close()
	buffer := make([]byte, bufferBytes)
	for {
		count, err := connection.Read(buffer)
		if err != nil {
			return
		}
		reads.Add(1)
		bytes.Add(int64(count))
		if echo {
			if _, err := connection.Write(buffer[:count]); err != nil {
				return
			}
		}
	}
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: go-peer sink|echo|lines|chat|tls PORT [CERT KEY]")
		os.Exit(2)
	}
	mode := os.Args[1]
	listener, err := net.Listen("tcp4", "127.0.0.1:"+os.Args[2])
	if err == nil && mode == "tls" && len(os.Args) == 5 {
		listener, err = secure(listener, os.Args[3], os.Args[4])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		fmt.Printf("{\"accepted\":%d,\"reads\":%d,\"bytes\":%d}\n", accepted.Load(), reads.Load(), bytes.Load())
		os.Exit(0)
	}()
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		accepted.Add(1)
		switch mode {
		case "lines":
			go countLines(connection)
		case "chat":
			go talk(connection)
		case "tls":
			go serve(connection, true, 4096)
		default:
			go serve(connection, mode == "echo", 1024)
		}
	}
}
