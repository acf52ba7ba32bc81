package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	cadvisorapi "github.com/google/cadvisor/info/v1"
	cadvisorapiv2 "github.com/google/cadvisor/info/v2"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/klog/v2"
	cadvisortesting "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
)

// Annotations of a pod that say how much its pretended program uses, as quantities. They may be
// changed while it runs. Without them it uses half of what it requests. The containers of a pod
// share the figure evenly, and none uses more CPU than its limit.
const (
	usageCPUAnnotation    = "stowage.dev/test-usage-cpu"
	usageMemoryAnnotation = "stowage.dev/test-usage-memory"
)

// meter counts the CPU time used, per container and on the whole node; always under the runtime's lock.
type meter struct {
	readAt          time.Time
	cpuNanoSeconds  map[string]uint64 // by container id
	nodeNanoSeconds uint64
}

func newMeter() meter { return meter{readAt: time.Now(), cpuNanoSeconds: map[string]uint64{}} }

// measurement is what one running container uses.
type measurement struct {
	cpuNanoCores, cpuNanoSeconds, memoryBytes uint64
}

// measure reads all running containers by their id. The runtime's lock must be held.
func (r *containerRuntime) measure(now time.Time) map[string]measurement {
	measurements := map[string]measurement{}
	for id, container := range r.Containers {
		if container.State != runtimeapi.ContainerState_CONTAINER_RUNNING {
			continue
		}
		sandbox := r.Sandboxes[container.SandboxID]
		if sandbox == nil {
			continue
		}
		milliCPU, memoryBytes := usageOf(r.pods(types.UID(sandbox.Metadata.Uid)), container.Metadata.Name)
		if linux := container.Resources.GetLinux(); linux.GetCpuQuota() > 0 {
			milliCPU = min(milliCPU, linux.CpuQuota*1000/linux.CpuPeriod)
		}
		since := r.usage.readAt
		if started := time.Unix(0, container.StartedAt); started.After(since) {
			since = started
		}
		cpuNanoCores := uint64(milliCPU) * 1e6
		used := uint64(float64(cpuNanoCores) * now.Sub(since).Seconds())
		r.usage.cpuNanoSeconds[id] += used
		r.usage.nodeNanoSeconds += used
		measurements[id] = measurement{cpuNanoCores, r.usage.cpuNanoSeconds[id], uint64(memoryBytes)}
	}
	r.usage.readAt = now
	maps.DeleteFunc(r.usage.cpuNanoSeconds, func(id string, _ uint64) bool { return r.Containers[id] == nil })
	return measurements
}

// usageOf says what one container of a pod uses: thousandths of a core and bytes, 0 for an unknown pod.
func usageOf(pod *v1.Pod, container string) (milliCPU, memoryBytes int64) {
	if pod == nil {
		return 0, 0
	}
	var requests v1.ResourceList
	for _, candidate := range pod.Spec.Containers {
		if candidate.Name == container {
			requests = candidate.Resources.Requests
		}
	}
	milliCPU, memoryBytes = requests.Cpu().MilliValue()/2, requests.Memory().Value()/2
	containers := int64(len(pod.Spec.Containers))
	if quantity := quantityAnnotation(pod, usageCPUAnnotation); quantity != nil {
		milliCPU = quantity.MilliValue() / containers
	}
	if quantity := quantityAnnotation(pod, usageMemoryAnnotation); quantity != nil {
		memoryBytes = quantity.Value() / containers
	}
	return milliCPU, memoryBytes
}

func quantityAnnotation(pod *v1.Pod, name string) *resource.Quantity {
	text, ok := pod.Annotations[name]
	if !ok {
		return nil
	}
	quantity, err := resource.ParseQuantity(text)
	if err != nil || quantity.Sign() < 0 {
		klog.Errorf("pod %s/%s: annotation %s is no quantity of at least 0: %q", pod.Namespace, pod.Name, name, text)
		return nil
	}
	return &quantity
}

func (r *containerRuntime) ListPodSandboxStats(_ context.Context, _ *runtimeapi.PodSandboxStatsFilter) ([]*runtimeapi.PodSandboxStats, error) {
	r.Lock()
	defer r.Unlock()
	now := time.Now()
	measurements := r.measure(now)
	var all []*runtimeapi.PodSandboxStats
	for id := range r.Sandboxes {
		if stats := r.sandboxStats(id, now, measurements); len(stats.Linux.Containers) > 0 {
			all = append(all, stats)
		}
	}
	return all, nil
}

func (r *containerRuntime) PodSandboxStats(_ context.Context, id string) (*runtimeapi.PodSandboxStats, error) {
	r.Lock()
	defer r.Unlock()
	if r.Sandboxes[id] == nil {
		return nil, fmt.Errorf("pod sandbox %q not found", id)
	}
	now := time.Now()
	return r.sandboxStats(id, now, r.measure(now)), nil
}

func (r *containerRuntime) ListContainerStats(ctx context.Context, filter *runtimeapi.ContainerStatsFilter) ([]*runtimeapi.ContainerStats, error) {
	sandbox, err := r.PodSandboxStats(ctx, filter.GetPodSandboxId())
	if err != nil {
		return nil, err
	}
	return sandbox.Linux.Containers, nil
}

func (r *containerRuntime) sandboxStats(sandboxID string, now time.Time, measurements map[string]measurement) *runtimeapi.PodSandboxStats {
	var total measurement
	var containers []*runtimeapi.ContainerStats
	for id, container := range r.Containers {
		measured, running := measurements[id]
		if !running || container.SandboxID != sandboxID {
			continue
		}
		total.cpuNanoCores += measured.cpuNanoCores
		total.cpuNanoSeconds += measured.cpuNanoSeconds
		total.memoryBytes += measured.memoryBytes
		containers = append(containers, &runtimeapi.ContainerStats{
			Attributes: &runtimeapi.ContainerAttributes{
				Id: id, Metadata: container.Metadata, Labels: container.Labels, Annotations: container.Annotations,
			},
			Cpu:    cpuStats(measured, now),
			Memory: memoryStats(measured, now),
		})
	}
	sandbox := r.Sandboxes[sandboxID]
	return &runtimeapi.PodSandboxStats{
		Attributes: &runtimeapi.PodSandboxAttributes{
			Id: sandboxID, Metadata: sandbox.Metadata, Labels: sandbox.Labels, Annotations: sandbox.Annotations,
		},
		Linux: &runtimeapi.LinuxPodSandboxStats{
			Cpu: cpuStats(total, now), Memory: memoryStats(total, now), Containers: containers,
		},
	}
}

func cpuStats(measured measurement, now time.Time) *runtimeapi.CpuUsage {
	return &runtimeapi.CpuUsage{
		Timestamp:            now.UnixNano(),
		UsageNanoCores:       &runtimeapi.UInt64Value{Value: measured.cpuNanoCores},
		UsageCoreNanoSeconds: &runtimeapi.UInt64Value{Value: measured.cpuNanoSeconds},
	}
}

func memoryStats(measured measurement, now time.Time) *runtimeapi.MemoryUsage {
	return &runtimeapi.MemoryUsage{
		Timestamp:       now.UnixNano(),
		UsageBytes:      &runtimeapi.UInt64Value{Value: measured.memoryBytes},
		WorkingSetBytes: &runtimeapi.UInt64Value{Value: measured.memoryBytes},
	}
}

// machine stands in for cadvisor: the size of the node, and what all its containers use together.
type machine struct {
	cadvisortesting.Fake
	shape   nodeShape
	runtime *containerRuntime
}

func (m *machine) MachineInfo() (*cadvisorapi.MachineInfo, error) {
	return &cadvisorapi.MachineInfo{
		NumCores:       int(m.shape.cores()),
		MemoryCapacity: uint64(m.shape.MemoryBytes),
		MachineID:      m.shape.Name,
		SystemUUID:     m.shape.Name,
		BootID:         m.shape.Name,
	}, nil
}

func (m *machine) ContainerInfoV2(name string, _ cadvisorapiv2.RequestOptions) (map[string]cadvisorapiv2.ContainerInfo, error) {
	m.runtime.Lock()
	defer m.runtime.Unlock()
	now := time.Now()
	var memoryBytes uint64
	for _, measured := range m.runtime.measure(now) {
		memoryBytes += measured.memoryBytes
	}
	stats := &cadvisorapiv2.ContainerStats{
		Timestamp: now,
		Cpu:       &cadvisorapi.CpuStats{Usage: cadvisorapi.CpuUsage{Total: m.runtime.usage.nodeNanoSeconds}},
		Memory:    &cadvisorapi.MemoryStats{Usage: memoryBytes, WorkingSet: memoryBytes},
	}
	return map[string]cadvisorapiv2.ContainerInfo{name: {
		Spec: cadvisorapiv2.ContainerSpec{
			HasCpu: true, HasMemory: true,
			Memory: cadvisorapiv2.MemorySpec{Limit: uint64(m.shape.MemoryBytes)},
		},
		Stats: []*cadvisorapiv2.ContainerStats{stats},
	}}, nil
}
