package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
)

// Lines are counted; the line "?" is answered by the count since the last one.
func countLines(connection net.Conn) {
	defer connection.Close()
	scanner := bufio.NewScanner(connection)
	count := 0
	for scanner.Scan() {
		line := scanner.Bytes()
		if len(line) != 1 || line[0] != '?' {
			count++
			continue
		}
		fmt.Fprintf(connection, "%d\n", count)
		count = 0
	}
}

// A chat as books on Go have it: a channel and a goroutine that writes for each member.
type room struct {
	lock    sync.Mutex
	members map[net.Conn]chan []byte
}

var chat = room{members: map[net.Conn]chan []byte{}}

func (r *room) enter(connection net.Conn) {
	waiting := make(chan []byte, 16)
	go func() {
		for bytes := range waiting {
			if _, err := connection.Write(bytes); err != nil {
				connection.Close()
			}
		}
	}()
	r.lock.Lock()
	r.members[connection] = waiting
	r.lock.Unlock()
}

func (r *room) leave(connection net.Conn) {
	r.lock.Lock()
	close(r.members[connection])
	delete(r.members, connection)
	r.lock.Unlock()
	connection.Close()
}

func (r *room) say(from net.Conn, bytes []byte) {
	r.lock.Lock()
	defer r.lock.Unlock()
	for member, waiting := range r.members {
		if member != from {
			waiting <- bytes
		}
	}
}

func talk(connection net.Conn) {
	chat.enter(connection)
	defer chat.leave(connection)
	scanner := bufio.NewScanner(connection)
	for scanner.Scan() {
		chat.say(connection, append(append([]byte{}, scanner.Bytes()...), '\n'))
	}
}

func secure(listener net.Listener, certFile, keyFile string) (net.Listener, error) {
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}}), nil
}
