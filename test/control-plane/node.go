package main

import (
	"encoding/json"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const gpuResource = "nvidia.com/gpu"

// nodeShape says what a node offers to tasks.
type nodeShape struct {
	Name string `json:"name"`
	// Allocatable. The capacity is the next whole number of cores, the rest counts as reserved.
	MilliCPU    int64             `json:"milliCpu"`
	MemoryBytes int64             `json:"memoryBytes"`
	GPUs        int64             `json:"gpus"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Taints      []v1.Taint        `json:"taints"`
}

// parseNodes reads a JSON array of shapes and refuses nodes without a name or without room.
func parseNodes(text string) ([]nodeShape, error) {
	var shapes []nodeShape
	if err := json.Unmarshal([]byte(text), &shapes); err != nil {
		return nil, fmt.Errorf("nodes %q: %w", text, err)
	}
	for _, shape := range shapes {
		if shape.Name == "" || shape.MilliCPU <= 0 || shape.MemoryBytes <= 0 || shape.GPUs < 0 {
			return nil, fmt.Errorf("node %+v: needs a name, milliCpu and memoryBytes above 0, gpus at least 0", shape)
		}
	}
	return shapes, nil
}

func (s nodeShape) cores() int64 { return (s.MilliCPU + 999) / 1000 }

func (s nodeShape) reserved() v1.ResourceList {
	return v1.ResourceList{v1.ResourceCPU: *resource.NewMilliQuantity(s.cores()*1000-s.MilliCPU, resource.DecimalSI)}
}

func (s nodeShape) devices() v1.ResourceList {
	if s.GPUs == 0 {
		return v1.ResourceList{}
	}
	return v1.ResourceList{gpuResource: *resource.NewQuantity(s.GPUs, resource.DecimalSI)}
}

// object is the node as it is made before its kubelet starts. The kubelet then finds it there and
// keeps its address: by itself a kubelet refuses a loopback address.
func (s nodeShape) object() *v1.Node {
	return &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: s.Name, Labels: s.Labels, Annotations: s.Annotations},
		Spec:       v1.NodeSpec{Taints: s.Taints},
		Status: v1.NodeStatus{Addresses: []v1.NodeAddress{
			{Type: v1.NodeInternalIP, Address: "127.0.0.1"},
			{Type: v1.NodeHostName, Address: s.Name},
		}},
	}
}
