// The test cluster: the real Kubernetes as one program whose first argument picks the component.
// See README.md.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// Every component is upstream's own command, except up (the launcher), kubelet (upstream's kubelet
// over a stand-in container runtime) and the three that answer questions. One process runs one component, because upstream's
// feature gates and signal handlers are per process.
var components = map[string]func() error{
	"up":                      up,
	"kubelet":                 runKubelet,
	"etcd":                    func() error { etcdmain.Main(os.Args); return nil },
	"kube-apiserver":          func() error { return cli.RunNoErrOutput(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() error { return cli.RunNoErrOutput(controllers.NewControllerManagerCommand()) },
	"kube-scheduler":          func() error { return cli.RunNoErrOutput(scheduler.NewSchedulerCommand()) },
	"filter":                  answerFilters,
	"requests":                answerRequests,
	"quantity":                answerQuantities,
	"kubectl": func() error {
		kubectlutil.CheckErr(cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()))
		return nil
	},
}

func main() {
	var run func() error
	if len(os.Args) > 1 {
		run = components[os.Args[1]]
	}
	if run == nil {
		names := make([]string, 0, len(components))
		for name := range components {
			names = append(names, name)
		}
		slices.Sort(names)
		fmt.Fprintf(os.Stderr, "usage: %s COMPONENT [ARGUMENT...]\ncomponents: %s\n", os.Args[0], strings.Join(names, ", "))
		os.Exit(2)
	}
	component := os.Args[1]
	os.Args = os.Args[1:] // upstream's commands take the component's name as the program's
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", component, err)
		os.Exit(1)
	}
}
