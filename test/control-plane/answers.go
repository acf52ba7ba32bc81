package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
)

// The commands of this file and of filter.go answer questions by upstream's own code, so that ours can
// be compared with it: each line of stdin is a question, each line of stdout its answer, in the same
// order and as soon as it is known. A question that cannot be answered gets {"error": TEXT}.

// amount is a quantity as integers, rounded up as upstream does. Strings, because JSON numbers lose
// digits beyond 2^53.
type amount struct {
	Milli string `json:"milli"` // thousandths: of a core, or of a byte
	Value string `json:"value"` // cores, bytes or pieces
}

// answerQuantities reads a Kubernetes quantity a line.
func answerQuantities() error {
	return answerLines(func(line []byte) (any, error) {
		quantity, err := resource.ParseQuantity(string(line))
		if err != nil {
			return nil, err
		}
		return amountOf(quantity), nil
	})
}

// answerRequests reads a Pod a line, as JSON, and answers with what the scheduler holds for it: by
// resource, over all its containers, with what its status says of a resize under way.
func answerRequests() error {
	return answerLines(func(line []byte) (any, error) {
		var pod v1.Pod
		if err := json.Unmarshal(line, &pod); err != nil {
			return nil, err
		}
		amounts := map[v1.ResourceName]amount{}
		options := resourcehelper.PodResourcesOptions{
			UseStatusResources: true,
			InPlacePodLevelResourcesVerticalScalingEnabled: true,
		}
		for name, quantity := range resourcehelper.PodRequests(&pod, options) {
			amounts[name] = amountOf(quantity)
		}
		return amounts, nil
	})
}

func amountOf(quantity resource.Quantity) amount {
	return amount{fmt.Sprint(quantity.MilliValue()), fmt.Sprint(quantity.Value())}
}

// answerLines calls a function for each line of stdin and prints what it returns as JSON. A panic is
// an answer too: upstream's code may not be made for what our generators think of.
func answerLines(answer func(line []byte) (any, error)) error {
	lines := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			if line[len(line)-1] == '\n' {
				line = line[:len(line)-1]
			}
			if err := output.Encode(answerOrError(answer, line)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func answerOrError(answer func(line []byte) (any, error), line []byte) (result any) {
	defer func() {
		if panicked := recover(); panicked != nil {
			result = map[string]string{"error": fmt.Sprint("panic: ", panicked)}
		}
	}()
	result, err := answer(line)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return result
}
