package main

import (
	"context"
	"fmt"
)

// What the API server needs to find metrics-server: a service that leads to this machine, and the
// API group that the service serves.
const metricsService = `{
	"apiVersion": "v1", "kind": "Service",
	"metadata": {"name": "metrics-server", "namespace": "kube-system"},
	"spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": %s}]}
}`

const metricsAPI = `{
	"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
	"metadata": {"name": "v1beta1.metrics.k8s.io"},
	"spec": {
		"group": "metrics.k8s.io", "version": "v1beta1",
		"groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": true,
		"service": {"name": "metrics-server", "namespace": "kube-system", "port": %s}
	}
}`

// startMetrics runs metrics-server itself, which reads the kubelets, behind the API server.
// Its first figures come some 15 to 30 seconds later: it needs two readings.
func (c *cluster) startMetrics(ctx context.Context, program, port string) error {
	admin := c.kubeconfig("admin")
	err := c.runProgram("metrics-server", program,
		"--kubeconfig="+admin, "--authentication-kubeconfig="+admin, "--authorization-kubeconfig="+admin,
		"--bind-address=127.0.0.1", "--secure-port="+port, "--cert-dir="+c.file("metrics-server"),
		"--deprecated-kubelet-completely-insecure", "--kubelet-use-node-status-port",
		"--kubelet-preferred-address-types=InternalIP",
		"--metric-resolution=10s", "--kubelet-request-timeout=5s", // the shortest it accepts
	)
	if err != nil {
		return err
	}
	rest := c.client.CoreV1().RESTClient()
	for path, manifest := range map[string]string{
		"/api/v1/namespaces/kube-system/services":     metricsService,
		"/apis/apiregistration.k8s.io/v1/apiservices": metricsAPI,
	} {
		body := []byte(fmt.Sprintf(manifest, port))
		request := rest.Post().AbsPath(path).SetHeader("Content-Type", "application/json").Body(body)
		if err := request.Do(ctx).Error(); err != nil {
			return fmt.Errorf("register metrics.k8s.io: %w", err)
		}
	}
	return nil
}
