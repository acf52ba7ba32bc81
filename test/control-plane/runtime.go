package main

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	critesting "k8s.io/cri-api/pkg/apis/testing"
	"k8s.io/klog/v2"
)

// Annotations of a pod that say what its pretended program does. They are read when a container
// starts, the last when it is told to stop.
const (
	// Seconds the program runs before it exits by itself; without it, for ever.
	runtimeSecondsAnnotation = "stowage.dev/test-runtime-seconds"
	// Exit code of a program that ran to its end; 0 without it.
	exitCodeAnnotation = "stowage.dev/test-exit-code"
	// Seconds the program needs to end after SIGTERM; 0 without it. Past the grace period it is killed.
	stopSecondsAnnotation = "stowage.dev/test-stop-seconds"
)

// What a shell reports for a program that a signal ended: 128 and the signal's number.
const exitTerminated, exitKilled = 143, 137

// containerRuntime is upstream's stand-in for a container runtime, made to last: its containers
// keep the resources they are given, end when their program would, and use CPU and memory
// (usage.go). No process runs in them.
type containerRuntime struct {
	*critesting.FakeRuntimeService
	pods  podLookup
	usage meter
}

func newContainerRuntime(pods podLookup) *containerRuntime {
	runtime := &containerRuntime{
		FakeRuntimeService: critesting.NewFakeRuntimeService(),
		pods:               pods,
		usage:              newMeter(),
	}
	runtime.FakeStatus = &runtimeapi.RuntimeStatus{Conditions: []*runtimeapi.RuntimeCondition{
		{Type: runtimeapi.RuntimeReady, Status: true},
		{Type: runtimeapi.NetworkReady, Status: true},
	}}
	return runtime
}

func (r *containerRuntime) CreateContainer(ctx context.Context, sandboxID string, config *runtimeapi.ContainerConfig, sandbox *runtimeapi.PodSandboxConfig) (string, error) {
	id, err := r.FakeRuntimeService.CreateContainer(ctx, sandboxID, config, sandbox)
	if err != nil {
		return "", err
	}
	r.Lock()
	defer r.Unlock()
	r.Containers[id].Resources = &runtimeapi.ContainerResources{
		Linux: proto.Clone(config.GetLinux().GetResources()).(*runtimeapi.LinuxContainerResources),
	}
	return id, nil
}

func (r *containerRuntime) StartContainer(ctx context.Context, id string) error {
	if err := r.FakeRuntimeService.StartContainer(ctx, id); err != nil {
		return err
	}
	if seconds, ok := r.annotation(id, runtimeSecondsAnnotation); ok {
		exitCode, _ := r.annotation(id, exitCodeAnnotation)
		time.AfterFunc(duration(seconds), func() { r.end(id, int32(exitCode)) })
	}
	return nil
}

// UpdateContainerResources is the last step of a resize. Zero fields mean unchanged, as in the CRI.
func (r *containerRuntime) UpdateContainerResources(_ context.Context, id string, change *runtimeapi.ContainerResources) error {
	r.Lock()
	defer r.Unlock()
	if container := r.Containers[id]; container != nil {
		proto.Merge(container.Resources, change)
	}
	return nil
}

// StopContainer returns when the program has ended: by itself, or killed after graceSeconds.
func (r *containerRuntime) StopContainer(_ context.Context, id string, graceSeconds int64) error {
	exitCode := int32(exitTerminated)
	seconds, _ := r.annotation(id, stopSecondsAnnotation)
	if seconds > float64(graceSeconds) {
		seconds, exitCode = float64(graceSeconds), exitKilled
	}
	time.Sleep(duration(seconds))
	r.end(id, exitCode)
	return nil
}

// end records the exit of a container's program, unless it has ended already.
func (r *containerRuntime) end(id string, exitCode int32) {
	r.Lock()
	defer r.Unlock()
	container := r.Containers[id]
	if container == nil || container.State != runtimeapi.ContainerState_CONTAINER_RUNNING {
		return
	}
	container.State = runtimeapi.ContainerState_CONTAINER_EXITED
	container.FinishedAt = time.Now().UnixNano()
	container.ExitCode = exitCode
	container.Reason = "Completed"
	if exitCode != 0 {
		container.Reason = "Error"
	}
}

// annotation reads a number from the annotations of a container's pod; false when there is none.
func (r *containerRuntime) annotation(id, name string) (float64, bool) {
	r.Lock()
	defer r.Unlock()
	container := r.Containers[id]
	if container == nil || r.Sandboxes[container.SandboxID] == nil {
		return 0, false
	}
	text, ok := r.Sandboxes[container.SandboxID].Annotations[name]
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		klog.Errorf("container %s: annotation %s is not a number: %q", id, name, text)
		return 0, false
	}
	return number, true
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
