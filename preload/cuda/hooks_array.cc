// Arrays: what textures and surfaces are made of. How the driver lays them out is its own affair,
// so their size is what they hold.
#include "preload/cuda/array_size.h"
#include "preload/cuda/forward.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

HEAPDRIFT_EXPORT Result cuArrayCreate_v2(Array* array, const ArrayDescription* description) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuArrayCreate_v2>(array, description);
    if (call.recorded() && description != nullptr) {
        const Array3dDescription whole{description->width,  description->height,   0,
                                       description->format, description->channels, 0};
        settle_allocation_here(result,
                               object_of(ObjectKind::array, Domain::cuda_array,
                                         handed_out(result, array), array_size(whole, 1)),
                               caller);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuArray3DCreate_v2(Array* array, const Array3dDescription* description) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuArray3DCreate_v2>(array, description);
    if (call.recorded() && description != nullptr)
        settle_allocation_here(result,
                               object_of(ObjectKind::array, Domain::cuda_array,
                                         handed_out(result, array), array_size(*description, 1)),
                               caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuArrayDestroy(Array array) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::array, address_of(array));
    return deallocation.settle(forward<Entry::cuArrayDestroy>(array), caller);
}

HEAPDRIFT_EXPORT Result cuMipmappedArrayCreate(MipmappedArray* array,
                                               const Array3dDescription* description,
                                               unsigned levels) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMipmappedArrayCreate>(array, description, levels);
    if (call.recorded() && description != nullptr)
        settle_allocation_here(
            result,
            object_of(ObjectKind::mipmapped_array, Domain::cuda_array, handed_out(result, array),
                      array_size(*description, levels)),
            caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMipmappedArrayDestroy(MipmappedArray array) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::mipmapped_array, address_of(array));
    return deallocation.settle(forward<Entry::cuMipmappedArrayDestroy>(array), caller);
}
