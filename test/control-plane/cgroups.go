package main

import (
	"sync"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/utils/ptr"
)

// cgroups stands in for the node's control groups. Only what a resize reads and writes is kept:
// with upstream's own stub ("not implemented") a resize stays in progress for ever.
type cgroups struct {
	cm.ContainerManager
	reserved v1.ResourceList
	pods     *podCgroups
}

func newCgroups(shape nodeShape) *cgroups {
	stub := cm.NewStubContainerManagerWithDevicePluginResource(shape.devices())
	return &cgroups{
		ContainerManager: stub,
		reserved:         shape.reserved(),
		pods: &podCgroups{
			PodContainerManager: stub.NewPodContainerManager(),
			configs:             map[types.UID]*cm.ResourceConfig{},
		},
	}
}

func (c *cgroups) GetNodeAllocatableReservation() v1.ResourceList { return c.reserved }

func (c *cgroups) NewPodContainerManager() cm.PodContainerManager { return c.pods }

// podCgroups remembers the limits of each pod's control group.
type podCgroups struct {
	cm.PodContainerManager
	mutex   sync.Mutex
	configs map[types.UID]*cm.ResourceConfig
}

func (p *podCgroups) Exists(pod *v1.Pod) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.configs[pod.UID] != nil
}

func (p *podCgroups) EnsureExists(_ klog.Logger, pod *v1.Pod) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.config(pod)
	return nil
}

func (p *podCgroups) GetPodCgroupConfig(pod *v1.Pod, _ v1.ResourceName) (*cm.ResourceConfig, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	config := *p.config(pod)
	return &config, nil
}

func (p *podCgroups) SetPodCgroupConfig(_ klog.Logger, pod *v1.Pod, change *cm.ResourceConfig) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	merge(p.config(pod), change)
	return nil
}

// config finds the limits of a pod, made from its resources when first asked for.
func (p *podCgroups) config(pod *v1.Pod) *cm.ResourceConfig {
	if p.configs[pod.UID] == nil {
		// The kubelet reads these pointers without asking whether they are nil; -1 is "no limit".
		config := &cm.ResourceConfig{
			Memory:    ptr.To[int64](-1),
			CPUShares: ptr.To[uint64](cm.MinShares),
			CPUQuota:  ptr.To[int64](-1),
			CPUPeriod: ptr.To[uint64](cm.QuotaPeriod),
		}
		merge(config, cm.ResourceConfigForPod(pod, true, cm.QuotaPeriod, false, "None"))
		p.configs[pod.UID] = config
	}
	return p.configs[pod.UID]
}

func merge(config, change *cm.ResourceConfig) {
	if change.Memory != nil {
		config.Memory = change.Memory
	}
	if change.CPUShares != nil {
		config.CPUShares = change.CPUShares
	}
	if change.CPUQuota != nil {
		config.CPUQuota = change.CPUQuota
	}
	if change.CPUPeriod != nil {
		config.CPUPeriod = change.CPUPeriod
	}
}
