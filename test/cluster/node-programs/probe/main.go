// What runs in the containers of tests on a real node: one static program, also the one that holds a pod's namespaces open.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return pause()
	}
	rest := args[1:]
	switch args[0] {
	case "message": // leaves the text as termination message
		return os.WriteFile("/dev/termination-log", []byte(os.ExpandEnv(strings.Join(rest, " "))), 0o600)
	case "print":
		fmt.Println(os.ExpandEnv(strings.Join(rest, " ")))
		return nil
	case "serve": // answers every request with the name of its pod
		return serve(rest[0])
	case "get": // asks so many times, each over a connection of its own
		count, err := strconv.Atoi(rest[1])
		if err != nil {
			return err
		}
		return get(rest[0], count)
	case "api": // asks the API server as the pod's service account
		return api(rest[0])
	}
	return fmt.Errorf("no such word: %s", args[0])
}

func pause() error {
	ended, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	<-ended.Done()
	return nil
}

func serve(port string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	go func() {
		_ = pause()
		os.Exit(0)
	}()
	fmt.Println("serving as " + name)
	return http.ListenAndServe(":"+port, http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, name)
	}))
}

func get(url string, count int) error {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	// A Service that was just made takes a moment to be known by name and to be wired.
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		answer, err := client.Get(url)
		if err == nil {
			answer.Body.Close()
			break
		}
	}
	for range count {
		if err := show(&client, url, ""); err != nil {
			return err
		}
	}
	return nil
}

func api(path string) error {
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	place := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	return show(&client, "https://"+place+path, "Bearer "+string(token))
}

func show(client *http.Client, url, authorization string) error {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if authorization != "" {
		request.Header.Set("authorization", authorization)
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, answer.Status)
	}
	return nil
}
