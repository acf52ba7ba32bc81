package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// up starts a cluster and keeps it until stdin ends, a signal comes or a component fails.
//
// Once the cluster is ready it prints one line of JSON: kubeconfig, server, directory. Then it reads
// commands from stdin, one a line: "restart NAME" starts a component again and answers {"restarted": NAME}.
func up() error {
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	nodes := flags.String("nodes", "", "shapes of the nodes, a JSON array of {name, milliCpu, memoryBytes, gpus, labels, annotations, taints}")
	gates := flags.String("feature-gates", "", "feature gates for all components, NAME=BOOL, comma separated")
	directory := flags.String("directory", "", "folder for data, logs and kubeconfig; kept at the end (default: a temporary one, removed at the end)")
	metricsServer := flags.String("metrics-server", "", "program file of metrics-server; without it there is no metrics.k8s.io")
	_ = flags.Parse(os.Args[1:])

	shapes, err := parseNodes(*nodes)
	if err != nil {
		return err
	}
	if *directory == "" {
		if *directory, err = os.MkdirTemp("", "stowage-cluster-"); err != nil {
			return err
		}
		defer os.RemoveAll(*directory)
	}
	for _, folder := range []string{"logs", "tmp", "etcd"} {
		if err := os.MkdirAll(filepath.Join(*directory, folder), 0o700); err != nil {
			return err
		}
	}

	runtime.LockOSThread() // see startProcess
	ctx, stopSignals := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stopSignals()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	commands := readCommands(cancel)

	c := &cluster{directory: *directory, featureGates: *gates, failed: make(chan *process, 1)}
	defer c.stop()
	if err := c.start(ctx, shapes, *metricsServer); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop while starting
		}
		return err
	}
	answer(map[string]string{"kubeconfig": c.kubeconfig("admin"), "server": c.server, "directory": c.directory})
	for {
		select {
		case <-ctx.Done():
			return nil
		case failed := <-c.failed:
			return c.failure(failed)
		case command := <-commands:
			name, ok := strings.CutPrefix(command, "restart ")
			if !ok {
				return fmt.Errorf("unknown command %q", command)
			}
			if err := c.restart(ctx, name); err != nil {
				return err
			}
			answer(map[string]string{"restarted": name})
		}
	}
}

// readCommands passes on the lines of stdin, and calls ended when whoever holds the other end is gone.
func readCommands(ended func()) <-chan string {
	commands := make(chan string)
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			commands <- lines.Text()
		}
		ended()
	}()
	return commands
}

func answer(message map[string]string) {
	_ = json.NewEncoder(os.Stdout).Encode(message)
}
