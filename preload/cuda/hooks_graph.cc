// Allocations that are nodes of a graph: they have an address from the beginning, and memory at
// each launch. A node is recorded for as long as its graph is there; how much memory graphs hold in
// fact the driver says for each device.
#include "preload/cuda/device_list.h"
#include "preload/cuda/forward.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

void settle_node(const DriverCall& call, Result result, Graph graph, const AllocationNode& node,
                 const StartState& caller) {
    if (!call.settles(result)) return;
    Object object = object_of(ObjectKind::pointer, Domain::cuda_graph, node.pointer, node.size);
    object.owner = address_of(graph);
    settle_allocation(result, object, place_of(node.properties.location), caller);
}

}  // namespace

HEAPDRIFT_EXPORT Result cuGraphAddMemAllocNode(GraphNode* node, Graph graph,
                                               const GraphNode* dependencies, size_t count,
                                               AllocationNode* parameters) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result =
        forward<Entry::cuGraphAddMemAllocNode>(node, graph, dependencies, count, parameters);
    if (parameters != nullptr) settle_node(call, result, graph, *parameters, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuGraphAddNode(GraphNode* node, Graph graph, const GraphNode* dependencies,
                                       size_t count, NodeParameters* parameters) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result =
        forward<Entry::cuGraphAddNode>(node, graph, dependencies, count, parameters);
    if (parameters != nullptr && parameters->kind == kAllocationNode)
        settle_node(call, result, graph, parameters->allocation, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuGraphAddNode_v2(GraphNode* node, Graph graph,
                                          const GraphNode* dependencies, const void* edges,
                                          size_t count, NodeParameters* parameters) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result =
        forward<Entry::cuGraphAddNode_v2>(node, graph, dependencies, edges, count, parameters);
    if (parameters != nullptr && parameters->kind == kAllocationNode)
        settle_node(call, result, graph, parameters->allocation, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuGraphDestroy(Graph graph) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<Entry::cuGraphDestroy>(graph);
    if (!call.recorded() || result != kSuccess || graph == nullptr) return result;
    ObjectTable::Search search;
    for (;;) {
        const Object node = objects.take_next(search, [=](const Object& each) {
            return each.domain == Domain::cuda_graph && each.owner == address_of(graph) &&
                   each.serial <= last_serial;
        });
        if (!node.exists()) return result;
        count_object_gone(node);
    }
}

HEAPDRIFT_EXPORT Result cuDeviceGraphMemTrim(Device device) {
    const DriverCall call;
    const Result result = forward<Entry::cuDeviceGraphMemTrim>(device);
    if (call.recorded() && result == kSuccess)
        look_at_reserved(devices.entry_of(device), nullptr, true);
    return result;
}
