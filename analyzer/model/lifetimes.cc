#include "analyzer/model/lifetimes.h"

#include <algorithm>

namespace heapdrift::model {

Lifetimes lifetimes_of(const Survivors& survivors) {
    Lifetimes lifetimes;
    lifetimes.freed = survivors.freed_total();
    if (lifetimes.freed > 0) {
        lifetimes.half = survivors.lifetime_quantile(0.5);
        lifetimes.most = survivors.lifetime_quantile(0.05);
        lifetimes.longest = survivors.lifetime_quantile(0);
    }
    // By time: an interval belongs to the quarter that its middle lies in.
    constexpr size_t kLast = Lifetimes::kQuarters - 1;
    const double points = static_cast<double>(survivors.points());
    double end = 0;
    for (size_t born = 0; born < survivors.points(); ++born) {
        end += survivors.length(born);
        const double position = std::clamp((end - 0.5 * survivors.length(born)) / points, 0.0, 1.0);
        const auto quarter = static_cast<size_t>(position * Lifetimes::kQuarters);
        lifetimes.born[std::min(quarter, kLast)] += survivors.live_at_end(born);
    }
    return lifetimes;
}

}  // namespace heapdrift::model
