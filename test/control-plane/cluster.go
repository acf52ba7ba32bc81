package main

import (
	"context"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const readyTimeout = 90 * time.Second // several times what a loaded machine of two cores needs

// cluster is a running test cluster: its processes, in the order in which they were started.
type cluster struct {
	directory    string
	featureGates string
	server       string // URL of the API server
	client       kubernetes.Interface
	processes    []*process
	failed       chan *process
}

// start brings up the control plane, then the nodes, and returns when pods can be scheduled.
func (c *cluster) start(ctx context.Context, shapes []nodeShape, metricsServer string) error {
	ports, err := freePorts(3 + len(shapes))
	if err != nil {
		return err
	}
	etcdPort, serverPort, metricsPort, kubeletPorts := ports[0], ports[1], ports[2], ports[3:]
	c.server = "https://127.0.0.1:" + serverPort
	if err := c.writeIdentities(shapes); err != nil {
		return err
	}
	if err := c.run("etcd", etcdArguments(filepath.Join(c.directory, "etcd"), "http://127.0.0.1:"+etcdPort)...); err != nil {
		return err
	}
	if err := c.run("kube-apiserver", c.apiServerArguments(serverPort, etcdPort)...); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig("admin"))
	if err != nil {
		return err
	}
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if err := c.await(ctx, "kube-apiserver", c.serverReady); err != nil {
		return err
	}
	for _, name := range []string{"kube-controller-manager", "kube-scheduler"} {
		arguments := []string{"--kubeconfig=" + c.kubeconfig(name), "--leader-elect=false", "--secure-port=0", "--feature-gates=" + c.featureGates}
		if name == "kube-controller-manager" {
			// Nodes stay ready though nothing reports for them: some have no kubelet, others one that a loaded machine starves.
			arguments = append(arguments, "--node-monitor-grace-period=2h", "--node-startup-grace-period=2h")
			arguments = append(arguments, "--use-service-account-credentials=true", "--service-account-private-key-file="+c.file("service-account.key"), "--root-ca-file="+c.file("authority.crt"))
		}
		if err := c.run(name, arguments...); err != nil {
			return err
		}
	}
	for i, shape := range shapes {
		if err := c.startNode(ctx, shape, kubeletPorts[i]); err != nil {
			return err
		}
	}
	if metricsServer != "" {
		if err := c.startMetrics(ctx, metricsServer, metricsPort); err != nil {
			return err
		}
	}
	return c.await(ctx, "nodes", func(ctx context.Context) error { return c.nodesReady(ctx, len(shapes)) })
}

func (c *cluster) startNode(ctx context.Context, shape nodeShape, port string) error {
	if _, err := c.client.CoreV1().Nodes().Create(ctx, shape.object(), metav1.CreateOptions{}); err != nil {
		return err
	}
	text, err := json.Marshal(shape)
	if err != nil {
		return err
	}
	name := "kubelet-" + shape.Name
	return c.runProgram(name, self(), "kubelet", "--kubeconfig="+c.kubeconfig(name), "--port="+port, "--node="+string(text), "--feature-gates="+c.featureGates)
}

// run starts a component of this very program.
func (c *cluster) run(component string, arguments ...string) error {
	return c.runProgram(component, self(), append([]string{component}, arguments...)...)
}

func (c *cluster) runProgram(name, program string, arguments ...string) error {
	p, err := startProcess(c.directory, name, program, arguments, c.failed)
	if err == nil {
		c.processes = append(c.processes, p)
	}
	return err
}

// restart kills a component and starts it as before; for the API server it waits until that is ready.
func (c *cluster) restart(ctx context.Context, name string) error {
	i := slices.IndexFunc(c.processes, func(p *process) bool { return p.name == name })
	if i < 0 {
		return fmt.Errorf("no component %q to restart", name)
	}
	old := c.processes[i]
	old.stop()
	p, err := startProcess(c.directory, name, old.command.Path, old.command.Args[1:], c.failed)
	if err != nil {
		return err
	}
	c.processes[i] = p
	return c.await(ctx, "kube-apiserver", c.serverReady)
}

// stop ends all processes, the last started first: with etcd gone the API server would hang.
func (c *cluster) stop() {
	for _, p := range slices.Backward(c.processes) {
		p.stop()
	}
}

// await asks again and again until check has no complaint, a component fails or the time is up.
func (c *cluster) await(ctx context.Context, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, errors.New("timeout"))
	defer cancel()
	for {
		complaint := check(ctx)
		if complaint == nil {
			return nil
		}
		select {
		case failed := <-c.failed:
			return c.failure(failed)
		case <-ctx.Done():
			return fmt.Errorf("%s not ready after %s: %w", what, readyTimeout, complaint)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *cluster) serverReady(ctx context.Context) error {
	return c.client.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

// nodesReady complains until the nodes are ready and the control plane has seen it.
func (c *cluster) nodesReady(ctx context.Context, wanted int) error {
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	ready := 0
	for _, node := range nodes.Items {
		tainted := slices.ContainsFunc(node.Spec.Taints, func(t v1.Taint) bool { return t.Key == v1.TaintNodeNotReady })
		isReady := slices.ContainsFunc(node.Status.Conditions, func(condition v1.NodeCondition) bool {
			return condition.Type == v1.NodeReady && condition.Status == v1.ConditionTrue
		})
		if isReady && !tainted {
			ready++
		}
	}
	if ready < wanted {
		return fmt.Errorf("%d of %d nodes ready", ready, wanted)
	}
	return nil
}

// failure tells which component ended, with the end of its log.
func (c *cluster) failure(p *process) error {
	const tailBytes = 2000
	log, _ := os.ReadFile(logFile(c.directory, p.name))
	return fmt.Errorf("%s ended (%s):\n%s", p.name, p.command.ProcessState, log[max(0, len(log)-tailBytes):])
}

// writeIdentities makes the certificates and kubeconfigs of all components.
func (c *cluster) writeIdentities(shapes []nodeShape) error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.file("authority.crt"), ca.pem(), 0o600); err != nil {
		return err
	}
	for name, subject := range map[string]pkix.Name{
		"server":          {CommonName: "kube-apiserver"},
		"front-proxy":     {CommonName: "front-proxy"},
		"service-account": {CommonName: "service-account"},
	} {
		id, err := ca.issue(subject)
		if err != nil {
			return err
		}
		if err := id.write(c.file(name)); err != nil {
			return err
		}
	}
	users := map[string]pkix.Name{
		"admin":                   {CommonName: "admin", Organization: []string{"system:masters"}},
		"kube-controller-manager": {CommonName: "system:kube-controller-manager"},
		"kube-scheduler":          {CommonName: "system:kube-scheduler"},
	}
	for _, shape := range shapes {
		users["kubelet-"+shape.Name] = pkix.Name{CommonName: "system:node:" + shape.Name, Organization: []string{"system:nodes"}}
	}
	for name, subject := range users {
		if err := ca.writeKubeconfig(c.kubeconfig(name), c.server, subject); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) file(name string) string { return filepath.Join(c.directory, name) }

func (c *cluster) kubeconfig(user string) string { return c.file(user + ".kubeconfig") }

func etcdArguments(directory, url string) []string {
	// One member never calls itself, so the port for its peers may be any.
	const peers = "http://127.0.0.1:0"
	return []string{
		"--name=etcd", "--data-dir=" + directory, "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls=" + url, "--advertise-client-urls=" + url,
		"--listen-peer-urls=" + peers, "--initial-advertise-peer-urls=" + peers, "--initial-cluster=etcd=" + peers,
	}
}

func (c *cluster) apiServerArguments(port, etcdPort string) []string {
	return []string{
		"--etcd-servers=http://127.0.0.1:" + etcdPort,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + port,
		"--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.0.0.0/24",
		"--tls-cert-file=" + c.file("server.crt"), "--tls-private-key-file=" + c.file("server.key"),
		"--client-ca-file=" + c.file("authority.crt"), "--anonymous-auth=false",
		"--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + c.file("service-account.key"),
		"--service-account-signing-key-file=" + c.file("service-account.key"),
		"--disable-admission-plugins=ServiceAccount", // pods need no token: nothing runs in them
		"--requestheader-client-ca-file=" + c.file("authority.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.file("front-proxy.crt"), "--proxy-client-key-file=" + c.file("front-proxy.key"),
		"--feature-gates=" + c.featureGates,
	}
}

// self is the file of this program.
func self() string {
	file, err := os.Executable()
	if err != nil {
		panic(err) // the kernel always knows it on Linux
	}
	return file
}

// freePorts draws ports of 127.0.0.1 that nobody listens on. They lie below those that Linux gives to outgoing
// connections, and are drawn at random, so that neither a connection nor another cluster that starts at the same time
// takes one before its component does.
func freePorts(count int) ([]string, error) {
	const first, last, tries = 10_000, 29_999, 1000
	var ports []string
	for range tries {
		if len(ports) == count {
			return ports, nil
		}
		port := strconv.Itoa(first + rand.IntN(last-first+1))
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		defer listener.Close() // held until all are found
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("no %d free ports between %d and %d", count, first, last)
}
