package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

// process is one running component of the cluster; it logs to logs/NAME.log.
type process struct {
	name     string
	command  *exec.Cmd
	stopping atomic.Bool
	ended    chan struct{} // closed once it is gone
}

// startProcess runs a program that cannot outlive this one: the kernel kills it when the thread that
// started it ends. So the caller must be locked to its thread, and keep it for the cluster's life.
// A process that ends without having been stopped is sent to failed.
func startProcess(directory, name, program string, arguments []string, failed chan<- *process) (*process, error) {
	log, err := os.OpenFile(logFile(directory, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own copy
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), "TMPDIR="+filepath.Join(directory, "tmp"))
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		Setpgid:   true, // Ctrl-C in a terminal reaches the launcher alone, which then stops all in order
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(p.ended)
		if !p.stopping.Load() {
			failed <- p
		}
	}()
	return p, nil
}

// stop kills the process and waits until it is gone. There is nothing to save: the data are a test's.
func (p *process) stop() {
	p.stopping.Store(true)
	_ = p.command.Process.Kill()
	<-p.ended
}

func logFile(directory, name string) string {
	return filepath.Join(directory, "logs", name+".log")
}
