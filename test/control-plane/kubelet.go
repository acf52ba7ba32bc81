package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	critesting "k8s.io/cri-api/pkg/apis/testing"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubemark"
)

// runKubelet runs upstream's kubelet for one node. What touches the machine is a stand-in: the
// container runtime (runtime.go), the cgroups (cgroups.go) and the machine's measurements (usage.go).
func runKubelet() error {
	flags := flag.NewFlagSet("kubelet", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the node's user")
	port := flags.Int("port", 0, "port of the kubelet's own HTTP server on 127.0.0.1")
	node := flags.String("node", "", "shape of the node, JSON")
	gates := flags.String("feature-gates", "", "feature gates, NAME=BOOL, comma separated")
	_ = flags.Parse(os.Args[1:])

	shapes, err := parseNodes("[" + *node + "]")
	if err != nil {
		return err
	}
	shape := shapes[0]
	// Usage of pods comes from the runtime alone, so that cadvisor need only know the whole node.
	if err := utilfeature.DefaultMutableFeatureGate.Set("PodAndContainerStatsFromCRI=true," + *gates); err != nil {
		return err
	}
	clientConfig, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(clientConfig)
	if err != nil {
		return err
	}
	pods, err := watchPods(client, shape.Name)
	if err != nil {
		return err
	}

	kubeletFlags, kubeletConfig := kubemark.GetHollowKubeletConfig(&kubemark.HollowKubeletOptions{
		NodeName:    shape.Name,
		KubeletPort: *port,
		MaxPods:     110,
	})
	if err := moveFolders(kubeletFlags, kubeletConfig); err != nil {
		return err
	}
	kubeletFlags.CloudProvider = "external" // keeps the address the node was made with
	kubeletConfig.Address = "127.0.0.1"
	kubeletConfig.SyncFrequency = metav1.Duration{Duration: time.Second}
	kubeletConfig.EvictionHard = map[string]string{} // the stand-in's disks are empty and of no size
	kubeletConfig.Authentication.Anonymous.Enabled = true
	kubeletConfig.Authorization.Mode = config.KubeletAuthorizationModeAlwaysAllow

	runtime := newContainerRuntime(pods)
	kubemark.NewHollowKubelet(
		kubeletFlags, kubeletConfig, client, client,
		&machine{shape: shape, runtime: runtime},
		critesting.NewFakeImageService(),
		runtime,
		newCgroups(shape),
	).Run(context.Background())
	return nil
}

// moveFolders puts the kubelet's folders where temporary files go, which is inside the cluster's own folder and ends
// with it: kubemark makes them in /tmp, and leaves them there.
func moveFolders(flags *options.KubeletFlags, config *config.KubeletConfiguration) error {
	if err := os.RemoveAll(flags.RootDirectory); err != nil {
		return err
	}
	root, err := os.MkdirTemp("", "kubelet-")
	if err != nil {
		return err
	}
	flags.RootDirectory = root
	config.StaticPodPath = filepath.Join(root, "static-pods")
	config.PodLogsDir = filepath.Join(root, "pod-logs")
	return errors.Join(os.Mkdir(config.StaticPodPath, 0o700), os.Mkdir(config.PodLogsDir, 0o700))
}

// podLookup finds a pod of this node by its uid; nil when it is gone or not yet known.
type podLookup func(uid types.UID) *v1.Pod

// watchPods follows the pods bound to the node, and returns once it knows those already there.
func watchPods(client kubernetes.Interface, node string) (podLookup, error) {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0,
		informers.WithTweakListOptions(func(options *metav1.ListOptions) {
			options.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", node).String()
		}))
	informer := factory.Core().V1().Pods().Informer()
	const byUID = "uid"
	err := informer.AddIndexers(cache.Indexers{byUID: func(object any) ([]string, error) {
		return []string{string(object.(*v1.Pod).UID)}, nil
	}})
	if err != nil {
		return nil, err
	}
	factory.Start(context.Background().Done())
	if !cache.WaitForCacheSync(context.Background().Done(), informer.HasSynced) {
		return nil, fmt.Errorf("could not list the pods of node %s", node)
	}
	return func(uid types.UID) *v1.Pod {
		found, err := informer.GetIndexer().ByIndex(byUID, string(uid))
		if err != nil || len(found) == 0 {
			return nil
		}
		return found[0].(*v1.Pod)
	}, nil
}
