package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	fwk "k8s.io/kube-scheduler/framework"
	schedulerconfig "k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// filterQuestion asks on which nodes a pod may be placed, beside the pods that are there.
type filterQuestion struct {
	Pod                    *v1.Pod                     `json:"pod"`
	Nodes                  []*v1.Node                  `json:"nodes"`
	Pods                   []*v1.Pod                   `json:"pods"`
	Namespaces             []*v1.Namespace             `json:"namespaces"`
	PersistentVolumes      []*v1.PersistentVolume      `json:"persistentVolumes"`
	PersistentVolumeClaims []*v1.PersistentVolumeClaim `json:"persistentVolumeClaims"`
	StorageClasses         []*storagev1.StorageClass   `json:"storageClasses"`
}

// verdict is the scheduler's on one node: it fits, or the first plugin that refused it.
type verdict struct {
	Fits    bool     `json:"fits"`
	Plugin  string   `json:"plugin,omitempty"`
	Reasons []string `json:"reasons,omitempty"`
}

// answerFilters reads a filterQuestion a line and answers with a verdict by node.
func answerFilters() error {
	metrics.Register()
	profile, err := filterProfile()
	if err != nil {
		return err
	}
	return answerLines(func(line []byte) (any, error) {
		var question filterQuestion
		if err := json.Unmarshal(line, &question); err != nil {
			return nil, err
		}
		if question.Pod == nil {
			return nil, fmt.Errorf("no pod")
		}
		return filter(profile, question)
	})
}

// filterProfile is the scheduler's default, without the plugin for claims of dynamic resources, which
// would need a watch of its own and does nothing for pods without such claims.
func filterProfile() (*schedulerconfig.KubeSchedulerProfile, error) {
	config, err := latest.Default()
	if err != nil {
		return nil, err
	}
	profile := &config.Profiles[0]
	enabled := &profile.Plugins.MultiPoint.Enabled
	*enabled = slices.DeleteFunc(*enabled, func(plugin schedulerconfig.Plugin) bool {
		return plugin.Name == names.DynamicResources
	})
	return profile, nil
}

func filter(profile *schedulerconfig.KubeSchedulerProfile, question filterQuestion) (map[string]verdict, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	scheduler, err := newFramework(ctx, profile, question)
	if err != nil {
		return nil, err
	}
	state := framework.NewCycleState()
	eligible, status, narrowing := scheduler.RunPreFilterPlugins(ctx, state, question.Pod)
	verdicts := map[string]verdict{}
	for _, node := range question.Nodes {
		nodeStatus := status
		switch {
		case !status.IsSuccess(): // refused everywhere
		case !eligible.AllNodes() && !eligible.NodeNames.Has(node.Name):
			// As the scheduler puts it; the plugins asked for certain nodes before any was looked at.
			nodeStatus = fwk.NewStatus(fwk.UnschedulableAndUnresolvable, "node(s) didn't satisfy plugin(s)")
			nodeStatus.SetPlugin(strings.Join(sets.List(narrowing), ","))
		default:
			info, err := scheduler.SnapshotSharedLister().NodeInfos().Get(node.Name)
			if err != nil {
				return nil, err
			}
			nodeStatus = scheduler.RunFilterPlugins(ctx, state, question.Pod, info)
		}
		switch {
		case nodeStatus.IsSuccess():
			verdicts[node.Name] = verdict{Fits: true}
		case nodeStatus.IsRejected():
			verdicts[node.Name] = verdict{Plugin: nodeStatus.Plugin(), Reasons: nodeStatus.Reasons()}
		default:
			return nil, nodeStatus.AsError()
		}
	}
	return verdicts, nil
}

// newFramework makes the scheduler's plugins over the cluster of a question.
func newFramework(ctx context.Context, profile *schedulerconfig.KubeSchedulerProfile, question filterQuestion) (framework.Framework, error) {
	objects := slices.Concat(
		asObjects(question.Namespaces), asObjects(question.PersistentVolumes),
		asObjects(question.PersistentVolumeClaims), asObjects(question.StorageClasses),
	)
	client := fake.NewSimpleClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	scheduler, err := frameworkruntime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile,
		frameworkruntime.WithClientSet(client),
		frameworkruntime.WithInformerFactory(factory),
		frameworkruntime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(factory.Storage().V1().CSINodes().Lister())),
		frameworkruntime.WithSnapshotSharedLister(cache.NewSnapshot(unfinished(question.Pods), question.Nodes)),
	)
	if err != nil {
		return nil, err
	}
	if len(objects) > 0 { // a start takes a tenth of a second, and most questions need none
		factory.Start(ctx.Done())
		factory.WaitForCacheSync(ctx.Done())
	}
	return scheduler, nil
}

// unfinished leaves out pods that hold nothing any more; the scheduler does not watch them.
func unfinished(pods []*v1.Pod) []*v1.Pod {
	return slices.DeleteFunc(pods, func(pod *v1.Pod) bool {
		return pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
	})
}

func asObjects[Object runtime.Object](items []Object) []runtime.Object {
	objects := make([]runtime.Object, len(items))
	for i, item := range items {
		objects[i] = item
	}
	return objects
}
