// Arrays: what textures and surfaces are made of. How the driver lays them out is its own affair,
// so their size is what they hold.
#include "preload/cuda/array_size.h"
#include "preload/cuda/forward.h"
#include "preload/cuda/handle_uses.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

template <typename Handle>
void settle_array(const DriverCall& call, Result result, ObjectKind kind, const Handle* array,
                  const Array3dDescription* description, unsigned levels,
                  const StartState& caller) {
    if (description == nullptr) return;
    settle_allocation_here(call, result,
                           object_of(kind, Domain::cuda_array, handed_out(result, array),
                                     array_size(*description, levels)),
                           caller);
}

// What was mapped into a sparse array is so no more.
Result settle_destroyed(const DriverCall& call, Deallocation& deallocation, Result result,
                        uint64_t array, const StartState& caller) {
    deallocation.settle(result, caller);
    if (call.recorded() && result == kSuccess) end_uses_of(array, deallocation.last_serial());
    return result;
}

}  // namespace

HEAPDRIFT_EXPORT Result cuArrayCreate_v2(Array* array, const ArrayDescription* description) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuArrayCreate_v2>(array, description);
    if (description == nullptr) return result;
    const Array3dDescription whole{description->width,  description->height,   0,
                                   description->format, description->channels, 0};
    settle_array(call, result, ObjectKind::array, array, &whole, 1, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuArray3DCreate_v2(Array* array, const Array3dDescription* description) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuArray3DCreate_v2>(array, description);
    settle_array(call, result, ObjectKind::array, array, description, 1, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuArrayDestroy(Array array) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::array, address_of(array));
    return settle_destroyed(call, deallocation, forward<Entry::cuArrayDestroy>(array),
                            address_of(array), caller);
}

HEAPDRIFT_EXPORT Result cuMipmappedArrayCreate(MipmappedArray* array,
                                               const Array3dDescription* description,
                                               unsigned levels) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMipmappedArrayCreate>(array, description, levels);
    settle_array(call, result, ObjectKind::mipmapped_array, array, description, levels, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMipmappedArrayDestroy(MipmappedArray array) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::mipmapped_array, address_of(array));
    return settle_destroyed(call, deallocation, forward<Entry::cuMipmappedArrayDestroy>(array),
                            address_of(array), caller);
}
